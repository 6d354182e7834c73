"""What a training run learns from: batches to train on, and held-out samples to measure on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.modalities import Modality


@dataclass(frozen=True)
class Batch:
    """features [B, M, C], positions [B or 1, M, d], targets [B, classes] (rows sum to one), mask [B, M] or None."""

    features: Tensor
    positions: Tensor
    targets: Tensor
    mask: Tensor | None = None

    def to(self, device: torch.device) -> Batch:
        mask = None if self.mask is None else self.mask.to(device)
        return Batch(self.features.to(device), self.positions.to(device), self.targets.to(device), mask)


class Task(ABC):
    """One data set family, seen through one modality.

    classes: names in the order of the readout. part names group held-out figures, e.g. the digits of the audio model.
    """

    classes: list[str]
    split: str  # which records the published figure is measured on, in words

    def __init__(self, data: Path, modality: Modality) -> None:
        self.data = data
        self.modality = modality

    @abstractmethod
    def prepare(self) -> None:
        """Read the training records; measuring alone does not need them."""

    @abstractmethod
    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        """A batch of `size` augmented training examples."""

    @abstractmethod
    def held_out(self) -> Iterator[tuple[Any, int, str]]:
        """Every held-out (sample, label, part), decoded as the page would see it."""


def one_hot(labels: np.ndarray, classes: int, smoothing: float = 0.0) -> Tensor:
    """Targets [B, classes] with label smoothing (Szegedy et al. 2016)."""
    hot = torch.nn.functional.one_hot(torch.from_numpy(labels.astype(np.int64)), classes).float()
    return hot * (1 - smoothing) + smoothing / classes
