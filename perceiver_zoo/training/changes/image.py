"""Photographs as cameras, phones and web pages leave them."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.random import Generator
from PIL import Image, ImageFilter

from perceiver_zoo.media.sample import ImageSample


def on_picture(change: Callable[[Generator, Image.Image, Any], Image.Image]) -> Callable[..., ImageSample]:
    """A change of Pillow's pictures as a change of samples."""

    def changed(rng: Generator, sample: ImageSample, level: Any) -> ImageSample:
        return ImageSample(np.asarray(change(rng, Image.fromarray(sample.pixels), level).convert("RGB")))

    return changed


def on_values(change: Callable[[Generator, np.ndarray, Any], np.ndarray]) -> Callable[..., ImageSample]:
    """A change of float32 pixels [H, W, 3] in 0..1 as a change of samples."""

    def changed(rng: Generator, sample: ImageSample, level: Any) -> ImageSample:
        pixels = change(rng, sample.pixels.astype(np.float32) / 255, level)
        return ImageSample((pixels.clip(0, 1) * 255).round().astype(np.uint8))

    return changed


@on_picture
def resize(rng: Generator, picture: Image.Image, factor: float) -> Image.Image:
    """As many times as wide and high."""
    size = (max(1, round(picture.width * factor)), max(1, round(picture.height * factor)))
    return picture.resize(size, Image.Resampling.BICUBIC)


@on_picture
def crop(rng: Generator, picture: Image.Image, share: float) -> Image.Image:
    """A window anywhere, `share` of each side."""
    width, height = picture.width * share, picture.height * share
    left, top = rng.uniform(0, picture.width - width), rng.uniform(0, picture.height - height)
    box = (left, top, left + width, top + height)
    return picture.resize(picture.size, Image.Resampling.BICUBIC, box=box)


@on_picture
def further_away(rng: Generator, picture: Image.Image, share: float) -> Image.Image:
    """The whole picture on `share` of each side, anywhere on its own mean colour."""
    canvas = Image.new("RGB", picture.size, tuple(np.asarray(picture).mean((0, 1)).astype(int).tolist()))
    small = picture.resize(
        (round(picture.width * share), round(picture.height * share)), Image.Resampling.LANCZOS
    )
    place = rng.integers(canvas.width - small.width + 1), rng.integers(canvas.height - small.height + 1)
    canvas.paste(small, (int(place[0]), int(place[1])))
    return canvas


@on_picture
def jpeg(rng: Generator, picture: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=quality)
    return Image.open(file)


@on_picture
def blur(rng: Generator, picture: Image.Image, radius: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(radius))


@on_picture
def turn(rng: Generator, picture: Image.Image, degrees: float) -> Image.Image:
    """Either way; corners take the mean colour."""
    mean = tuple(np.asarray(picture).mean((0, 1)).astype(int).tolist())
    return picture.rotate(degrees * rng.choice([-1, 1]), Image.Resampling.BICUBIC, fillcolor=mean)


@on_picture
def grey(rng: Generator, picture: Image.Image, level: str) -> Image.Image:
    return picture.convert("L")


@on_values
def noise(rng: Generator, pixels: np.ndarray, deviation: float) -> np.ndarray:
    return pixels + rng.normal(0, deviation, pixels.shape).astype(np.float32)


@on_values
def brightness(rng: Generator, pixels: np.ndarray, factor: float) -> np.ndarray:
    return pixels * factor


@on_values
def contrast(rng: Generator, pixels: np.ndarray, factor: float) -> np.ndarray:
    return pixels.mean() + (pixels - pixels.mean()) * factor


CHANGES = [
    ("times as wide and high", resize, (0.5, 2, 7)),
    ("crop to a share of each side", crop, (0.85, 0.7)),
    ("shrunk to a share of each side", further_away, (0.85, 0.7)),
    ("JPEG quality", jpeg, (75, 40, 15)),
    ("blur, radius in pixels", blur, (0.5, 1)),
    ("noise, standard deviation", noise, (0.03, 0.08)),
    ("brightness, times", brightness, (0.6, 1.5)),
    ("contrast, times", contrast, (0.5, 1.5)),
    ("without colour", grey, ("grey",)),
    ("turned, degrees", turn, (10, 25)),
]
