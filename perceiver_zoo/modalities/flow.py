"""Optical flow: one element a pixel, with its neighbourhood in two frames (Perceiver IO, section 4.2, and its colab).

The released model reads pictures of exactly 368 x 496 pixels, so other pictures are scaled and cut into tiles of it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality, grid_positions

REACH = 1  # pixels of neighbourhood on each side


@dataclass(frozen=True)
class FlowLayout(Layout):
    """Tiles of a scaled picture.

    size: height and width of a tile. picture: of the sample's frames. scaled: of the picture that was cut into tiles.
    corners: (top, left) of each tile in the scaled picture. frames: the sample's two frames that were compared.
    """

    size: tuple[int, int]
    picture: tuple[int, int]
    scaled: tuple[int, int]
    corners: tuple[tuple[int, int], ...]
    frames: tuple[int, int]

    @property
    def shape(self) -> tuple[int, int]:
        return self.size

    @property
    def boxes(self) -> list[tuple[float, float, float, float]]:
        """(left, top, width, height) of each tile in the sample's own pixels."""
        high, wide = (own / scaled for own, scaled in zip(self.picture, self.scaled, strict=True))
        height, width = self.size
        return [(left * wide, top * high, width * wide, height * high) for top, left in self.corners]

    @property
    def nearness(self) -> np.ndarray:
        """int [h, w], pixels from each place in a tile to the tile's edge, counted from 1: how far it is trusted."""
        height, width = (np.minimum(np.arange(n), np.arange(n)[::-1]) + 1 for n in self.size)
        return np.minimum(height[:, None], width)

    def merge(self, flow: Any) -> np.ndarray:
        """Flow [tiles, h, w, 2] as (right, down) in pixels of the tiles -> float32 [H, W, 2] in the sample's pixels."""
        height, width = self.picture
        # Pixels of the sample to one of the scaled picture; the two differ only for very long pictures.
        ratio = np.array([width / self.scaled[1], height / self.scaled[0]], np.float32)
        return self.joined(np.asarray(flow, np.float32)) * ratio

    def spread(self, grid: Any) -> np.ndarray:
        """Map [tiles, h, w] -> float32 [H, W] over the sample; tiles of NaN (not asked) are left out."""
        return self.joined(np.asarray(grid, np.float32)[..., None])[..., 0]

    def joined(self, tiles: np.ndarray) -> np.ndarray:
        """[tiles, h, w, C] -> [H, W, C]; where tiles overlap, their mean weighted by `nearness`, as in the colab."""
        if tiles.shape[:3] != (len(self.corners), *self.size):
            raise ValueError(f"{tiles.shape} are not {len(self.corners)} tiles of {self.size}")
        height, width = self.size
        total = np.zeros((*self.scaled, tiles.shape[3]), np.float32)
        weight = np.zeros((*self.scaled, 1), np.float32)
        for tile, (top, left) in zip(tiles, self.corners, strict=True):
            place = slice(top, top + height), slice(left, left + width)
            here = self.nearness[..., None] * ~np.isnan(tile[..., :1])
            total[place] += np.nan_to_num(tile) * here
            weight[place] += here
        with np.errstate(invalid="ignore"):
            whole = torch.from_numpy(total / weight).permute(2, 0, 1)[None]
        back = F.interpolate(whole, self.picture, mode="bilinear", align_corners=False, antialias=True)
        return back[0].permute(1, 2, 0).numpy()

    def cell_of(self, y: float, x: float) -> tuple[int, int, int]:
        """(tile, row, column) of the element at pixel (y, x) of the sample, of the tile it lies deepest in."""
        height, width = self.picture
        if not (0 <= y < height and 0 <= x < width):
            raise ValueError(f"pixel ({y}, {x}) is outside a picture of {height} x {width} pixels")
        row = min(int((math.floor(y) + 0.5) * self.scaled[0] / height), self.scaled[0] - 1)
        column = min(int((math.floor(x) + 0.5) * self.scaled[1] / width), self.scaled[1] - 1)
        inside = [
            (self.nearness[row - top, column - left], -tile)
            for tile, (top, left) in enumerate(self.corners)
            if 0 <= row - top < self.size[0] and 0 <= column - left < self.size[1]
        ]
        tile = -max(inside)[1]
        top, left = self.corners[tile]
        return tile, row - top, column - left


@dataclass(frozen=True)
class FlowModality(Modality):
    """Reads two frames of a clip, in tiles of `size` pixels that overlap by `overlap` or more.

    tiles: at most so many; a picture that needs more is scaled down first, and one that is smaller than a tile is
    scaled up until it fills one. Both keep its aspect, but for pictures longer than `tiles` tiles in a row.
    """

    name = "flow"
    kinds = ("video",)
    # Every frame, and sharper than other models need: flow is told in pixels.
    options: ClassVar[dict[str, float]] = {"fps": 30.0, "max_side": 640, "max_seconds": 10}
    size: tuple[int, int] = (368, 496)
    overlap: int = 20
    tiles: int = 4

    @property
    def channels(self) -> int:
        return 2 * 3 * (2 * REACH + 1) ** 2

    @property
    def unit(self) -> str:
        return "pixel of two frames"

    @property
    def positions(self) -> Tensor:
        return grid_positions(*self.size)

    def features(self, pairs: Tensor) -> Tensor:
        """Pairs [B, 2, h, w, 3] in 0..1 -> features [B, h * w, 54].

        Colours are scaled to [-1, 1], with zeros around the picture. Of each frame the 3 x 3 pixels around an element,
        row by row, each with its three colours; first the first frame's 27 numbers, then the second's.
        """
        side = 2 * REACH + 1
        planes = F.pad(pairs * 2 - 1, (0, 0, REACH, REACH, REACH, REACH))
        around = planes.unfold(2, side, 1).unfold(3, side, 1)  # B, 2, h, w, colours, rows, columns
        return around.permute(0, 2, 3, 1, 5, 6, 4).reshape(len(pairs), -1, self.channels)

    def scaled(self, height: int, width: int) -> tuple[int, int]:
        """Height and width to scale a picture to, so that it needs at most `tiles` tiles and fills one."""
        fill = max(self.size[0] / height, self.size[1] / width)
        room = max(
            min(self.reach(0, rows) / height, self.reach(1, self.tiles // rows) / width)
            for rows in range(1, self.tiles + 1)
        )
        scale = min(max(1.0, fill), room)
        return max(self.size[0], round(height * scale)), max(self.size[1], round(width * scale))

    def reach(self, axis: int, count: int) -> int:
        """Pixels that `count` tiles cover along an axis."""
        return self.size[axis] + (count - 1) * (self.size[axis] - self.overlap)

    def starts(self, axis: int, length: int) -> list[int]:
        """Where the tiles along an axis of `length` pixels begin; the last is flush with the end."""
        step, spare = self.size[axis] - self.overlap, length - self.size[axis]
        return [*range(0, spare, step), spare]

    def encode(self, sample: VideoSample, first: int | None = None) -> InputArray:
        """Frames `first` and `first` + 1; None takes the two in the middle.

        Raises MediaError for a clip of one frame, ValueError for frames it does not have.
        """
        count = len(sample.frames)
        if count < 2:
            raise MediaError("This clip has one frame only: flow is what moves between two.")
        first = (count - 2) // 2 if first is None else first
        if not 0 <= first < count - 1:
            raise ValueError(
                f"frames {first} and {first + 1} do not exist: the clip has frames 0..{count - 1}"
            )
        height, width = sample.frames.shape[1:3]
        scaled = self.scaled(height, width)
        pair = [resize(sample.frames[index], scaled) for index in (first, first + 1)]
        whole = torch.from_numpy(np.stack(pair)).float() / 255
        corners = tuple((y, x) for y in self.starts(0, scaled[0]) for x in self.starts(1, scaled[1]))
        h, w = self.size
        tiles = torch.stack([whole[:, top : top + h, left : left + w] for top, left in corners])
        layout = FlowLayout(self.size, (height, width), scaled, corners, (first, first + 1))
        return InputArray(self.features(tiles), self.positions, layout)


def resize(pixels: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """uint8 [H, W, 3] -> [h, w, 3]; averages where it shrinks, so that fine texture does not alias into movement."""
    picture = Image.fromarray(np.ascontiguousarray(pixels))
    if pixels.shape[:2] == size:
        return np.asarray(picture)
    height, width = size
    return np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
