"""Mean over latents: what the whole latent array read."""

from __future__ import annotations

from torch import Tensor

from perceiver_zoo.lenses.rows import check, pick, sole_row, weight_rows
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
    total = key.new_zeros(key.shape[0], key.shape[2])
    for rows in weight_rows(query, key, trace.mask):
        total += rows.mean(dim=1).sum(dim=1)
    return total / query.shape[2]
