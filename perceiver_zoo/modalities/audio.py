"""Sound: one element a patch of the mel spectrogram, or of the raw waveform (paper, section 4.2 and appendix F)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality


@dataclass(frozen=True)
class AudioLayout(Layout):
    """Patches of each window.

    grid: patches along frequency (low to high) and time. hertz: [rows + 1] edges of the frequency rows.
    starts: float [W], where each window begins in the sample, in seconds. seconds: length of a window.
    """

    grid: tuple[int, int]
    hertz: tuple[float, ...]
    starts: np.ndarray
    seconds: float

    @property
    def shape(self) -> tuple[int, int]:
        return self.grid


@dataclass(frozen=True)
class AudioModality(Modality):
    """Reads mono sound at `rate`, at most `seconds` in one window; longer sounds in several windows.

    patch: mel bins and hops of one element. raw: read `patch[1] * hop` samples of waveform an element instead.
    """

    name = "audio"
    rate: int = 16000
    seconds: float = 5.0
    mels: int = 64
    fft: int = 512
    hop: int = 160
    patch: tuple[int, int] = (8, 8)
    windows: int = 13
    raw: bool = False
    # Mean and standard deviation of log-mel over the training clips, so that features lie near zero.
    mean: float = -7.0
    std: float = 4.0

    @property
    def channels(self) -> int:
        return self.step if self.raw else self.patch[0] * self.patch[1]

    @property
    def unit(self) -> str:
        return "slice of waveform" if self.raw else "time-frequency patch"

    @property
    def step(self) -> int:
        """Samples of waveform one column of elements covers."""
        return self.patch[1] * self.hop

    @property
    def rows(self) -> int:
        return 1 if self.raw else self.mels // self.patch[0]

    @property
    def columns(self) -> int:
        """Columns of elements in a full window."""
        return int(self.seconds * self.rate) // self.step

    @cached_property
    def filters(self) -> Tensor:
        return mel_filters(self.mels, self.fft, self.rate)

    @property
    def edges(self) -> tuple[float, ...]:
        """Frequencies in hertz between the rows of elements, low to high."""
        if self.raw:
            return 0.0, self.rate / 2
        return tuple(mel_edges(self.mels, self.rate)[:: self.patch[0]].tolist())

    def positions(self, columns: int, first: int = 0) -> Tensor:
        """Positions [1, rows * columns, 2] of (frequency, time); time runs over [-1, 1] in a full window."""
        rows = torch.linspace(-1, 1, self.rows) if self.rows > 1 else torch.zeros(1)
        times = (torch.arange(columns) + first + 0.5) / self.columns * 2 - 1
        return torch.stack(torch.meshgrid(rows, times, indexing="ij"), dim=-1).reshape(1, -1, 2)

    def log_mel(self, waves: Tensor) -> Tensor:
        """Waves [B, L] -> log-mel [B, mels, L // hop], natural logarithm, normalised."""
        pad = (self.fft - self.hop) // 2
        waves = torch.nn.functional.pad(waves, (pad, self.fft - self.hop - pad))
        window = torch.hann_window(self.fft, device=waves.device)
        spectrum = torch.stft(waves, self.fft, self.hop, window=window, center=False, return_complex=True)
        power = spectrum.abs().square()
        return ((self.filters.to(power) @ power).clamp_min(1e-8).log() - self.mean) / self.std

    def features(self, waves: Tensor) -> Tensor:
        """Waves [B, columns * step] -> features [B, M, C]."""
        if self.raw:
            return waves.unflatten(1, (-1, self.step))
        return self.patches(self.log_mel(waves))

    def patches(self, mel: Tensor) -> Tensor:
        """Log-mel [B, mels, frames] -> features [B, M, C], rows low to high, each row in time order."""
        bins, hops = self.patch
        x = mel.unflatten(2, (-1, hops)).unflatten(1, (-1, bins))  # B, rows, bins, columns, hops
        return x.permute(0, 1, 3, 2, 4).flatten(3).flatten(1, 2)

    def encode(self, sample: AudioSample) -> InputArray:
        if sample.rate != self.rate:
            raise ValueError(f"sound at {sample.rate} Hz, the model reads {self.rate} Hz")
        peak = float(np.abs(sample.waveform).max(initial=0.0))
        if peak < 1e-5:
            raise MediaError("This sound is silent: nothing in it can be classified.")
        wave = sample.waveform / peak
        columns = min(max(1, math.ceil(len(wave) / self.step)), self.columns)
        length = columns * self.step
        wave = np.pad(wave, (0, max(0, length - len(wave))))
        spare = len(wave) - length
        # A remainder shorter than one element is no reason for another window.
        count = min(self.windows, 1 + math.ceil(spare / length)) if spare >= self.step else 1
        starts = np.linspace(0, spare, count).astype(int)
        waves = torch.from_numpy(np.stack([wave[s : s + length] for s in starts.tolist()])).float()
        positions = self.positions(columns, first=(self.columns - columns) // 2)
        layout = AudioLayout((self.rows, columns), self.edges, starts / self.rate, length / self.rate)
        return InputArray(self.features(waves), positions, layout)


def mel_edges(mels: int, rate: int) -> Tensor:
    """Frequencies [mels + 1] in hertz, evenly spaced on the HTK mel scale from 0 to rate / 2."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    return 700 * (10 ** (torch.linspace(0, float(top), mels + 1) / 2595) - 1)


def mel_filters(mels: int, fft: int, rate: int) -> Tensor:
    """Triangular filters [mels, fft // 2 + 1], evenly spaced on the HTK mel scale from 0 to rate / 2."""
    top = 2595 * np.log10(1 + rate / 2 / 700)
    corners = 700 * (10 ** (torch.linspace(0, float(top), mels + 2) / 2595) - 1)
    bins = torch.linspace(0, rate / 2, fft // 2 + 1)
    rise = (bins - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - bins) / (corners[2:] - corners[1:-1])[:, None]
    return torch.minimum(rise, fall).clamp_min(0)
