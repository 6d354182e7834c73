"""Rollout: the latents that reached the answer, followed back through the latent transformers to a look."""

from __future__ import annotations

import torch
from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, attention_row, check_weights
from perceiver_zoo.nn.trace import Trace


def rollout(trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights") -> Tensor:
    """Map [W, M]: the latents' rows at `look`, weighed by `shares`; sums to one.

    Attention rollout (Abnar and Zuidema 2020). Raises ValueError where the run did not keep how the latents mixed, and
    for scale "scores".
    """
    check_weights(trace, look, head, scale, "rollout")
    return accumulate(trace, look, head, shares(trace, look)[:, None])[:, 0]


def shares(trace: Trace, look: int) -> Tensor:
    """How much of the answer came by way of each latent as it was after `look`: [W, N], sums to one.

    From the decoder's row over the latents, or the plain mean of a mean readout, back through 0.5 I + 0.5 A of every
    self-attend. A later look keeps half of every latent alike, which does not change their shares.
    """
    if not trace.mixing:
        raise ValueError("rollout needs a run that kept how its latents mixed; this one did not")
    windows, count = trace.latents.shape[:2]
    row = attention_row(trace.answer) if trace.answer else torch.full((windows, count), 1 / count)
    for mix in reversed(trace.mixing[look:]):
        row = (row[:, None] @ mix)[:, 0]
    return row
