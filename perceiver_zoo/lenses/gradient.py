"""Gradient-weighted attention: where more attention would have raised the logit of a class."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, attention_rows, check_weights, pick, weight_rows
from perceiver_zoo.nn.trace import Trace


@dataclass(frozen=True, eq=False)
class Pull:
    """What one cross-attend read and how the logit of a class would change with it.

    gradient [W, heads, N, dv]: of the logit by what each latent read; value [W, heads, M, dv]: of the elements. The
    gradient by the weight of latent n on element m is gradient_n value_m. In the decoder of Perceiver IO the answer's
    query reads the latents: there N is 1, and M the number of latents.
    """

    gradient: Tensor
    value: Tensor


def gradient(
    trace: Trace,
    look: int = 0,
    head: int | None = None,
    scale: str = "weights",
    pull: tuple[Pull, ...] = (),
) -> Tensor:
    """Map [W, M]: the positive part of attention times its gradient, the mean over heads and latents; in logits.

    Equation 5 of Chefer et al. 2021 (Generic Attention-model Explainability) for one cross-attend, averaged over the
    latents. pull: one entry a look, see `pipeline.gradient`, which runs the network backwards once for a class.
    Raises ValueError without it, and for scale "scores".
    """
    check_weights(trace, look, head, scale, "the gradient lens")
    if len(pull) != len(trace.looks):
        raise ValueError("the gradient lens needs the gradients of a class; ask it of a result")
    heads = slice(None) if head is None else slice(head, head + 1)
    query, key = pick(trace, look, head)
    slope, value = pull[look].gradient[:, heads].float(), pull[look].value[:, heads].float()
    total, at = torch.zeros(()), 0
    for part in weight_rows(query, key, trace.mask):
        slopes = slope[:, :, at : at + part.shape[2]] @ value.transpose(-1, -2)
        # Weights are positive, so the sign is the slope's.
        total = total + slopes.clamp_min_(0).mul_(part).sum(dim=(1, 2))
        at += part.shape[2]
    return total / (query.shape[1] * query.shape[2])


def answer_gradient(
    trace: Trace,
    look: int = 0,
    head: int | None = None,
    scale: str = "weights",
    pull: Pull | None = None,
) -> Tensor:
    """Map [W, M]: the decoder's row over the latents times its gradient, laid where the latents looked; in logits.

    The same equation for the decoder's one query, of which the answer is made: a latent weighs the positive part of
    attention times gradient, the mean over the decoder's heads. As in the lens `answer`, every latent is taken to have
    kept its own. Raises ValueError without pull, where no single query made the answer, and for scale "scores".
    """
    check_weights(trace, look, head, scale, "the answer's gradient lens")
    if trace.answer is None or pull is None:
        raise ValueError(
            "the answer's gradient lens needs the query of an answer and its gradients for a class"
        )
    row = attention_rows(trace.answer)
    slope = pull.gradient.float() @ pull.value.float().transpose(-1, -2)
    return accumulate(trace, look, head, (row * slope).clamp_min(0).mean(dim=1))[:, 0]
