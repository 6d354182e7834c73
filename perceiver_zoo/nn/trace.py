"""What one run leaves behind, so that any map can be drawn later without running the network again."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True)
class Look:
    """One cross-attend: query [B, heads, N, d] of the latents, key [B, heads, M, d] of the input array.

    Tied looks hold the very same key tensor.
    """

    query: Tensor
    key: Tensor


@dataclass(frozen=True)
class Trace:
    """One run of a Perceiver over an input array of M elements, O(M d + N^2) in size.

    looks: one entry per cross-attend, in order.
    latents: [B, N, D] as the readout saw them.
    mask: [B, M] True where an element was read, or None when all were.
    """

    looks: tuple[Look, ...]
    latents: Tensor
    mask: Tensor | None = None

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
        return Trace(looks, move(self.latents), None if self.mask is None else self.mask.cpu())
