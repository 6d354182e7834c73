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

Labelled = list[tuple[Path, int]]  # files, each with its label


def visible(folder: Path, pattern: str = "*") -> list[Path]:
    """What is in a folder, by name, without what systems and editors hide there, as .DS_Store."""
    return sorted(path for path in folder.glob(pattern) if not path.name.startswith("."))


def labelled(folders: list[Path], pattern: str = "*") -> Labelled:
    """Every file in the folders, of which each is a class's."""
    return [(file, label) for label, folder in enumerate(folders) for file in visible(folder, pattern)]


def folders_in(folder: Path, wanted: str) -> list[str]:
    """Names of the class folders in `folder`; FileNotFoundError where there is none."""
    names = [path.name for path in visible(folder) if path.is_dir()]
    if not names:
        raise FileNotFoundError(f"{folder} holds no class folders: {wanted}")
    return names


def learned_from(task: Task, files: Labelled) -> Iterator[tuple[Any, int, str]]:
    """The training files' samples; FileNotFoundError where a class has none."""
    missing = set(range(len(task.classes))) - {label for _, label in files}
    if missing:
        raise FileNotFoundError(f"{task.data} holds nothing to learn {task.classes[min(missing)]!r} from")
    return samples(task, files, "train")


def measured_on(task: Task, files: Labelled, part: str) -> Iterator[tuple[Any, int, str]]:
    """The held-out files' samples; FileNotFoundError where there are none."""
    if not files:
        raise FileNotFoundError(f"{task.data} holds nothing to measure on: {task.split}")
    return samples(task, files, part)


def samples(task: Task, files: Labelled, part: str) -> Iterator[tuple[Any, int, str]]:
    kind: Any = task.modality.name
    for file, label in tqdm(files, desc=part, unit="file", leave=False, disable=None):
        try:
            sample = media.read(file, kind)
        except media.MediaError as error:
            # It names the file alone, and each class may have one of that name.
            raise media.MediaError(f"{file.parent}: {error}") from error
        yield sample, label, part


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
        read = learned_from(self, self.files("train"))
        squares = [(self.modality.square(sample)[0], label) for sample, label, _ in read]
        self.images = np.stack([square for square, _ in squares])
        self.labels = np.array([label for _, label in squares])

    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        return measured_on(self, self.files("val"), self.part)

    def files(self, where: str) -> Labelled:
        return labelled([self.data / where / name for name in self.classes])


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
        for sample, label, _ in learned_from(self, self.train):
            tempos = [resample(sample.waveform, tempo) for tempo in self.tempos]
            self.clips[label].append([self.mel_power(wave) for wave in tempos])

    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        return measured_on(self, self.test, self.split)


class ModelNet40(Shapes):
    """ModelNet40's layout: CLASS/train/*.off and CLASS/test/*.off."""

    split = "test"

    def __init__(self, data: Path, modality: Any) -> None:
        Task.__init__(self, data, modality)
        self.classes = folders_in(data, "ModelNet40's layout is CLASS/train/*.off and CLASS/test/*.off")
        self.parts = ("test",)

    def split_of(self, part: str, held: bool) -> tuple[list[np.ndarray], np.ndarray]:
        where = "test" if held else "train"
        files = labelled([self.data / name / where for name in self.classes], "*.off")
        found = measured_on(self, files, part) if held else learned_from(self, files)
        read = [(sample.points, label) for sample, label, _ in found]
        return [points for points, _ in read], np.array([label for _, label in read])

    def trained_on(self, part: str) -> tuple[list[np.ndarray], np.ndarray]:
        """All of them: no calibration needs any kept out."""
        return self.split_of(part, held=False)


class VideoFolders(Task):
    """A folder of videos a class, CLASS/*; of each class every fifth, by name, is held out."""

    modality: VideoModality
    split = "every fifth video of each class"
    elements, smoothing = 240, 0.1

    def __init__(self, data: Path, modality: VideoModality) -> None:
        super().__init__(data, modality)
        self.classes = folders_in(data, "the layout is CLASS/*, a folder of videos a class")
        self.train, self.test = [], []
        for label, name in enumerate(self.classes):
            for i, file in enumerate(visible(data / name)):
                (self.test if i % 5 == 4 else self.train).append((file, label))

    def prepare(self) -> None:
        """Every window of every clip, as the page would read it."""
        found = learned_from(self, self.train)
        read = [(self.modality.clips(sample)[0], label) for sample, label, _ in found]
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
        return measured_on(self, self.test, "test")


# What `--layout` names, and the modality whose recipes read it.
LAYOUTS: dict[str, tuple[type[Task], str]] = {
    "imagenet": (ImageFolder, "image"),
    "esc50": (Esc50, "audio"),
    "modelnet40": (ModelNet40, "point_cloud"),
    "videos": (VideoFolders, "video"),
}
