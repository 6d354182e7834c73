"""What every modality shares: the input array, the layout and the seam between a sample and the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor


class Layout(ABC):
    """How the M elements of an input array fold back into the sample's own shape."""

    @property
    @abstractmethod
    def shape(self) -> tuple[int, ...]:
        """The folded shape; its product is M."""

    def fold(self, weights: Any) -> np.ndarray:
        """Weights [..., M] -> float32 [..., *shape]."""
        weights = np.asarray(weights, dtype=np.float32)
        if weights.shape[-1] != int(np.prod(self.shape)):
            raise ValueError(f"{weights.shape[-1]} weights do not fold into {self.shape}")
        return weights.reshape(*weights.shape[:-1], *self.shape)


@dataclass(frozen=True)
class InputArray:
    """The elements one sample becomes.

    features: float32 [W, M, C]; W windows of a long sound or clip, 1 for everything else.
    positions: float32 [1 or W, M, d] in [-1, 1].
    layout: folds M weights of one window back.
    mask: bool [W, M], True where an element may be read, or None for all.
    """

    features: Tensor
    positions: Tensor
    layout: Layout
    mask: Tensor | None = None


class Modality(ABC):
    """One way of reading samples. Subclasses are dataclasses whose fields a model's config.json stores."""

    name: ClassVar[str]

    @property
    @abstractmethod
    def channels(self) -> int:
        """C, the feature channels of an element before its position features."""

    @property
    @abstractmethod
    def unit(self) -> str:
        """What one element is, in a word or two for the page."""

    @abstractmethod
    def encode(self, sample: Any) -> InputArray:
        """Turn a decoded sample into its input array."""


def grid_positions(*counts: int) -> Tensor:
    """Positions [1, prod(counts), d] of a regular grid, each axis evenly over [-1, 1], row-major."""
    axes = [torch.linspace(-1, 1, n) if n > 1 else torch.zeros(1) for n in counts]
    return torch.stack(torch.meshgrid(*axes, indexing="ij"), dim=-1).reshape(1, -1, len(counts))
