"""What one run leaves behind, so that any map can be drawn later without running the network again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Look:
    """One cross-attend: query [B, heads, N, d] of the latents, key [B, heads, M, d] of the input array.

    Tied looks hold the very same key tensor.
    """

    query: Tensor
    key: Tensor


@dataclass(frozen=True)
class Evidence:
    """The last linear layer of a mean readout: weight [classes, D], bias [classes]."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True, eq=False)
class Trace:
    """One run of a Perceiver over an input array of M elements, O(M d + N^2) in size.

    looks: one entry per cross-attend, in order.
    latents: [B, N, D] as the readout saw them.
    answer: Perceiver IO's last step, the query [B, heads, 1, d] of the answer and the keys [B, heads, N, d] of the
        latents, or None where no single query made the answer.
    mask: [B, M] True where an element was read, or None when all were.
    mixing: after each look, how its latent transformer mixed the latents: [B, N, N], rows sum to one (see
        `SelfAttend.mix`); empty where that was not kept.
    evidence: what a mean readout makes its logits with, or None for another readout.
    """

    looks: tuple[Look, ...]
    latents: Tensor
    mask: Tensor | None = None
    answer: Look | None = None
    mixing: tuple[Tensor, ...] = ()
    evidence: Evidence | None = None

    @staticmethod
    def joined(traces: Sequence[Trace]) -> Trace:
        """One trace of several runs of the same model, their samples one after the other."""
        if len(traces) == 1:
            return traces[0]
        joined: dict[tuple[int, ...], Tensor] = {}

        def join(parts: list[Tensor]) -> Tensor:
            same = tuple(map(id, parts))
            if same not in joined:  # keys shared by looks stay shared
                joined[same] = torch.cat(parts)
            return joined[same]

        looks = tuple(
            Look(join([look.query for look in same]), join([look.key for look in same]))
            for same in zip(*(trace.looks for trace in traces), strict=True)
        )
        masks = [trace.mask for trace in traces if trace.mask is not None]
        answers = [trace.answer for trace in traces if trace.answer is not None]
        answer = (
            Look(torch.cat([a.query for a in answers]), torch.cat([a.key for a in answers]))
            if answers
            else None
        )
        return Trace(
            looks,
            torch.cat([trace.latents for trace in traces]),
            torch.cat(masks) if masks else None,
            answer,
            tuple(torch.cat(same) for same in zip(*(trace.mixing for trace in traces), strict=True)),
            traces[0].evidence,
        )

    @property
    def latent_count(self) -> int:
        return self.latents.shape[1]

    @property
    def heads(self) -> int:
        return self.looks[0].query.shape[1]

    def cpu(self) -> Trace:
        """The same trace in float32 on the CPU; shared keys stay shared."""
        moved: dict[int, Tensor] = {}

        def move(x: Tensor) -> Tensor:
            return moved.setdefault(id(x), x.detach().float().cpu())

        looks = tuple(Look(move(look.query), move(look.key)) for look in self.looks)
        answer = self.answer and Look(move(self.answer.query), move(self.answer.key))
        mask = None if self.mask is None else self.mask.cpu()
        mixing = tuple(move(mix) for mix in self.mixing)
        evidence = self.evidence and Evidence(move(self.evidence.weight), move(self.evidence.bias))
        return Trace(looks, move(self.latents), mask, answer, mixing, evidence)
