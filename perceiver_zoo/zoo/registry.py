"""The one list of models. A bundled model is a folder below assets/weights; its name is the folder's."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perceiver_zoo.media.sample import Modality

PACKAGE = Path(__file__).resolve().parent.parent
MODALITY_ORDER: tuple[Modality, ...] = ("image", "audio", "video", "point_cloud")


class UnknownModelError(KeyError):
    """No model of that name; the message lists those there are."""

    def __str__(self) -> str:
        return str(self.args[0])


@dataclass(frozen=True)
class ZooEntry:
    """One pretrained model.

    config: what config.json says of network, reading and making. metrics: what `perceiver-zoo evaluate` measured,
    empty before it did.
    """

    name: str
    modality: Modality
    folder: Path
    config: dict[str, Any]
    metrics: dict[str, Any]

    @property
    def labels(self) -> list[str]:
        return self.config["labels"]

    @property
    def licence(self) -> str:
        return self.config["card"]["licence"]

    @property
    def weights(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def size(self) -> int:
        """Bytes of the weights file."""
        return self.weights.stat().st_size

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.weights.read_bytes()).hexdigest()


def assets() -> Path:
    """Weights and examples: inside an installed wheel, else at the top of a checkout."""
    inside = PACKAGE / "assets"
    return inside if inside.is_dir() else PACKAGE.parent / "assets"


def read_entry(folder: Path) -> ZooEntry:
    """The entry of a folder with model.safetensors and config.json."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    metrics = folder / "metrics.json"
    measured = json.loads(metrics.read_text(encoding="utf-8")) if metrics.is_file() else {}
    return ZooEntry(folder.name, config["modality"], folder, config, measured)


@cache
def registry() -> dict[str, ZooEntry]:
    """Every model by name, in the order of the page's tabs."""
    entries = [read_entry(path.parent) for path in sorted((assets() / "weights").glob("*/config.json"))]
    entries.sort(key=lambda entry: (MODALITY_ORDER.index(entry.modality), entry.name))
    return {entry.name: entry for entry in entries}


def list_models(modality: str | None = None) -> list[str]:
    """Names of all models, or of those of one modality: image, audio, video or point_cloud."""
    if modality is not None and modality not in MODALITY_ORDER:
        raise ValueError(f"modality is one of {', '.join(MODALITY_ORDER)}, not {modality!r}")
    return [name for name, entry in registry().items() if modality in (None, entry.modality)]


def find(name: str) -> ZooEntry:
    """The entry called `name`; UnknownModelError otherwise."""
    if name not in registry():
        raise UnknownModelError(f"there is no model {name!r}; there are {', '.join(registry()) or 'none'}")
    return registry()[name]
