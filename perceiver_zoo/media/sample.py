"""Samples: decoded inputs, with all that is needed to show them again. Needs NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Modality: TypeAlias = Literal["image", "audio", "video", "point_cloud", "text"]


@dataclass(frozen=True, eq=False)
class ImageSample:
    """One picture: `pixels` is uint8 `[H, W, 3]`, RGB, upright."""

    modality: ClassVar[Modality] = "image"
    pixels: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class AudioSample:
    """One sound: `waveform` is float32 `[L]`, mono, in [-1, 1]; `rate` is in samples a second."""

    modality: ClassVar[Modality] = "audio"
    waveform: NDArray[np.float32]
    rate: int

    @property
    def seconds(self) -> float:
        """How long the sound lasts."""
        return len(self.waveform) / self.rate


@dataclass(frozen=True, eq=False)
class VideoSample:
    """One clip: `frames` is uint8 `[T, H, W, 3]`, RGB, upright, with even H and W; `times` is float64 `[T]`.

    The times are seconds since the first frame, strictly rising. `audio` starts with the first frame too; it is
    None where the clip has no sound.
    """

    modality: ClassVar[Modality] = "video"
    frames: NDArray[np.uint8]
    times: NDArray[np.float64]
    audio: AudioSample | None = None


@dataclass(frozen=True, eq=False)
class PointCloudSample:
    """One 3D shape: `points` is float32 `[P, 3]`, all finite; `colors` is uint8 `[P, 3]`, RGB, or None."""

    modality: ClassVar[Modality] = "point_cloud"
    points: NDArray[np.float32]
    colors: NDArray[np.uint8] | None = None


@dataclass(frozen=True)
class TextSample:
    """One text, in any script; each `[MASK]` in it stands for one hidden byte."""

    modality: ClassVar[Modality] = "text"
    text: str


Sample: TypeAlias = ImageSample | AudioSample | VideoSample | PointCloudSample | TextSample
