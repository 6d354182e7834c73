"""The answer's own look, for Perceiver IO: which elements reached the query that made the answer."""

from __future__ import annotations

from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, attention_row, check
from perceiver_zoo.nn.trace import Look, Trace


def answer(trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights") -> Tensor:
    """Map [W, M]: the decoder's row over the latents times the latents' rows over the elements; sums to one.

    A composition of two measured attentions: the latent transformer between them is taken as if every latent kept
    its own. Raises ValueError where no single query made the answer (a mean readout), and for scale "scores", for a
    product of two softmaxes has no score.
    """
    if trace.answer is None:
        raise ValueError("the answer lens needs a model whose answer one query made; this one has none")
    return through_latents(trace, trace.answer, look, head, scale)


def through_latents(
    trace: Trace, asked: Look, look: int = 0, head: int | None = None, scale: str = "weights"
) -> Tensor:
    """The same for any one query [W, heads, 1, d] on keys [W, heads, N, d] of the latents."""
    check(trace, look, head, scale)
    if scale != "weights":
        raise ValueError("the answer lens is a product of two softmaxes: its scale is weights")
    return accumulate(trace, look, head, attention_row(asked)[:, None])[:, 0]
