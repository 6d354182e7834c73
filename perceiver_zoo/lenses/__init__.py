"""Lenses reduce a trace to one map [W, M]; one small file each. A new lens is one more entry here."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from perceiver_zoo.lenses.answer import answer
from perceiver_zoo.lenses.latent import latent
from perceiver_zoo.lenses.mean import mean
from perceiver_zoo.lenses.rows import SCALES

LENSES: dict[str, Callable[..., Tensor]] = {"mean": mean, "latent": latent, "answer": answer}

__all__ = ["LENSES", "SCALES", "answer", "latent", "mean"]
