"""Photographs: CIFAR-10."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.training.packed import Packed
from perceiver_zoo.training.task import Batch, Task, one_hot


class Cifar10(Task):
    """CIFAR-10 (Krizhevsky 2009). Crops, flips, colour and brightness; a random subset of pixels each step."""

    modality: ImageModality
    split = "CIFAR-10 test"
    elements = 256
    smoothing = 0.05

    def __init__(self, data, modality) -> None:
        super().__init__(data, modality)
        self.test = Packed(data / "image/cifar10_test.npz", "images")
        self.classes = self.test.classes

    def prepare(self) -> None:
        train = Packed(self.data / "image/cifar10_train.npz", "images")
        self.images = torch.from_numpy(train.images("photographs"))
        self.labels = train["labels"]

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.integers(len(self.labels), size=size)
        pixels = crop_and_flip(rng, self.images[torch.from_numpy(chosen)].float() / 255, reach=4)
        pixels = jitter_colour(rng, pixels)
        targets = one_hot(self.labels[chosen], len(self.classes), self.smoothing)
        kept = torch.from_numpy(rng.permutation(self.modality.size**2)[: self.elements])
        return Batch(self.modality.features(pixels)[:, kept], self.modality.positions[:, kept], targets)

    def held_out(self) -> Iterator[tuple[ImageSample, int, str]]:
        pixels = self.test.images("test photographs")
        for image, label in zip(pixels, self.test["labels"], strict=True):
            yield ImageSample(image), int(label), "cifar10"


def crop_and_flip(rng: np.random.Generator, pixels: Tensor, reach: int) -> Tensor:
    """Shift each of [B, H, W, 3] by up to `reach` pixels, edges reflected, and mirror half of them."""
    batch, height, width = pixels.shape[:3]
    rows = torch.from_numpy(rng.integers(-reach, reach + 1, (batch, 1))) + torch.arange(height)
    columns = torch.from_numpy(rng.integers(-reach, reach + 1, (batch, 1))) + torch.arange(width)
    flipped = torch.from_numpy(rng.random((batch, 1)) < 0.5)
    columns = torch.where(flipped, width - 1 - columns, columns)
    rows, columns = reflect(rows, height), reflect(columns, width)
    return pixels[torch.arange(batch)[:, None, None], rows[:, :, None], columns[:, None, :]]


def reflect(index: Tensor, length: int) -> Tensor:
    """Fold indices that run past either end back inside."""
    return (length - 1) - ((length - 1) - index.abs()).abs()


def jitter_colour(rng: np.random.Generator, pixels: Tensor, amount: float = 0.2) -> Tensor:
    """Change brightness, contrast and saturation of each of [B, H, W, 3] by up to `amount`."""
    scale = torch.from_numpy(1 + rng.uniform(-amount, amount, (3, len(pixels), 1, 1, 1)).astype(np.float32))
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    grey = pixels.mean(dim=3, keepdim=True)
    pixels = grey + (pixels - grey) * scale[0]
    return ((mean + (pixels - mean) * scale[1]) * scale[2]).clamp(0, 1)
