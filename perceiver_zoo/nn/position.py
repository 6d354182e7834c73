"""Fourier position features (Perceiver paper, section 3.2 and appendix D)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class FourierConfig:
    """How positions are written out as features.

    bands: K, the number of frequencies per axis.
    max_resolution: one entry per axis; frequencies run evenly from 1 to max_resolution / 2
        (the Nyquist frequency of that many samples over [-1, 1]).
    """

    bands: int
    max_resolution: tuple[float, ...]

    @property
    def axes(self) -> int:
        return len(self.max_resolution)

    def frequencies(self) -> Tensor:
        """[axes, bands], in half turns over the range [-1, 1]."""
        return torch.stack([torch.linspace(1.0, most / 2, self.bands) for most in self.max_resolution])

    @property
    def channels(self) -> int:
        return self.axes * (2 * self.bands + 1)


class FourierFeatures(nn.Module):
    """positions [..., d] in [-1, 1] -> features [..., d * (2K + 1)].

    The order is the released checkpoints' own: the raw positions, then sin(pi f x) axis by axis, then cos(pi f x).
    """

    frequencies: Tensor

    def __init__(self, config: FourierConfig) -> None:
        super().__init__()
        self.config = config
        self.register_buffer("frequencies", config.frequencies(), persistent=False)

    def forward(self, positions: Tensor) -> Tensor:
        if positions.shape[-1] != self.config.axes:
            raise ValueError(f"positions have {positions.shape[-1]} axes, the model reads {self.config.axes}")
        # In float32, for bf16 has too few digits for a high band; pi comes last, as the released weights were trained.
        angles = (positions.float()[..., None] * self.frequencies).flatten(-2) * math.pi
        return torch.cat([positions.float(), angles.sin(), angles.cos()], dim=-1)
