"""Images: one element a pixel, with its colour, its small neighbourhood if asked for, and its place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality, grid_positions

# Mean and deviation of ImageNet's colours, which the released models were trained on.
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class ImageLayout(Layout):
    """size x size elements over the centre square; box = (left, top, side) of it in the sample's own pixels."""

    size: int
    box: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int]:
        return self.size, self.size


@dataclass(frozen=True)
class ImageModality(Modality):
    """Reads the centre square at size x size.

    neighbourhood: an element carries the colours of its neighbourhood x neighbourhood pixels; 1 is the paper's own.
    crop: the square's side as a share of the shorter side. colours: "range" scales to [-1, 1], "imagenet" takes
    ImageNet's mean off and divides by its deviation. elements: along each side after a stem in the network; None
    means one a pixel.
    """

    name = "image"
    size: int = 224
    neighbourhood: int = 1
    crop: float = 1.0
    colours: str = "range"
    elements: int | None = None

    @property
    def channels(self) -> int:
        return 3 * self.neighbourhood**2

    @property
    def unit(self) -> str:
        return "pixel" if self.elements is None else "patch"

    @property
    def grid(self) -> int:
        """Elements along each side."""
        return self.elements or self.size

    @property
    def positions(self) -> Tensor:
        return grid_positions(self.grid, self.grid)

    def features(self, pixels: Tensor) -> Tensor:
        """Pixels [B, S, S, 3] in 0..1 -> features [B, S * S, C]."""
        if self.colours == "imagenet":
            pixels = (pixels - torch.tensor(IMAGENET_MEAN)) / torch.tensor(IMAGENET_STD)
        else:
            pixels = pixels * 2 - 1
        planes = pixels.permute(0, 3, 1, 2)
        reach = self.neighbourhood // 2
        if reach:
            planes = F.unfold(F.pad(planes, [reach] * 4, mode="reflect"), self.neighbourhood)
        return planes.flatten(2).transpose(1, 2)

    def square(self, sample: ImageSample) -> tuple[np.ndarray, tuple[int, int, int]]:
        """The centre square at the size that is read, uint8 [S, S, 3], and (left, top, side) of it in the sample."""
        height, width = sample.pixels.shape[:2]
        side = max(1, int(self.crop * min(height, width)))
        left, top = (width - side) // 2, (height - side) // 2
        square = Image.fromarray(np.ascontiguousarray(sample.pixels[top : top + side, left : left + side]))
        if side != self.size:
            square = square.resize((self.size, self.size), Image.Resampling.BICUBIC)
        return np.asarray(square), (left, top, side)

    def encode(self, sample: ImageSample) -> InputArray:
        square, box = self.square(sample)
        pixels = torch.from_numpy(square.astype(np.float32) / 255)[None]
        return InputArray(self.features(pixels), self.positions, ImageLayout(self.grid, box))
