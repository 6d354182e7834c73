"""What several commands share: errors, numbers that count from one, and files that are written whole."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perceiver_zoo.zoo.registry import ZooEntry, find, registry

if TYPE_CHECKING:
    from perceiver_zoo.media import Sample
    from perceiver_zoo.pipeline import Pipeline

# What a file of each modality is called in a sentence: one, and many.
KINDS = {
    "image": ("an image", "images"),
    "audio": ("a sound", "sounds"),
    "video": ("a video", "videos"),
    "point_cloud": ("a 3D shape", "3D shapes"),
    "audiovisual": ("a clip with sound", "clips with sound"),
    "flow": ("a pair of frames", "pairs of frames"),
    "text": ("a text", "texts"),
}


class CommandError(Exception):
    """One sentence for the person at the terminal; `code` is the exit code, 2 for wrong usage."""

    def __init__(self, message: str, code: int = 2) -> None:
        super().__init__(message)
        self.code = code


def positive(text: str) -> int:
    """An argparse type: a whole number from 1 up."""
    with suppress(ValueError):
        if int(text) >= 1:
            return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 up")


def printable(text: str) -> str:
    """Text from a stranger, fit for one line of a terminal."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)


def percent(share: float) -> str:
    """0.7812 -> "78.1 %"."""
    return f"{share:.1%}".replace("%", " %")


def classifier(name: str) -> ZooEntry:
    """The model `name`; CommandError where it names no classes."""
    entry = find(name)
    if entry.modality in ("flow", "text"):
        raise CommandError(f"{name} names no classes: it reads {KINDS[entry.modality][1]}, on the page")
    return entry


class Models:
    """Loads each model once: the one asked for, or else the one that measured best in each modality."""

    def __init__(self, asked: str | None = None, device: str | None = None) -> None:
        self.asked = classifier(asked) if asked else None
        self.device = checked_device(device)
        self.loaded: dict[str, Pipeline] = {}

    def read(self, file: str) -> Sample:
        """A file's sample, as the model that was asked for wants it; MediaError where it cannot be read."""
        from perceiver_zoo import media
        from perceiver_zoo.modalities import MODALITIES

        options = MODALITIES[self.asked.modality].options if self.asked else {}
        return media.read(file, None, **options)  # type: ignore[arg-type]

    def fit_for(self, sample: Sample) -> Pipeline:
        """The model for a sample; CommandError where there is none."""
        from perceiver_zoo.pipeline import default_model, load
        from perceiver_zoo.zoo import DownloadError, list_models, reads

        if self.asked and sample.modality not in reads(self.asked):
            reads, found = KINDS[self.asked.modality][1], KINDS[sample.modality][0]
            raise CommandError(f"{self.asked.name} reads {reads}, and this file is {found}")
        if not list_models(sample.modality, on_disk=not self.asked):
            raise CommandError(f"no model that reads {KINDS[sample.modality][1]} is installed")
        name = self.asked.name if self.asked else default_model(sample.modality)
        if name not in self.loaded:
            try:
                self.loaded[name] = load(name, self.device)
            except DownloadError as error:
                raise CommandError(str(error), 1) from error
        return self.loaded[name]


def checked_device(name: str | None) -> Any:
    """The torch device called `name`, or None to let the pipeline choose."""
    if name is None:
        return None
    import torch

    with suppress(RuntimeError, AssertionError):
        device = torch.zeros(1, device=name).device
        if device.type in ("cpu", "cuda", "mps"):
            return device
    raise CommandError(f"there is no device {name!r} here; cpu is always there")


def data_folder(asked: Path | None) -> Path:
    """The folder of packed data sets: --data, else the variable PERCEIVER_ZOO_DATA, else `data`."""
    folder = asked or Path(os.environ.get("PERCEIVER_ZOO_DATA") or "data")
    if not folder.is_dir():
        raise CommandError(f"there is no data folder {printable(str(folder))}: name it with --data")
    return folder


def add_model_arguments(parser: argparse.ArgumentParser, verb: str, every: str) -> None:
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"models to {verb}")
    parser.add_argument("--all", action="store_true", help=f"{verb} every {every} model")


def chosen_models(args: argparse.Namespace, every: Callable[[ZooEntry], object]) -> list[ZooEntry]:
    """The models that were named, each once, or with --all those for which `every` holds."""
    if bool(args.names) == args.all:
        raise CommandError("name the models, or say --all: one of the two")
    if args.all:
        return [entry for entry in registry().values() if every(entry)]
    return [find(name) for name in dict.fromkeys(args.names)]


def add_data_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="packed data sets (default: $PERCEIVER_ZOO_DATA, else data)"
    )


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write to that becomes `path` when all went well, and otherwise leaves nothing behind."""
    part = path.with_name(f".{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise CommandError(
            f"{printable(str(path))} cannot be written: {error.strerror or error}", 1
        ) from error
    finally:
        with suppress(OSError):
            part.unlink()
