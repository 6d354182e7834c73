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


@dataclass(frozen=True)
class ImageLayout(Layout):
    """M pixels of the centre square; box = (left, top, side) of that square in the sample's own pixels."""

    size: int
    box: tuple[int, int, int]

    @property
    def shape(self) -> tuple[int, int]:
        return self.size, self.size


@dataclass(frozen=True)
class ImageModality(Modality):
    """Reads the centre square at size x size.

    neighbourhood: an element carries the colours of its neighbourhood x neighbourhood pixels; 1 is the paper's own.
    """

    name = "image"
    size: int = 224
    neighbourhood: int = 1

    @property
    def channels(self) -> int:
        return 3 * self.neighbourhood**2

    @property
    def unit(self) -> str:
        return "pixel"

    @property
    def positions(self) -> Tensor:
        return grid_positions(self.size, self.size)

    def features(self, pixels: Tensor) -> Tensor:
        """Pixels [B, S, S, 3] in 0..1 -> features [B, S * S, C], colours scaled to [-1, 1]."""
        planes = pixels.permute(0, 3, 1, 2) * 2 - 1
        reach = self.neighbourhood // 2
        if reach:
            planes = F.unfold(F.pad(planes, [reach] * 4, mode="reflect"), self.neighbourhood)
        return planes.flatten(2).transpose(1, 2)

    def encode(self, sample: ImageSample) -> InputArray:
        height, width = sample.pixels.shape[:2]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        square = Image.fromarray(np.ascontiguousarray(sample.pixels[top : top + side, left : left + side]))
        if side != self.size:
            square = square.resize((self.size, self.size), Image.Resampling.BICUBIC)
        pixels = torch.from_numpy(np.asarray(square, dtype=np.float32) / 255)[None]
        return InputArray(self.features(pixels), self.positions, ImageLayout(self.size, (left, top, side)))
