"""Video: one element a space-time patch, a few pixels square and a few frames long, as in the paper's section 4.2."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality, grid_positions


@dataclass(frozen=True)
class VideoLayout(Layout):
    """Space-time patches of each window.

    grid: patches along time, height and width. patch: frames, pixels, pixels of one of them.
    stride: frames from one patch to the next; where it is less than a patch is long, patches share frames.
    box: (left, top, side) of the square that was read, in the sample's pixels.
    frames: int [W, T], for every window the index of the sample's frame behind each frame the model saw.
    """

    grid: tuple[int, int, int]
    patch: tuple[int, int, int]
    stride: int
    box: tuple[int, int, int]
    frames: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.grid

    def by_frame(self, grid: np.ndarray) -> np.ndarray:
        """Map [W, t, h, w] -> [W, T, h, w]: of each frame, the mean over the patches that hold it."""
        length = self.patch[0]
        total = np.zeros((len(grid), self.frames.shape[1], *grid.shape[2:]), np.float32)
        held = np.zeros(total.shape[1], np.float32)
        for t in range(grid.shape[1]):
            span = slice(t * self.stride, t * self.stride + length)
            total[:, span] += grid[:, t, None]
            held[span] += 1
        return total / held[:, None, None]


@dataclass(frozen=True)
class VideoModality(Modality):
    """Reads the centre square at size x size, `frames` frames at `rate` a second; longer clips in several windows.

    stride: frames from one patch to the next; 1 lets some patch hold every pair of frames, so no cut falls between two.
    """

    name = "video"
    frames: int = 12
    rate: float = 8.0
    size: int = 48
    patch: tuple[int, int, int] = (2, 8, 8)
    stride: int = 1
    windows: int = 6

    def __post_init__(self) -> None:
        t, h, w = self.patch
        if (self.frames - t) % self.stride or self.size % h or self.size % w:
            extents = (self.frames, self.size, self.size)
            raise ValueError(f"patches {self.patch} every {self.stride} frames do not tile {extents}")

    @property
    def channels(self) -> int:
        return 3 * int(np.prod(self.patch))

    @property
    def unit(self) -> str:
        return "space-time patch"

    @property
    def grid(self) -> tuple[int, int, int]:
        t, h, w = self.patch
        return (self.frames - t) // self.stride + 1, self.size // h, self.size // w

    @property
    def positions(self) -> Tensor:
        return grid_positions(*self.grid)

    def features(self, clips: Tensor) -> Tensor:
        """Clips [B, T, S, S, 3] in 0..1 -> features [B, M, C], colours scaled to [-1, 1]."""
        (gt, gh, gw), (t, h, w) = self.grid, self.patch
        x = (clips * 2 - 1).unfold(1, t, self.stride)  # [B, gt, S, S, 3, t]
        x = x.reshape(-1, gt, gh, h, gw, w, 3, t)
        return x.permute(0, 1, 2, 4, 7, 3, 5, 6).reshape(x.shape[0], gt * gh * gw, t * h * w * 3)

    def window_frames(self, times: np.ndarray) -> np.ndarray:
        """Times [T] of a clip in seconds -> int [W, frames], the nearest frame to each moment of each window."""
        span = (self.frames - 1) / self.rate
        spare = max(float(times[-1] - times[0]) - span, 0.0)
        count = min(self.windows, 1 + int(np.ceil(spare / (span + 1 / self.rate))))
        starts = times[0] + np.linspace(0, spare, count)
        moments = starts[:, None] + np.arange(self.frames) / self.rate
        return np.abs(times[None, None, :] - moments[..., None]).argmin(axis=-1)

    def clips(self, sample: VideoSample) -> tuple[np.ndarray, VideoLayout]:
        """Every window's centre squares at the size that is read, uint8 [W, T, S, S, 3], and where they are from."""
        height, width = sample.frames.shape[1:3]
        side = min(height, width)
        left, top = (width - side) // 2, (height - side) // 2
        chosen = self.window_frames(sample.times)
        square = sample.frames[:, top : top + side, left : left + side]
        small = {index: self.shrink(square[index]) for index in np.unique(chosen).tolist()}
        clips = np.stack([np.stack([small[i] for i in row]) for row in chosen.tolist()])
        return clips, VideoLayout(self.grid, self.patch, self.stride, (left, top, side), chosen)

    def encode(self, sample: VideoSample) -> InputArray:
        clips, layout = self.clips(sample)
        features = self.features(torch.from_numpy(clips).float() / 255)
        return InputArray(features, self.positions, layout)

    def shrink(self, square: np.ndarray) -> np.ndarray:
        """One frame's square brought to size x size; averaging keeps fine texture from aliasing into movement."""
        method = Image.Resampling.BOX if len(square) > self.size else Image.Resampling.BICUBIC
        return np.asarray(
            Image.fromarray(np.ascontiguousarray(square)).resize((self.size, self.size), method)
        )
