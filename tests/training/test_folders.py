"""Public layouts are read, learned from and measured on as the packed data are."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from perceiver_zoo.cli import main
from perceiver_zoo.media import write_video
from perceiver_zoo.pipeline import load
from perceiver_zoo.training.evaluate import evaluate
from perceiver_zoo.training.folders import LAYOUTS
from perceiver_zoo.training.loop import train
from perceiver_zoo.training.recipes import RECIPES, on_other_data
from perceiver_zoo.zoo import read_entry
from tests.training.test_recipes import tone

RECIPE = {
    "imagenet": "perceiver_nano.cifar10",
    "esc50": "perceiver_nano.sounds30",
    "modelnet40": "perceiver_nano.shapes39",
    "videos": "perceiver_nano.camera_work",
}


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
            for label, name in enumerate(("dog", "rain")):
                # Named as there, though FLAC inside: what a file is, its content says.
                (folder / f"audio/{fold}-{label}.wav").write_bytes(tone(300 * (label + 1), 16_000))
                table.writerow([f"{fold}-{label}.wav", fold, label, name])


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
            write_video(folder / name / f"{i}.mp4", rng.integers(0, 256, (20, 48, 64, 3), dtype=np.uint8), 10)


WRITE = {
    "imagenet": (write_imagenet, ["n01440764", "n01443537"], 6),
    "esc50": (write_esc50, ["dog", "rain"], 2),
    "modelnet40": (write_modelnet40, ["cone", "night_stand"], 4),
    "videos": (write_videos, ["clap", "wave"], 2),
}


@pytest.mark.slow
@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_layout_is_learned_from_and_measured_on(layout: str, tmp_path: Path) -> None:
    write, classes, held = WRITE[layout]
    write(tmp_path / "data")
    recipe = replace(on_other_data(RECIPES[RECIPE[layout]], layout), batch=8, warmup=1)
    entry = read_entry(train(recipe, tmp_path / "data", tmp_path / "run", steps=2))
    assert entry.labels == classes and entry.config["card"]["layout"] == layout
    measured = evaluate(load(entry), tmp_path / "data")
    assert measured["n"] == held and np.sum(measured["confusion"]) == held


def test_a_layout_of_another_kind_or_an_empty_folder_is_one_sentence(tmp_path: Path, capsys) -> None:
    words = ["train", "perceiver_nano.cifar10", "--data", str(tmp_path), "--run", str(tmp_path / "run")]
    assert main([*words, "--layout", "esc50"]) == 2
    assert "the layout esc50 is for audio" in capsys.readouterr().err
    assert main([*words, "--layout", "imagenet"]) == 1
    assert "train/CLASS/*" in capsys.readouterr().err
