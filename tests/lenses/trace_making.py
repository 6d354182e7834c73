"""Traces without a network: random ones, and ones that look at a chosen element only."""

from __future__ import annotations

import torch

from perceiver_zoo.lenses import Pull
from perceiver_zoo.nn import Evidence, Look, Trace


def random_trace(
    windows: int = 2,
    heads: int = 3,
    latents: int = 5,
    elements: int = 11,
    masked: bool = False,
    seed: int = 0,
    answered: bool = False,
) -> Trace:
    """Three looks, the last two tied, each with its own number of channels; answered: by one query of
    two heads, else by a mean readout of four classes."""
    rng = torch.Generator().manual_seed(seed)
    first, tied = (2 * torch.randn(windows, heads, elements, d, generator=rng) for d in (4, 6))
    queries = [2 * torch.randn(windows, heads, latents, d, generator=rng) for d in (4, 6, 6)]
    mask = None
    if masked:
        mask = torch.rand(windows, elements, generator=rng) < 0.6
        mask[:, 0] = True
    looks = tuple(Look(query, key) for query, key in zip(queries, (first, tied, tied), strict=True))
    answer = None
    if answered:
        answer = Look(*(torch.randn(windows, 2, n, 4, generator=rng) for n in (1, latents)))
    mixing = tuple(torch.randn(windows, latents, latents, generator=rng).softmax(dim=-1) for _ in looks)
    evidence = None
    if not answered:
        evidence = Evidence(torch.randn(4, 8, generator=rng), torch.randn(4, generator=rng))
    return Trace(looks, torch.randn(windows, latents, 8, generator=rng), mask, answer, mixing, evidence)


def random_pull(trace: Trace, seed: int = 0) -> tuple[Pull, ...]:
    """How the logit of a class might change with each look of a random trace."""
    rng = torch.Generator().manual_seed(seed)
    sizes = [(look.query.shape[:3], look.key.shape[:3]) for look in trace.looks]
    return tuple(
        Pull(*(torch.randn(*shape, 4, generator=rng) for shape in (query, key))) for query, key in sizes
    )


def answers_pull(trace: Trace, seed: int = 0) -> Pull:
    """How the logit of a class might change with what the answer's query reads of a random trace."""
    assert trace.answer is not None
    rng = torch.Generator().manual_seed(seed)
    shapes = trace.answer.query.shape[:3], trace.answer.key.shape[:3]
    return Pull(*(torch.randn(*shape, 6, generator=rng) for shape in shapes))


def probe(likeness: torch.Tensor) -> Trace:
    """One look, one head, two latents that ask for the elements of greatest `likeness` [W, M], and hard."""
    spread = likeness - likeness.mean(dim=1, keepdim=True)
    key = (1e4 * spread / spread.abs().amax(dim=1, keepdim=True))[:, None, :, None]
    return Trace((Look(torch.ones(len(key), 1, 2, 1), key),), torch.zeros(len(key), 2, 4))
