"""Sounds: everyday sounds, spoken digits and instruments as one set of 30 classes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.training.packed import Packed
from perceiver_zoo.training.task import Batch, Task, one_hot

FLOOR = 1e-8  # the power that AudioModality.log_mel clamps at
DIGITS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


@dataclass(frozen=True)
class Part:
    """One packed data set: which file, which records are held out, and what its classes are called on the page."""

    name: str
    file: str
    records: str

    def held_out(self, packed: Packed) -> np.ndarray:
        return packed["fold"] == 4 if "fold" in packed.arrays else packed["is_test"]

    def labels(self, packed: Packed) -> list[str]:
        if self.name == "digits":
            return [f"digit {DIGITS[int(name)]}" for name in packed.classes]
        return [name.replace("_", " ").lower() for name in packed.classes]


PARTS = (
    Part("everyday", "audio/esc10.npz", "ogg"),
    Part("digits", "audio/fsdd.npz", "flac"),
    Part("instruments", "audio/instruments10.npz", "ogg"),
)


class Sounds(Task):
    """ESC-10, Free Spoken Digits and ten FSDKaggle2018 instruments.

    Augmented as mel power, where mixing is addition: shift, gain, equaliser, noise floor, background, SpecAugment
    (Park et al. 2019), mixing of two clips, dropped elements; tempo and pitch by resampling when read.
    """

    modality: AudioModality
    split = "ESC-10 fold 4, Free Spoken Digits test, instruments test"
    tempos = (0.88, 0.94, 1.0, 1.06, 1.13)
    elements = 224
    smoothing = 0.1
    mixing = 0.3

    def __init__(self, data, modality) -> None:
        super().__init__(data, modality)
        self.packed = [Packed(data / part.file, part.records) for part in PARTS]
        self.offsets = np.cumsum([0] + [len(packed.classes) for packed in self.packed])
        self.classes = [
            label for part, packed in zip(PARTS, self.packed, strict=True) for label in part.labels(packed)
        ]

    def prepare(self) -> None:
        """Mel power of every training clip at every tempo, grouped by class."""
        self.clips: list[list[list[Tensor]]] = [[] for _ in self.classes]
        for part, packed, offset in zip(PARTS, self.packed, self.offsets[:-1], strict=True):
            held = part.held_out(packed)
            for i, wave in enumerate(packed.sounds(self.modality.rate, part.name)):
                if held[i]:
                    continue
                waves = [wave, widen_band(wave)] if part.name == "digits" else [wave]
                mels = [self.mel_power(resample(w, tempo)) for w in waves for tempo in self.tempos]
                self.clips[int(packed["labels"][i]) + offset].append(mels)

    def mel_power(self, wave: np.ndarray) -> Tensor:
        """Peak-normalised wave -> mel power [mels, frames], float32."""
        loud = torch.from_numpy(wave / max(np.abs(wave).max(), 1e-5)).float()
        modality = self.modality
        return (modality.log_mel(loud[None])[0] * modality.std + modality.mean).exp()

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        labels = rng.integers(len(self.classes), size=size)
        targets = one_hot(labels, len(self.classes), self.smoothing)
        rows = []
        for i, label in enumerate(labels.tolist()):
            power = self.scene(rng, label)
            if rng.random() < self.mixing:
                other = int(rng.integers(len(self.classes)))
                power = add(power, self.scene(rng, other), int(rng.integers(-20, 20)))
                targets[i] = (
                    targets[i] + one_hot(np.array([other]), len(self.classes), self.smoothing)[0]
                ) / 2
            rows.append(self.elements_of(rng, power))
        features, positions, masks = (torch.stack(column) for column in zip(*rows, strict=True))
        return Batch(features, positions, targets, masks)

    def scene(self, rng: np.random.Generator, label: int) -> Tensor:
        """One augmented clip of a class as mel power [mels, frames], at most one window long."""
        power = self.pick(rng, label)
        longest = self.modality.columns * self.modality.patch[1]
        spoken = self.offsets[1] <= label < self.offsets[2]
        if (
            power.shape[1] > 150 and not spoken and rng.random() < 0.5
        ):  # part of a longer sound is that sound too
            length = int(rng.integers(120, power.shape[1] + 1))
            start = int(rng.integers(power.shape[1] - length + 1))
            if power[:, start : start + length].sum() > 0.2 * power.sum():
                power = power[:, start : start + length]
        power = power[:, :longest]
        if rng.random() < 0.5:  # silence or noise around it
            length = int(rng.integers(power.shape[1], longest + 1))
            canvas = torch.full((power.shape[0], length), FLOOR)
            power = add(canvas, power, int(rng.integers(length - power.shape[1] + 1)))
        if rng.random() < 0.4:
            background = self.pick(rng, int(rng.integers(self.offsets[1])))
            level = power.mean() / background.mean().clamp_min(FLOOR) * 10 ** rng.uniform(-3.5, -1.5)
            power = add(power, background * level, int(rng.integers(-100, 1)))
        return self.colour(rng, power)

    def pick(self, rng: np.random.Generator, label: int) -> Tensor:
        tempos = self.clips[label][rng.integers(len(self.clips[label]))]
        return tempos[rng.integers(len(tempos))]

    def colour(self, rng: np.random.Generator, power: Tensor) -> Tensor:
        """Another microphone and room level: gain, a smooth equaliser, a noise floor, sometimes a low-pass."""
        mels = power.shape[0]
        curve = np.interp(np.arange(mels), np.linspace(0, mels - 1, 5), rng.normal(0, 1.0, 5))
        power = power * torch.from_numpy(np.exp(curve + rng.normal(0, 1.0))).float()[:, None]
        slope = np.linspace(0, rng.uniform(-4, 2), mels)
        noise = torch.from_numpy(np.exp(slope)).float()[:, None] * 10 ** rng.uniform(-8, -3)
        power = power + noise * -torch.log(torch.rand(power.shape, generator=seeded(rng)) + 1e-9)
        if rng.random() < 0.3:
            power[int(rng.integers(mels * 3 // 4, mels)) :] = FLOOR
        return power

    def elements_of(self, rng: np.random.Generator, power: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """A random `elements` of the clip's elements: features [E, C], positions [E, 2], mask [E]."""
        modality, hops = self.modality, self.modality.patch[1]
        columns = min(max(1, round(power.shape[1] / hops)), modality.columns)
        power = torch.nn.functional.pad(power, (0, max(0, columns * hops - power.shape[1])), value=FLOOR)
        mel = (power[None, :, : columns * hops].clamp_min(FLOOR).log() - modality.mean) / modality.std
        features = modality.patches(mask_bands(rng, mel))[0]
        positions = modality.positions(columns, int(rng.integers(modality.columns - columns + 1)))[0]
        order = torch.from_numpy(rng.permutation(len(features))[: self.elements])
        spare = self.elements - len(order)
        mask = torch.arange(self.elements) < len(order)
        pad = (0, 0, 0, spare)
        features = torch.nn.functional.pad(features[order], pad)
        return features, torch.nn.functional.pad(positions[order], pad), mask

    def held_out(self) -> Iterator[tuple[AudioSample, int, str]]:
        for part, packed, offset in zip(PARTS, self.packed, self.offsets[:-1], strict=True):
            held = part.held_out(packed)
            for i, wave in enumerate(packed.sounds(self.modality.rate, part.name)):
                if held[i]:
                    yield AudioSample(wave, self.modality.rate), int(packed["labels"][i] + offset), part.name


def resample(wave: np.ndarray, tempo: float) -> np.ndarray:
    """Play `wave` `tempo` times as fast, pitch and all."""
    if tempo == 1.0:
        return wave
    return np.interp(np.arange(0, len(wave) - 1, tempo), np.arange(len(wave)), wave).astype(np.float32)


def widen_band(wave: np.ndarray) -> np.ndarray:
    """Harmonics above a recording's band, by rectifying it: an 8 kHz recording then gives no class away."""
    bright = np.diff(np.abs(np.diff(wave, prepend=0.0)), prepend=0.0)
    return (wave + bright * np.abs(wave).max() / max(np.abs(bright).max(), 1e-5) * 0.3).astype(np.float32)


def add(power: Tensor, other: Tensor, offset: int) -> Tensor:
    """`power` plus `other` from frame `offset` on, cut to the length of `power`."""
    total = power.clone()
    start, end = max(offset, 0), min(offset + other.shape[1], power.shape[1])
    if start < end:
        total[:, start:end] += other[:, start - offset : end - offset]
    return total


def mask_bands(rng: np.random.Generator, mel: Tensor) -> Tensor:
    """SpecAugment: one band of frequencies and one of time set to the mean."""
    mel = mel.clone()
    width = int(rng.integers(0, 10))
    start = int(rng.integers(mel.shape[1] - width + 1))
    mel[:, start : start + width] = mel.mean()
    width = int(rng.integers(0, max(1, min(40, mel.shape[2] // 4))))
    start = int(rng.integers(mel.shape[2] - width + 1))
    mel[:, :, start : start + width] = mel.mean()
    return mel


def seeded(rng: np.random.Generator) -> torch.Generator:
    return torch.Generator().manual_seed(int(rng.integers(2**62)))
