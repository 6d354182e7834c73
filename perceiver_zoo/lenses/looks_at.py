"""Looks at this: which latents read one element, and what else they read."""

from __future__ import annotations

import torch
from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, check_weights, mean_rows
from perceiver_zoo.nn.trace import Trace


def looks_at(
    trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights", element: int = 0
) -> Tensor:
    """Map [W, M]: the latents' rows, each weighed by how much of it lies on `element`; sums to one.

    Raises ValueError for an element there is not, or that some window did not read, and for scale "scores".
    """
    check_weights(trace, look, head, scale, "looks at this")
    weights = readers(trace, element, look, head)
    total = weights.sum(dim=1, keepdim=True)
    if not (total > 0).all():
        raise ValueError(f"element {element} was not read by any latent")
    return accumulate(trace, look, head, (weights / total)[:, None])[:, 0]


def readers(trace: Trace, element: int, look: int = 0, head: int | None = None) -> Tensor:
    """The weight [W, N] of each latent's row on `element`."""
    check_weights(trace, look, head, "weights", "looks at this")
    elements = trace.looks[look].key.shape[2]
    if not 0 <= element < elements:
        raise ValueError(f"element {element} does not exist: the input array has elements 0..{elements - 1}")
    return torch.cat([part[:, :, element] for part in mean_rows(trace, look, head)], dim=1)
