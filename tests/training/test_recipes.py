"""Each recipe, on a handful of made-up records that are easy to tell apart: its loss falls."""

from __future__ import annotations

import io
import json
import tempfile
from dataclasses import replace
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from perceiver_zoo.training import loop
from perceiver_zoo.training.recipe import Recipe
from perceiver_zoo.training.recipes import RECIPES

FEW = 24


def packed(
    file: Path, records: list[bytes] | None, field: str, classes: list[str], **more: np.ndarray
) -> None:
    """A packed file of records laid end to end, their labels in turn."""
    if records is not None:
        joined = np.frombuffer(b"".join(records), np.uint8)
        more |= {field: joined, "offsets": np.cumsum([0, *map(len, records)])}
        more["labels"] = np.arange(len(records)) % len(classes)
    file.parent.mkdir(exist_ok=True)
    np.savez(file, classes=np.array(classes), **more)  # type: ignore[arg-type]


def picture(colour: int, side: int) -> bytes:
    rng = np.random.default_rng(colour)
    pixels = rng.integers(0, 60, (side, side, 3), dtype=np.uint8)
    pixels[..., colour % 3] += 150
    Image.fromarray(pixels).save(out := io.BytesIO(), "WEBP")
    return out.getvalue()


def tone(pitch: float, rate: int) -> bytes:
    """Half a second of a tone."""
    wave = np.sin(np.arange(rate // 2) / rate * 2 * np.pi * pitch)
    out = io.BytesIO()
    with av.open(out, "w", format="flac") as file:
        stream = file.add_stream("flac", rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray((wave * 20_000).astype(np.int16)[None], "s16", "mono")
        frame.sample_rate = rate
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            file.mux(packet)
    return out.getvalue()


def write_images(folder: Path) -> None:
    for name, side in (("cifar10", 32), ("tiny_imagenet", 64)):
        for split in ("train", "test", "train_0", "train_1", "val"):
            records = [picture(i, side) for i in range(FEW)]
            packed(folder / f"image/{name}_{split}.npz", records, "images", ["red", "green", "blue"])


def write_sounds(folder: Path) -> None:
    for name, field, rate, held in (
        ("esc10", "ogg", 16_000, "fold"),
        ("fsdd", "flac", 8_000, "is_test"),
        ("instruments10", "ogg", 16_000, "is_test"),
    ):
        records = [tone(200 * 1.5 ** (i % 4), rate) for i in range(FEW)]
        names = [str(i) for i in range(4)] if name == "fsdd" else [f"{name} {i}" for i in range(4)]
        packed(folder / f"audio/{name}.npz", records, field, names, **{held: np.zeros(FEW, bool)})


def write_shapes(folder: Path) -> None:
    rng = np.random.default_rng(0)
    stretch = np.array([[1, 1, 1], [1, 1, 0.05], [0.05, 0.05, 1]])
    for name in ("ldraw25", "furniture", "modelnet10_chair_monitor"):
        points = rng.normal(size=(FEW, 400, 3)) * stretch[np.arange(FEW) % 3][:, None]
        packed(
            folder / f"point_cloud/{name}.npz",
            None,
            "",
            ["ball", "sheet", "rod"],
            points=points.astype(np.float16),
            labels=np.arange(FEW) % 3,
            is_test=np.zeros(FEW, bool),
        )


def write_scenes(folder: Path) -> None:
    """Blurred noise, as large as what the camera moves over, so that every move can be seen."""
    rng = np.random.default_rng(0)
    for file, side, count in (
        ("image/tiny_imagenet_train_0", 64, 40),
        ("image/tiny_imagenet_train_1", 64, 40),
        ("video/street_frames", 112, 2400),
    ):
        scenes = []
        for _ in range(20):
            noise = rng.integers(0, 256, (side // 8, side // 8, 3), dtype=np.uint8)
            Image.fromarray(noise).resize((side, side)).save(out := io.BytesIO(), "WEBP")
            scenes.append(out.getvalue())
        records = [scenes[i % 20] for i in range(count)]
        packed(folder / f"{file}.npz", records, "images", ["one"], frames_per_clip=np.array(8))


SMALL = {  # what makes a step quick enough for a test; the rest is the recipe's own
    "perceiver_nano.cifar10": ({}, {"elements": 64}, write_images),
    "perceiver_small.tiny_imagenet200": ({"looks": 2}, {"elements": 64}, write_images),
    "perceiver_nano.sounds30": ({}, {"elements": 48}, write_sounds),
    "perceiver_nano.camera_work": ({}, {"bank": 100, "elements": 60}, write_scenes),
    "perceiver_nano.shapes39": ({}, {"elements": 64}, write_shapes),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SMALL)
def test_the_loss_falls(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    recipe, (run, task, write) = RECIPES[name], SMALL[name]
    write(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))  # where rendered clips are kept
    shrunk = {"block_layers": 1, "latents": 16} if "looks" in run else {}
    recipe: Recipe = replace(
        recipe,
        task=type("Few", (recipe.task,), task),
        network=recipe.network | shrunk,
        batch=12,
        warmup=4,
        **run,
    )
    monkeypatch.setattr(loop.Progress, "every", 10)
    loop.train(recipe, tmp_path, tmp_path / "run", steps=40)
    rows = [json.loads(line) for line in (tmp_path / "run/log.jsonl").read_text().splitlines()]
    assert rows[-1]["loss"] < 0.9 * rows[0]["loss"]


def test_every_recipe_is_tried() -> None:
    assert set(SMALL) == set(RECIPES)
