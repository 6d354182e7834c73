"""The network, or its decoder alone, run backwards once, for the lenses that weigh attention by its gradient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from perceiver_zoo.lenses import Pull
from perceiver_zoo.modalities import InputArray
from perceiver_zoo.nn import Perceiver, Trace

if TYPE_CHECKING:
    from perceiver_zoo.pipeline.classifier import Pipeline

ELEMENTS_AT_ONCE = 1 << 14  # what is kept for the way back takes many times the memory of a run


def pulls(pipeline: Pipeline, inputs: InputArray, label: int) -> tuple[Pull, ...]:
    """For every look, the gradient of the logit of class `label` by what its latents read, and the elements' values.

    On the CPU in float32. Takes about two runs.
    """
    network, parts = pipeline.network, []
    for window in inputs.in_turn(ELEMENTS_AT_ONCE):
        window = window.to(pipeline.device)
        with torch.inference_mode(False), torch.enable_grad(), reads_of(network.cross_attends) as reads:
            elements = network.adapter(window.features, window.positions)
            logits = network.readout(network.look_at(elements, window.mask).latents, elements)
            slopes = torch.autograd.grad(logits[:, label].sum(), reads)
        parts.append(pulls_of(network, elements, slopes))
    return tuple(
        Pull(torch.cat([pull.gradient for pull in same]), torch.cat([pull.value for pull in same]))
        for same in zip(*parts, strict=True)
    )


def answer_pull(pipeline: Pipeline, trace: Trace, label: int) -> Pull:
    """The gradient of the logit of class `label` by what the answer's query read, and the latents' values.

    Of the trace's own latents, so only the decoder is run. On the CPU in float32.
    """
    readout: Any = pipeline.network.readout
    cross_attend = readout.decoder.cross_attend
    with torch.inference_mode(False):
        # A copy, for what was made in inference mode takes no gradients.
        latents = trace.latents.clone().to(pipeline.device)
        with torch.enable_grad(), reads_of([cross_attend]) as reads:
            logits = readout(latents, latents)  # the query of a class is its own, not an input element's
            (slope,) = torch.autograd.grad(logits[:, label].sum(), reads)
    with torch.no_grad():
        value = cross_attend.read(latents)[1]
    return Pull(cross_attend.attention.split(slope).float().cpu(), value.float().cpu())


@torch.no_grad()
def pulls_of(network: Perceiver, elements: Tensor, slopes: tuple[Tensor, ...]) -> list[Pull]:
    """Slopes [W, N, heads * dv] of each look with the values it read; tied looks hold the very same values."""
    values: dict[int, Tensor] = {}
    found = []
    for weights, slope in zip(network.config.looks, slopes, strict=True):
        cross_attend = network.cross_attends[weights]
        if weights not in values:
            values[weights] = cross_attend.read(elements)[1].float().cpu()  # type: ignore[operator]
        found.append(Pull(cross_attend.attention.split(slope).float().cpu(), values[weights]))  # type: ignore[union-attr, operator]
    return found


@contextmanager
def reads_of(cross_attends: Iterable[Any]) -> Iterator[list[Tensor]]:
    """While this is open, what is read [B, N, heads * dv] at each of these that this thread runs, in order.

    Gradients begin at the first of them: the weights of a pipeline take none.
    """
    reads: list[Tensor] = []
    thread = get_ident()

    def keep(_: object, given: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        if get_ident() == thread:  # others may run the same network
            given = given if reads else (given[0].requires_grad_(),)
            reads.append(given[0])
        return given

    hooks = [cross_attend.attention.out.register_forward_pre_hook(keep) for cross_attend in cross_attends]
    try:
        yield reads
    finally:
        for hook in hooks:
            hook.remove()
