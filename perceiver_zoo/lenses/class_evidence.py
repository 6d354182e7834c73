"""Class evidence: what each latent said for or against a class, laid where it looked."""

from __future__ import annotations

from torch import Tensor

from perceiver_zoo.lenses.rows import accumulate, check_weights
from perceiver_zoo.nn.trace import Trace


def class_evidence(
    trace: Trace, look: int = 0, head: int | None = None, scale: str = "weights", label: int = 0
) -> Tensor:
    """Signed map [W, M], each latent's contribution to the logit of class `label` times its row at `look`.

    Rows sum to one, so the map's sum plus the readout's bias of that class, which no element has a part in, is the
    logit of its window. Raises ValueError where no mean readout made the answer (a dense block lies between Perceiver
    IO's query and its logits, which no latent has a part of its own in), and for scale "scores".
    """
    check_weights(trace, look, head, scale, "class evidence")
    return accumulate(trace, look, head, contributions(trace, label)[:, None])[:, 0]


def contributions(trace: Trace, label: int) -> Tensor:
    """Signed contribution [W, N] of each latent to a logit: w_c z_n / N; with the bias b_c they sum to it."""
    if trace.evidence is None:
        raise ValueError("class evidence needs a mean readout, whose logits are sums over the latents")
    weight = trace.evidence.weight
    if not 0 <= label < len(weight):
        raise ValueError(f"label {label} does not exist: the model has classes 0..{len(weight) - 1}")
    return trace.latents @ weight[label] / trace.latent_count
