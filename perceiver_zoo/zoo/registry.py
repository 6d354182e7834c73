"""The one list of models: those bundled below assets/weights, by their folders' names, and DeepMind's on the Hub."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from perceiver_zoo.zoo import hub
from perceiver_zoo.zoo.released import RELEASED, Released

PACKAGE = Path(__file__).resolve().parent.parent
MODALITY_ORDER: tuple[str, ...] = (
    "image", "audio", "video", "point_cloud", "audiovisual", "flow", "text",
)  # fmt: skip


class UnknownModelError(KeyError):
    """No model of that name; the message lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ZooEntry:
    """One pretrained model: bundled or a folder of one's own (`folder`), or on the Hub (`source`).

    config: what config.json says of reading and making, and of a bundled model's network and labels. metrics: what
    `perceiver-zoo evaluate` measured, empty before it did. released: what is known of DeepMind's own.
    """

    name: str
    modality: str
    config: dict[str, Any]
    metrics: dict[str, Any]
    folder: Path | None = None
    source: hub.HubSource | None = None
    released: Released | None = None

    @property
    def state(self) -> str:
        """One of bundled (with the package, or a folder), cached (downloaded and checked) and remote."""
        if self.folder:
            return "bundled"
        return "cached" if self.source and hub.cached(self.source) else "remote"

    @property
    def labels(self) -> list[str]:
        """Class names in the order of the answer; empty for a model that names none, or is not downloaded yet."""
        if self.folder:
            return self.config["labels"]
        found = self.source and hub.cached(self.source)
        return hub.read_labels(found.config) if found and self.modality not in ("flow", "text") else []

    @property
    def network(self) -> dict[str, Any]:
        """The network's config as plain data."""
        if not self.released:
            return self.config["network"]
        from perceiver_zoo.zoo import architectures

        return getattr(architectures, self.released.architecture).to_dict()

    @property
    def licence(self) -> str:
        return self.config["card"]["licence"]

    @property
    def weights(self) -> Path | None:
        """The weights file, or None while it is not on disk."""
        if self.folder:
            return self.folder / "model.safetensors"
        found = self.source and hub.cached(self.source)
        return found.weights if found else None

    @property
    def size(self) -> int:
        """Bytes of the weights file, or about as many as there are to download."""
        if self.weights:
            return self.weights.stat().st_size
        return self.source.weights[0].size if self.source else 0

    @property
    def sha256(self) -> str:
        """Of the weights file, which must be on disk."""
        assert self.weights is not None
        facts = self.weights.stat()
        return digest(self.weights, facts.st_mtime_ns, facts.st_size)


@lru_cache(maxsize=32)
def digest(file: Path, changed: int, size: int) -> str:
    """SHA-256 of a file, read once as long as its time of change (ns) and size (bytes) stay as they are."""
    return hashlib.sha256(file.read_bytes()).hexdigest()


def assets() -> Path:
    """Weights and examples: inside an installed wheel, else at the top of a checkout."""
    inside = PACKAGE / "assets"
    return inside if inside.is_dir() else PACKAGE.parent / "assets"


def read_entry(folder: Path, name: str = "") -> ZooEntry:
    """The entry of a folder with model.safetensors and config.json; called as the folder if not named."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    metrics = folder / "metrics.json"
    measured = json.loads(metrics.read_text(encoding="utf-8")) if metrics.is_file() else {}
    return ZooEntry(name or folder.name, config["modality"], config, measured, folder)


def released_entry(released: Released) -> ZooEntry:
    """The entry of one of DeepMind's models."""
    card = {"licence": released.licence, "trained_on": released.trained_on}
    config = {"modality": released.modality, "reading": released.reading, "card": card}
    return ZooEntry(released.name, released.modality, config, {}, source=released.source, released=released)


def read_measured(entry: ZooEntry, file: str) -> dict[str, Any]:
    """A measured file beside the weights (robustness.json, faithfulness.json), empty where it is not of these."""
    path = entry.folder and entry.folder / file
    if not path or not path.is_file():
        return {}
    measured = json.loads(path.read_text(encoding="utf-8"))
    return measured if measured["sha256"] == entry.sha256 else {}


def read_faithfulness(name: str) -> dict[str, Any]:
    """What `perceiver-zoo faithfulness` measured of a model, empty where it did not, or not of these weights."""
    return read_measured(find(name), "faithfulness.json")


def default_lens(name: str) -> str | None:
    """The lens that a model's measured faithfulness earns, None where none was clearly better than random order."""
    return best_lens(read_faithfulness(name))


def best_lens(measured: dict[str, Any]) -> str | None:
    """The lens with the greatest gap to the random order, if that is more than three standard errors."""
    lenses = measured.get("lenses", {})
    best = max(lenses, key=lambda lens: lenses[lens]["gap"], default=None)
    return best if best and lenses[best]["gap"] > 3 * lenses[best]["error"] else None


@cache
def registry() -> dict[str, ZooEntry]:
    """Every model by name, in the order of the page's tabs; of one tab the bundled ones first."""
    entries = [read_entry(path.parent) for path in sorted((assets() / "weights").glob("*/config.json"))]
    entries += [released_entry(released) for released in RELEASED]
    entries.sort(key=lambda entry: MODALITY_ORDER.index(entry.modality))
    return {entry.name: entry for entry in entries}


def list_models(modality: str | None = None, on_disk: bool = False) -> list[str]:
    """Names of all models, or of those one modality's files can be given to; on_disk leaves out what is remote."""
    if modality is not None and modality not in MODALITY_ORDER:
        raise ValueError(f"modality is one of {', '.join(MODALITY_ORDER)}, not {modality!r}")
    return [
        name
        for name, entry in registry().items()
        if (modality is None or modality in reads(entry)) and not (on_disk and entry.state == "remote")
    ]


def reads(entry: ZooEntry) -> tuple[str, ...]:
    """The modalities whose files a model can be given, its own first."""
    return (entry.modality, *(entry.released.also if entry.released else ()))


def find(name: str) -> ZooEntry:
    """The entry called `name`; UnknownModelError otherwise."""
    if name not in registry():
        raise UnknownModelError(f"there is no model {name!r}; there are {', '.join(registry()) or 'none'}")
    return registry()[name]
