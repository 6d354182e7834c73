"""One latent: what a single question of the latent array read."""

from __future__ import annotations

from torch import Tensor

from perceiver_zoo.lenses.rows import check, pick, sole_row
from perceiver_zoo.nn.trace import Trace


def latent(
    trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights", latent: int = 0
) -> Tensor:
    """Map [W, M] of latent `latent` at cross-attend `look`; head None is the mean over heads.

    scale "weights" sums to one over the elements read; "scores" is q k / sqrt(d), NaN at elements left out.
    Raises ValueError for a look, head, latent or scale the trace does not have.
    """
    check(trace, look, head, scale)
    if not 0 <= latent < trace.latent_count:
        raise ValueError(f"latent {latent} does not exist: the model has latents 0..{trace.latent_count - 1}")
    query, key = pick(trace, look, head)
    return sole_row(trace, query[:, :, latent : latent + 1], key, scale)
