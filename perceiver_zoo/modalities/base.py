"""What every modality shares: the input array, the layout and the seam between a sample and the network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
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

    features: float32 [W, M, C]; W windows of a long sound or clip, tiles of a large picture, 1 for everything else.
    positions: float32 [1 or W, M, d] in [-1, 1].
    Text has ids, int64 [1, M], and indices, int64 [1, M, 1], in their place. Where an input array has parts with
    channels of their own (sound, picture, label), both are dicts of the parts, joined along M in that order.
    layout: folds M weights of one window back.
    mask: bool [W, M], True where an element may be read, or None for all.
    """

    features: Any
    positions: Any
    layout: Layout
    mask: Tensor | None = None

    def in_turn(self, elements: int) -> Iterator[InputArray]:
        """The windows in order, as many at a time as have about `elements` elements together, but at least one."""
        parts = self.features if isinstance(self.features, dict) else {"": self.features}
        windows = next(iter(parts.values())).shape[0]
        step = max(1, elements // max(1, sum(part.shape[1] for part in parts.values())))
        for first in range(0, windows, step):
            cut = slice(first, first + step)
            yield InputArray(
                each(self.features, lambda x: x[cut]),  # noqa: B023
                each(self.positions, lambda x: x if len(x) == 1 else x[cut]),  # noqa: B023
                self.layout,
                None if self.mask is None else self.mask[cut],
            )

    def to(self, device: torch.device) -> InputArray:
        mask = None if self.mask is None else self.mask.to(device)
        features, positions = (each(x, lambda t: t.to(device)) for x in (self.features, self.positions))
        return InputArray(features, positions, self.layout, mask)


def each(parts: Any, change: Callable[[Tensor], Tensor]) -> Any:
    """`change` of the tensor, or of every part."""
    return {name: change(x) for name, x in parts.items()} if isinstance(parts, dict) else change(parts)


class Modality(ABC):
    """One way of reading samples. Subclasses are dataclasses whose fields a model's config.json stores.

    kinds: which samples it reads, where those are not of its own name. options: how files are read for it, see `media`.
    """

    name: ClassVar[str]
    kinds: ClassVar[tuple[str, ...]] = ()
    options: ClassVar[dict[str, float]] = {}

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
