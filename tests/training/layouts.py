"""Tiny data in the public layouts, and what of them is held out."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo.media import write_video
from perceiver_zoo.modalities import build_modality
from perceiver_zoo.training.folders import LAYOUTS
from tests.training.test_recipes import tone


def write_imagenet(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for where in ("train", "val"):
        for name in ("n01440764", "n01443537"):
            (folder / where / name).mkdir(parents=True)
            for i, size in enumerate(((40, 30, 3), (25, 60, 3), (32, 32, 3))):
                pixels = rng.integers(0, 256, size, dtype=np.uint8)
                Image.fromarray(pixels).save(folder / where / name / f"{name}_{i}.JPEG")


def write_esc50(folder: Path) -> None:
    (folder / "meta").mkdir(parents=True)
    (folder / "audio").mkdir()
    with (folder / "meta/esc50.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["filename", "fold", "target", "category"])
        for fold in (1, 2, 5):
            for label, name in enumerate(("rain", "dog")):  # numbered in no order of their names
                # Named as there, though FLAC inside: what a file is, its content says.
                (folder / f"audio/{fold}-A-{label}.wav").write_bytes(tone(300 * (label + 1), 16_000))
                table.writerow([f"{fold}-A-{label}.wav", fold, label, name])


def write_modelnet40(folder: Path) -> None:
    corners = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]])
    for name, stretch in (("cone", (1, 1, 1)), ("night_stand", (1, 1, 9))):
        for where, count in (("train", 3), ("test", 2)):
            (folder / name / where).mkdir(parents=True)
            for i in range(count):
                points = "\n".join(" ".join(map(str, row)) for row in corners * stretch * (i + 1))
                faces = "3 0 1 2\n3 0 1 3\n3 0 2 3\n3 1 2 3"
                (folder / name / where / f"{name}_{i}.off").write_text(f"OFF\n4 4 0\n{points}\n{faces}\n")


def write_videos(folder: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("clap", "wave"):
        (folder / name).mkdir(parents=True)
        for i in range(5):
            frames = 20 if i % 2 else 12  # two windows or one
            pixels = rng.integers(0, 256, (frames, 48, 64, 3), dtype=np.uint8)
            write_video(folder / name / f"{i}.mp4", pixels, 10)


WRITE = {
    "imagenet": (write_imagenet, ["n01440764", "n01443537"]),
    "esc50": (write_esc50, ["dog", "rain"]),
    "modelnet40": (write_modelnet40, ["cone", "night_stand"]),
    "videos": (write_videos, ["clap", "wave"]),
}

# What of each is held out, its labels, and the part that its figures stand under.
IMAGENET = [f"{name}/{name}_{i}.JPEG" for name in ("n01440764", "n01443537") for i in range(3)]
HELD_OUT = {
    "imagenet": ([f"val/{file}" for file in IMAGENET], [0, 0, 0, 1, 1, 1], "val"),
    "esc50": (["audio/5-A-0.wav", "audio/5-A-1.wav"], [1, 0], "fold 5"),
    "modelnet40": (
        [f"{name}/test/{name}_{i}.off" for name in ("cone", "night_stand") for i in range(2)],
        [0, 0, 1, 1],
        "test",
    ),
    "videos": (["clap/4.mp4", "wave/4.mp4"], [0, 1], "test"),
}
HOLDS = {"imagenet": "pixels", "esc50": "waveform", "modelnet40": "points", "videos": "frames"}


def task_of(layout: str, data: Path) -> Any:
    task, modality = LAYOUTS[layout]
    return task(data, build_modality(modality, {"size": 32} if modality == "image" else {}))


def written(layout: str, folder: Path) -> Any:
    """The task of a layout that lies in `folder`, among what systems and people leave there."""
    WRITE[layout][0](folder)
    for place in (folder, *filter(Path.is_dir, list(folder.rglob("*")))):
        (place / ".DS_Store").write_bytes(b"Bud1")
        (place / "._cone_0.off").write_bytes(b"Mac OS X")
        (place / ".ipynb_checkpoints").mkdir()
    for place in (folder, folder / "train", folder / "cone/train", folder / "cone/test"):
        if place.is_dir():
            (place / "README.md").write_text("Of whom, and when.")
    return task_of(layout, folder)
