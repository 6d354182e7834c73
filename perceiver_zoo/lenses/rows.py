"""Rows of attention computed from a trace, a few latents at a time, and sums of them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import torch
from torch import Tensor

from perceiver_zoo.nn.attention import attention_scores
from perceiver_zoo.nn.trace import Look, Trace

# Before the softmax, as the paper draws it (figure 3: after it, maps are sparse), and after it.
SCALES = ("scores", "weights")
CHUNK = 1 << 22  # numbers held at once
KEPT = 1 << 25  # rows up to so many numbers are kept for the next question: 134 MB


def check(trace: Trace, look: int, head: int | None, scale: str) -> None:
    """Raise ValueError when the trace has no such look, head or scale."""
    if not 0 <= look < len(trace.looks):
        raise ValueError(f"look {look} does not exist: the run has looks 0..{len(trace.looks) - 1}")
    if head is not None and not 0 <= head < trace.looks[look].query.shape[1]:
        raise ValueError(
            f"head {head} does not exist: look {look} has heads 0..{trace.looks[look].query.shape[1] - 1}"
        )
    if scale not in SCALES:
        raise ValueError(f"scale is one of {', '.join(SCALES)}, not {scale!r}")


def check_weights(trace: Trace, look: int, head: int | None, scale: str, lens: str) -> None:
    """The same for a lens that weighs rows after the softmax, which has no scores."""
    check(trace, look, head, scale)
    if scale != "weights":
        raise ValueError(f"{lens} weighs rows after the softmax: its scale is weights")


def pick(trace: Trace, look: int, head: int | None) -> tuple[Tensor, Tensor]:
    """Queries [W, h, N, d] and keys [W, h, M, d] of one head (h = 1) or of all."""
    heads = slice(None) if head is None else slice(head, head + 1)
    return trace.looks[look].query[:, heads].float(), trace.looks[look].key[:, heads].float()


def masked(scores: Tensor, mask: Tensor | None, value: float) -> Tensor:
    """Scores [W, ..., M] with `value` at the elements that were not read."""
    if mask is None:
        return scores
    return scores.masked_fill(~mask.reshape(mask.shape[0], *[1] * (scores.dim() - 2), mask.shape[-1]), value)


def weight_rows(query: Tensor, key: Tensor, mask: Tensor | None) -> Iterator[Tensor]:
    """Post-softmax rows [W, h, n, M] of all latents in turn, n of them at a time."""
    step = max(1, CHUNK // (key.shape[0] * key.shape[1] * key.shape[2]))
    for part in query.split(step, dim=2):
        yield masked(attention_scores(part, key), mask, float("-inf")).softmax(dim=-1)


def mean_rows(trace: Trace, look: int, head: int | None) -> Iterator[Tensor]:
    """Rows [W, n, M] of all latents in turn, averaged over the heads."""
    windows, _, elements, _ = trace.looks[look].key.shape
    if windows * trace.latent_count * elements <= KEPT:
        kept = kept_rows(trace, look, one_name(trace, look, head))
        yield from kept.split(max(1, CHUNK // (windows * elements)), dim=1)
    else:
        yield from (part.mean(dim=1) for part in weight_rows(*pick(trace, look, head), trace.mask))


def one_name(trace: Trace, look: int, head: int | None) -> int | None:
    """None for the only head a look has, which is the mean over its heads."""
    return None if trace.looks[look].query.shape[1] == 1 else head


@lru_cache(maxsize=2)  # of all traces together
@torch.no_grad()
def kept_rows(trace: Trace, look: int, head: int | None) -> Tensor:
    """All rows [W, N, M], averaged over the heads: after one question of a look and a head, the next are sums.

    Made a head at a time and in place: memory that is new costs more time than the softmax.
    """
    query, key = pick(trace, look, head)
    total, heads = torch.zeros(()), query.shape[1]
    for own in range(heads):
        rows = attention_scores(query[:, own], key[:, own])
        if trace.mask is not None:
            rows.masked_fill_(~trace.mask[:, None], float("-inf"))
        torch.softmax(rows, dim=-1, out=rows)
        total = total.add_(rows) if own else rows
    return total.div_(heads) if heads > 1 else total


def accumulate(trace: Trace, look: int, head: int | None, weights: Tensor) -> Tensor:
    """Sums [W, K, M] of the latents' rows, averaged over the heads, weighed by `weights` [W, K, N]."""
    total, at = torch.zeros(()), 0
    for part in mean_rows(trace, look, head):
        total = total + weights[..., at : at + part.shape[1]] @ part
        at += part.shape[1]
    return total


def attention_rows(asked: Look) -> Tensor:
    """Rows [W, heads, Q, N] of queries [W, heads, Q, d] on keys [W, heads, N, d]."""
    return attention_scores(asked.query.float(), asked.key.float()).softmax(dim=-1)


def attention_row(asked: Look) -> Tensor:
    """The row [W, N] of one query [W, heads, 1, d], averaged over the heads."""
    return attention_rows(asked).mean(dim=1)[:, 0]


def sole_row(trace: Trace, query: Tensor, key: Tensor, scale: str) -> Tensor:
    """Map [W, M] of queries [W, h, 1, d], averaged over the heads."""
    if scale == "scores":
        return masked(attention_scores(query, key).mean(dim=1)[:, 0], trace.mask, float("nan"))
    return torch.cat(list(weight_rows(query, key, trace.mask)), dim=2).mean(dim=1)[:, 0]
