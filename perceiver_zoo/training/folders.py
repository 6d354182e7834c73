"""Other people's data: the public layouts of ImageNet, ESC-50 and ModelNet40, and a folder of videos a class."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from perceiver_zoo import media
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.training.audio import Sounds, resample
from perceiver_zoo.training.image import Photographs
from perceiver_zoo.training.point_cloud import Shapes
from perceiver_zoo.training.task import Batch, Task, one_hot
from perceiver_zoo.training.video import seen


def files_below(folder: Path, classes: list[str]) -> list[tuple[Path, int]]:
    """Every file of each class's folder, in the order of their names, with its label."""
    return [(file, label) for label, name in enumerate(classes) for file in sorted((folder / name).glob("*"))]


def folders_in(folder: Path, wanted: str) -> list[str]:
    """Names of the class folders in `folder`; FileNotFoundError where there is none."""
    names = sorted(path.name for path in folder.iterdir() if path.is_dir()) if folder.is_dir() else []
    if not names:
        raise FileNotFoundError(f"{folder} holds no class folders: {wanted}")
    return names


def samples(files: list[tuple[Path, int]], kind: Any, part: str) -> Iterator[tuple[Any, int, str]]:
    for file, label in tqdm(files, desc=part, unit="file", leave=False, disable=None):
        yield media.read(file, kind), label, part


class ImageFolder(Photographs):
    """ImageNet's layout: train/CLASS/* and val/CLASS/*; of a photograph the centre square is read."""

    split = "val"
    part = "val"
    elements, crop, randaugment, mixing = 256, 0.35, (0.5, "rand-m5-n2-mstd0.5"), 0.0

    def __init__(self, data: Path, modality: ImageModality) -> None:
        Task.__init__(self, data, modality)
        self.classes = folders_in(data / "train", "ImageNet's layout is train/CLASS/* and val/CLASS/*")
        self.augmenters()

    def prepare(self) -> None:
        read = list(samples(files_below(self.data / "train", self.classes), "image", "train"))
        self.images = np.stack([self.modality.square(sample)[0] for sample, _, _ in read])
        self.labels = np.array([label for _, label, _ in read])

    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        return samples(files_below(self.data / "val", self.classes), "image", "val")


class Esc50(Sounds):
    """ESC-50's layout: meta/esc50.csv (filename, fold, category) and audio/*; the last fold is held out."""

    def __init__(self, data: Path, modality: AudioModality) -> None:
        Task.__init__(self, data, modality)
        table = data / "meta/esc50.csv"
        if not table.is_file():
            raise FileNotFoundError(f"{table} is missing: ESC-50's layout is meta/esc50.csv and audio/*.wav")
        with table.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        self.classes = sorted({row["category"] for row in rows})
        last = max(int(row["fold"]) for row in rows)
        self.split = f"fold {last}"
        held = {True: [], False: []}
        for row in rows:
            found = data / "audio" / row["filename"], self.classes.index(row["category"])
            held[int(row["fold"]) == last].append(found)
        self.train, self.test = held[False], held[True]
        self.offsets = np.array([0, len(self.classes), len(self.classes)])  # none is speech

    def prepare(self) -> None:
        self.clips = [[] for _ in self.classes]
        for sample, label, _ in samples(self.train, "audio", "train"):
            tempos = [resample(sample.waveform, tempo) for tempo in self.tempos]
            self.clips[label].append([self.mel_power(wave) for wave in tempos])

    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        return samples(self.test, "audio", self.split)


class ModelNet40(Shapes):
    """ModelNet40's layout: CLASS/train/*.off and CLASS/test/*.off."""

    split = "test"

    def __init__(self, data: Path, modality: Any) -> None:
        Task.__init__(self, data, modality)
        self.classes = folders_in(data, "ModelNet40's layout is CLASS/train/*.off and CLASS/test/*.off")
        self.parts = ("test",)

    def split_of(self, part: str, held: bool) -> tuple[np.ndarray, np.ndarray]:
        where = "test" if held else "train"
        files = [
            (file, label)
            for label, name in enumerate(self.classes)
            for file in sorted((self.data / name / where).glob("*.off"))
        ]
        read = [(sample.points, label) for sample, label, _ in samples(files, "point_cloud", where)]
        return np.stack([points for points, _ in read]), np.array([label for _, label in read])


class VideoFolders(Task):
    """A folder of videos a class, CLASS/*; of each class every fifth, by name, is held out."""

    modality: VideoModality
    split = "every fifth video of each class"
    elements, smoothing = 240, 0.1

    def __init__(self, data: Path, modality: VideoModality) -> None:
        super().__init__(data, modality)
        self.classes = folders_in(data, "the layout is CLASS/*, a folder of videos a class")
        every = files_below(data, self.classes)
        own = [[row for row in every if row[1] == label] for label in range(len(self.classes))]
        self.test = [row for rows in own for row in rows[4::5]]
        self.train = [row for rows in own for i, row in enumerate(rows) if i % 5 != 4]

    def prepare(self) -> None:
        """Every window of every clip, as the page would read it."""
        read = [
            (self.modality.clips(sample)[0], label)
            for sample, label, _ in samples(self.train, "video", "train")
        ]
        self.clips = np.concatenate([clips for clips, _ in read])
        self.labels = np.concatenate([np.full(len(clips), label) for clips, label in read])

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        """Mirrored or not, brighter or darker, a random subset of the patches."""
        chosen = rng.integers(len(self.labels), size=size)
        clips = self.clips[chosen]
        mirrored = rng.random(size) < 0.5
        clips[mirrored] = clips[mirrored, :, :, ::-1]
        targets = one_hot(self.labels[chosen], len(self.classes), self.smoothing)
        return seen(rng, clips, targets, self.modality, self.elements)

    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        return samples(self.test, "video", "test")


# What `--layout` names, and the modality whose recipes read it.
LAYOUTS: dict[str, tuple[type[Task], str]] = {
    "imagenet": (ImageFolder, "image"),
    "esc50": (Esc50, "audio"),
    "modelnet40": (ModelNet40, "point_cloud"),
    "videos": (VideoFolders, "video"),
}
