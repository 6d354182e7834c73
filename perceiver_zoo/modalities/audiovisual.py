"""Sound and picture together, as DeepMind's released video model reads them (Perceiver IO, section 4.3, and its colab).

One window is 16 frames at 25 a second with their 0.64 s of sound. The input array joins three parts in this order:
the sound's patches, the picture's patches and one element for the label.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality, grid_positions
from perceiver_zoo.modalities.video import VideoLayout

TAPS = 16  # zero crossings of the resampling filter on each side


@dataclass(frozen=True)
class WaveLayout(Layout):
    """The sound's part alone: `sound` patches of each window, with the windows' starts and length in seconds."""

    sound: int
    starts: np.ndarray
    seconds: float

    @property
    def shape(self) -> tuple[int]:
        return (self.sound,)


@dataclass(frozen=True)
class AudiovisualLayout(Layout):
    """The parts of each window.

    sound: patches of sound. grid: patches of picture along time, height and width. patch: pixels along one's sides.
    box: (left, top, side) of the square that was read, in the sample's pixels.
    frames: int [W, T], the index of the sample's frame behind each frame the model saw.
    starts: float [W], where each window begins, in seconds since the first frame. seconds: length of a window.
    """

    sound: int
    grid: tuple[int, int, int]
    patch: int
    box: tuple[int, int, int]
    frames: np.ndarray
    starts: np.ndarray
    seconds: float

    @property
    def shape(self) -> tuple[int]:
        return (self.sound + math.prod(self.grid) + 1,)

    @property
    def video(self) -> VideoLayout:
        """The picture's part alone, for the views of clips."""
        return VideoLayout(self.grid, (1, self.patch, self.patch), 1, self.box, self.frames)

    @property
    def waves(self) -> WaveLayout:
        """The sound's part alone."""
        return WaveLayout(self.sound, self.starts, self.seconds)

    def split(self, weights: Any) -> dict[str, np.ndarray]:
        """Weights [..., M] -> float32 "audio" [..., sound], "image" [..., *grid] and "label" [..., 1]."""
        weights = self.fold(weights)
        sound, image, label = np.split(weights, [self.sound, weights.shape[-1] - 1], axis=-1)
        return {"audio": sound, "image": image.reshape(*image.shape[:-1], *self.grid), "label": label}

    def shares(self, weights: Any) -> dict[str, float]:
        """What each part has of the weights [..., M] (after the softmax) of all windows together; they sum to 1."""
        totals = {name: float(part.sum(dtype=np.float64)) for name, part in self.split(weights).items()}
        whole = sum(totals.values()) or 1.0
        return {name: total / whole for name, total in totals.items()}


@dataclass(frozen=True)
class AudiovisualModality(Modality):
    """Reads the centre square at size x size, `frames` frames at `rate` a second, with their sound.

    patch: pixels along each side of a patch of picture. sound_rate: samples a second; sound_patch: samples of a patch.
    labels: classes, whose element stays zero because to say the class is the model's task. windows: at most so many,
    spread evenly over the clip. As in the colab, colours are 0..1, and of the sound the first channel is read, in
    -1..1. A sound alone is read with a black picture: the released weights have seen no clip without one.
    """

    name = "audiovisual"
    kinds = ("video", "audio")
    # As many frames as are looked at, and a shorter side of at least `size` for pictures up to 16:9.
    options: ClassVar[dict[str, float]] = {"fps": 25.0, "max_side": 400, "rate": 48_000}
    frames: int = 16
    rate: float = 25.0
    size: int = 224
    patch: int = 4
    sound_rate: int = 48_000
    sound_patch: int = 16
    labels: int = 700
    windows: int = 3

    @property
    def channels(self) -> int:
        """Channels of the widest part; `parts` has them all."""
        return max(self.parts.values())

    @property
    def parts(self) -> dict[str, int]:
        """Feature channels of each part, in the input array's order."""
        return {"audio": self.sound_patch, "image": 3 * self.patch**2, "label": self.labels}

    @property
    def unit(self) -> str:
        return "patch of sound or picture"

    @property
    def grid(self) -> tuple[int, int, int]:
        return self.frames, self.size // self.patch, self.size // self.patch

    @property
    def seconds(self) -> float:
        """How long a window lasts."""
        return self.frames / self.rate

    @property
    def samples(self) -> int:
        """Samples of sound in a window."""
        return round(self.seconds * self.sound_rate)

    @property
    def positions(self) -> dict[str, Tensor]:
        """Positions [1, M, d] of each part that has any: (time) of the sound, (time, row, column) of the picture."""
        return {
            "audio": grid_positions(self.samples // self.sound_patch),
            "image": grid_positions(*self.grid),
        }

    def window_starts(self, times: np.ndarray) -> np.ndarray:
        """Times [T] of a clip, seconds from 0 on, -> float [W], where its windows begin; the last ends with it."""
        spare = max(float(times[-1]) - (self.frames - 1) / self.rate, 0.0)
        # Clips are cut at multiples of 1 / rate, which are not exact in binary: no window for a rounding error.
        count = min(self.windows, 1 + math.ceil(spare / self.seconds - 1e-6))
        return np.linspace(0, spare, count)

    def window_frames(self, times: np.ndarray, starts: np.ndarray) -> np.ndarray:
        """int [W, frames], the frame of a clip with these times [T] that is nearest to each moment of each window."""
        moments = starts[:, None] + np.arange(self.frames) / self.rate
        return np.abs(times[None, None, :] - moments[..., None]).argmin(axis=-1)

    def window_sounds(self, audio: AudioSample | None, starts: np.ndarray) -> np.ndarray:
        """float32 [W, samples], the sound from each start (seconds) on; silence where the clip has none."""
        if audio is None:
            return np.zeros((len(starts), self.samples), np.float32)
        cuts = [resampled(audio, self.sound_rate, start, self.samples) for start in starts.tolist()]
        return np.stack(cuts)

    def features(self, clips: Tensor, sounds: Tensor) -> dict[str, Tensor]:
        """Clips [W, T, S, S, 3] in 0..1 and sounds [W, samples] in -1..1 -> features [W, M, C] of each part."""
        side, pixels = self.size // self.patch, self.patch
        x = clips.reshape(-1, self.frames, side, pixels, side, pixels, 3)
        # W, T, rows, columns, and then a patch's own rows, columns, colours
        x = x.permute(0, 1, 2, 4, 3, 5, 6)
        return {
            "audio": sounds.unflatten(1, (-1, self.sound_patch)),
            "image": x.reshape(len(clips), math.prod(self.grid), 3 * pixels**2),
            "label": torch.zeros(len(clips), 1, self.labels),
        }

    def encode(self, sample: VideoSample | AudioSample) -> InputArray:
        if isinstance(sample, AudioSample):
            sample = with_black_picture(sample, self.rate)
        height, width = sample.frames.shape[1:3]
        side = min(height, width)
        left, top = width // 2 - side // 2, height // 2 - side // 2
        times = sample.times - sample.times[0]
        starts = self.window_starts(times)
        chosen = self.window_frames(times, starts)
        square = sample.frames[:, top : top + side, left : left + side]
        seen, place = np.unique(chosen, return_inverse=True)
        small = np.stack([resize(square[index], self.size) for index in seen.tolist()])
        clips = torch.from_numpy(small[place.reshape(chosen.shape)]).float() / 255
        sounds = torch.from_numpy(self.window_sounds(sample.audio, starts))
        patches, box = self.samples // self.sound_patch, (left, top, side)
        layout = AudiovisualLayout(patches, self.grid, self.patch, box, chosen, starts, self.seconds)
        return InputArray(self.features(clips, sounds), self.positions, layout)

    def frames_back(self, image: Any) -> np.ndarray:
        """Decoded frames [W, T, S, S, 3], about 0..1, -> RGB uint8 of the same shape."""
        return (np.clip(np.asarray(image, np.float32), 0, 1) * 255 + 0.5).astype(np.uint8)

    def sound_back(self, audio: Any) -> AudioSample:
        """Decoded sound [W, samples] -> one sound, the windows laid one after the other."""
        wave = np.asarray(audio, np.float32).reshape(-1)
        return AudioSample(np.clip(wave, -1, 1), self.sound_rate)


def with_black_picture(audio: AudioSample, rate: float) -> VideoSample:
    """The sound as a clip of black frames, `rate` of them a second."""
    count = max(1, round(audio.seconds * rate))
    return VideoSample(np.zeros((count, 2, 2, 3), np.uint8), np.arange(count) / rate, audio)


def resize(pixels: np.ndarray, size: int) -> np.ndarray:
    """uint8 [h, w, 3] -> uint8 [size, size, 3] as OpenCV's INTER_LINEAR: bilinear, also where it shrinks.

    In the fixed point that OpenCV counts in (weights of 11 bits; imgproc/resize.cpp), so the values are the same;
    checked against OpenCV 5.0 at eight sizes.
    """
    (above, below), high = neighbours(pixels.shape[0], size)
    (left, right), wide = neighbours(pixels.shape[1], size)
    across = [
        (line[:, left] * wide[0, :, None] + line[:, right] * wide[1, :, None]) >> 4
        for line in (pixels[above].astype(np.int32), pixels[below].astype(np.int32))
    ]
    down = [(part * weight[:, None, None]) >> 16 for part, weight in zip(across, high, strict=True)]
    return ((down[0] + down[1] + 2) >> 2).astype(np.uint8)


def neighbours(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `size` places along `count` pixels: the two pixels beside it, and their weights in 2048ths.

    Both int [2, size]; pixel centres of the two grids lie at (i + 0.5) / count and (i + 0.5) / size.
    """
    place = ((np.arange(size) + 0.5) * (count / size) - 0.5).astype(np.float32)
    lower = np.floor(place)
    part = place - lower
    weights = np.rint(np.stack([1 - part, part]) * np.float32(2048)).astype(np.int32)
    return np.clip(np.stack([lower, lower + 1]), 0, count - 1).astype(np.int64), weights


def resampled(audio: AudioSample, rate: int, start: float, count: int) -> np.ndarray:
    """float32 [count] of a sound at `rate` samples a second from `start` seconds on; silence outside of it.

    Interpolates with a sinc under a Hann window, low-pass where the rate falls (J. O. Smith, Digital Audio Resampling).
    At the sound's own rate it is the samples themselves.
    """
    first = round(start * rate)
    if audio.rate == rate:
        wave = audio.waveform[first : first + count]
        return np.pad(wave, (0, count - len(wave))).astype(np.float32)
    cutoff = min(1.0, rate / audio.rate)
    reach = math.ceil(TAPS / cutoff)
    wave = np.pad(audio.waveform, reach).astype(np.float64)
    moments = (first + np.arange(count)) * (audio.rate / rate)
    before = np.floor(moments).astype(np.int64)
    result = np.zeros(count)
    for tap in range(1 - reach, reach + 1):
        index = before + tap
        distance = index - moments
        window = 0.5 + 0.5 * np.cos(np.pi * np.clip(distance / reach, -1, 1))
        inside = np.clip(index + reach, 0, len(wave) - 1)  # both ends of the padded wave are silent
        result += wave[inside] * cutoff * np.sinc(cutoff * distance) * window
    return result.astype(np.float32)
