"""Mean over latents: what the whole latent array read."""

from __future__ import annotations

import torch
from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, check, pick, sole_row
from perceiver_zoo.nn.trace import Trace


def mean(trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights") -> Tensor:
    """Map [W, M] at cross-attend `look`, averaged over latents; head None averages over heads too.

    scale "weights" sums to one over the elements read; "scores" is q k / sqrt(d), NaN at elements left out.
    Raises ValueError for a look, head or scale the trace does not have.
    """
    check(trace, look, head, scale)
    query, key = pick(trace, look, head)
    if scale == "scores":  # a mean of products with one key is the product with the mean query
        return sole_row(trace, query.mean(dim=2, keepdim=True), key, scale)
    windows, count = key.shape[0], query.shape[2]
    return accumulate(trace, look, head, torch.full((windows, 1, count), 1 / count))[:, 0]
