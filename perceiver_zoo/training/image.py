"""Photographs: CIFAR-10 and Tiny-ImageNet-200."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from timm.data import Mixup
from timm.data.auto_augment import rand_augment_transform
from torch import Tensor

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.training.packed import Packed
from perceiver_zoo.training.task import Batch, Task

KEPT_OUT = (
    25  # the last 1 in 25 training photographs tell how sure the model may be, and are never trained on
)


class Photographs(Task):
    """Labelled photographs of one size, with the paper's own means: Inception crops, flips, RandAugment, mixup, cutmix.

    elements: pixels read each step, a random subset. crop: the smallest share of a photograph that a crop keeps.
    randaugment: share of the photographs that RandAugment changes, and its strength in timm's words. mixing: share of
    the batches that are mixed.
    """

    modality: ImageModality
    part: ClassVar[str]
    train: ClassVar[tuple[str, ...]]
    test: ClassVar[str]
    elements: ClassVar[int]
    crop: ClassVar[float]
    randaugment: ClassVar[tuple[float, str]]
    mixing: ClassVar[float]

    def __init__(self, data, modality: ImageModality) -> None:
        super().__init__(data, modality)
        self.packed = Packed(data / self.test, "images")
        self.classes = self.packed.classes
        self.augmenters()

    def augmenters(self) -> None:
        """timm's, for the classes there are."""
        self.augment = rand_augment_transform(
            self.randaugment[1], {"translate_const": self.modality.size // 5}
        )
        self.mix = Mixup(0.2, 1.0, prob=self.mixing, label_smoothing=0.1, num_classes=len(self.classes))

    def prepare(self) -> None:
        train = [Packed(self.data / file, "images") for file in self.train]
        trained_on = slice(sum(map(len, train)) - sum(map(len, train)) // KEPT_OUT)
        self.images = np.concatenate([packed.images("photographs") for packed in train])[trained_on]
        self.labels = np.concatenate([packed["labels"] for packed in train])[trained_on]

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.integers(len(self.labels), size=size)
        seed_timm(rng)
        pixels = torch.from_numpy(self.augmented(rng, self.images[chosen])).permute(0, 3, 1, 2).float() / 255
        pixels = jitter_colour(rng, crop_and_flip(rng, pixels, self.crop))
        pixels, targets = self.mix(pixels, torch.from_numpy(self.labels[chosen].astype(np.int64)))
        kept = torch.from_numpy(rng.permutation(self.modality.size**2)[: self.elements])
        features = self.modality.features(pixels.permute(0, 2, 3, 1))[:, kept]
        return Batch(features, self.modality.positions[:, kept], targets)

    def augmented(self, rng: np.random.Generator, images: np.ndarray) -> np.ndarray:
        """RandAugment on its share of images [B, H, W, 3]."""
        for i in np.flatnonzero(rng.random(len(images)) < self.randaugment[0]):
            images[i] = np.asarray(self.augment(Image.fromarray(images[i])))
        return images

    def held_out(self) -> Iterator[tuple[ImageSample, int, str]]:
        pixels = self.packed.images("test photographs")
        for image, label in zip(pixels, self.packed["labels"], strict=True):
            yield ImageSample(image), int(label), self.part


class Cifar10(Photographs):
    """CIFAR-10 (Krizhevsky 2009): light augmentation, for a small model on a CPU sees each photograph some 30 times."""

    split = "CIFAR-10 test"
    part = "cifar10"
    train = ("image/cifar10_train.npz",)
    test = "image/cifar10_test.npz"
    elements = 256
    crop = 0.6
    randaugment = (0.15, "rand-m5-n1-mstd0.5")
    mixing = 0.0


class TinyImageNet(Photographs):
    """Tiny-ImageNet-200 (CS231N) at 64 x 64, for a GPU: the augmentation of Perceiver IO's ImageNet runs."""

    split = "Tiny-ImageNet val"
    part = "tiny_imagenet"
    train = ("image/tiny_imagenet_train_0.npz", "image/tiny_imagenet_train_1.npz")
    test = "image/tiny_imagenet_val.npz"
    elements = 2048
    crop = 0.25
    randaugment = (1.0, "rand-m5-n4-mstd0.5")
    mixing = 1.0


def seed_timm(rng: np.random.Generator) -> None:
    """timm's augmentations draw from the process's own generators."""
    seed = int(rng.integers(2**32))
    random.seed(seed)
    np.random.seed(seed)


def crop_and_flip(rng: np.random.Generator, pixels: Tensor, smallest: float) -> Tensor:
    """Cut a window of a share `smallest`..1 of each of [B, 3, H, W], of another shape, and mirror half of them."""
    batch = len(pixels)
    side = np.sqrt(rng.uniform(smallest, 1, (batch, 1)))
    sides = np.minimum(side * np.exp(rng.uniform(-0.2, 0.2, (batch, 1)) * [1, -1]), 1)
    shift = (1 - sides) * rng.uniform(-1, 1, (batch, 2))
    sides[:, 0] *= np.where(rng.random(batch) < 0.5, -1, 1)
    matrix = np.zeros((batch, 2, 3), np.float32)
    matrix[:, [0, 1], [0, 1]], matrix[:, :, 2] = sides, shift
    grid = F.affine_grid(torch.from_numpy(matrix), list(pixels.shape), align_corners=False)
    return F.grid_sample(pixels, grid, mode="bicubic", padding_mode="reflection", align_corners=False).clamp(
        0, 1
    )


def jitter_colour(rng: np.random.Generator, pixels: Tensor, amount: float = 0.2) -> Tensor:
    """Change brightness, contrast and saturation of each of [B, 3, H, W] by up to `amount`."""
    scale = torch.from_numpy(1 + rng.uniform(-amount, amount, (3, len(pixels), 1, 1, 1)).astype(np.float32))
    mean = pixels.mean(dim=(1, 2, 3), keepdim=True)
    grey = pixels.mean(dim=1, keepdim=True)
    pixels = grey + (pixels - grey) * scale[0]
    return ((mean + (pixels - mean) * scale[1]) * scale[2]).clamp(0, 1)
