"""Focus: latents in the order of how concentrated their look is, and the map of one of them."""

from __future__ import annotations

from functools import lru_cache

import torch
from torch import Tensor

from perceiver_zoo.lenses.class_evidence import contributions
from perceiver_zoo.lenses.latent import latent
from perceiver_zoo.lenses.rows import check, mean_rows, one_name
from perceiver_zoo.nn.trace import Trace

ORDERS = ("focus", "share", "index")
LEAST = torch.finfo(torch.float32).tiny


def focus(
    trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights", rank: int = 0
) -> Tensor:
    """Map [W, M] of the latent whose look is the `rank`-th most concentrated, 0 the most; see `order`.

    One latent for all windows. scale "weights" sums to one; "scores" is q k / sqrt(d), NaN at elements left out.
    Raises ValueError for a look, head, rank or scale the trace does not have.
    """
    check(trace, look, head, scale)
    if not 0 <= rank < trace.latent_count:
        raise ValueError(f"rank {rank} does not exist: the model has latents 0..{trace.latent_count - 1}")
    which, _ = order(trace, look, head)
    return latent(trace, look, head, scale, int(which[rank]))


def order(
    trace: Trace, look: int = 0, head: int | None = None, by: str = "focus", label: int | None = None
) -> tuple[Tensor, Tensor]:
    """Latents [N] sorted by a measure, and the measure [N] of each in that order, the mean over windows.

    by "focus": entropy of the row at that look in nats, least first; "share": signed contribution to the logit of
    class `label`, greatest first; "index": as they are, measured by their own number.
    """
    check(trace, look, head, "weights")
    if by not in ORDERS:
        raise ValueError(f"latents are ordered by one of {', '.join(ORDERS)}, not {by!r}")
    if by == "share" and label is None:
        raise ValueError("latents are ordered by their share of a class: name its label")
    if by == "index":
        indices = torch.arange(trace.latent_count)
        return indices, indices.float()
    measure = entropies(trace, look, head) if by == "focus" else contributions(trace, label or 0)
    values, indices = measure.mean(dim=0).sort(descending=by == "share", stable=True)
    return indices, values


def entropies(trace: Trace, look: int, head: int | None) -> Tensor:
    """Entropy [W, N] of each latent's row, in nats: 0 where it read one element, log M where it read all alike."""
    return kept_entropies(trace, look, one_name(trace, look, head))


@lru_cache(maxsize=4)
def kept_entropies(trace: Trace, look: int, head: int | None) -> Tensor:
    parts = mean_rows(trace, look, head)
    # Half the time of torch.special.entr; what rounded to zero stays zero, for the logarithm is finite.
    return -torch.cat([part.clamp_min(LEAST).log_().mul_(part).sum(dim=-1) for part in parts], dim=1)
