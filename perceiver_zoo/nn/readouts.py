"""Readouts: from the latents [B, N, D] to an answer.

The paper's Perceiver takes the mean over latents; Perceiver IO (Jaegle et al. 2022, section 3.2) asks the latents with
queries: one for a class, one for every pixel, patch of sound, or byte. Where one query makes the answer, `look` gives
that query and the latents' keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from perceiver_zoo.nn.attention import CrossAttend
from perceiver_zoo.nn.position import FourierConfig, FourierFeatures
from perceiver_zoo.nn.trace import Evidence, Look

if TYPE_CHECKING:
    from perceiver_zoo.nn.perceiver import PerceiverConfig

CHUNK = 1 << 14  # queries decoded at once


class MeanReadout(nn.Module):
    """Mean over latents, then one linear layer: latents [B, N, D] -> logits [B, classes]."""

    def __init__(self, config: PerceiverConfig, adapter: nn.Module) -> None:
        super().__init__()
        self.dropout = nn.Dropout(config.dropout)
        self.linear = nn.Linear(config.latent_dim, config.classes)
        nn.init.trunc_normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, latents: Tensor, inputs: Tensor) -> Tensor:
        return self.linear(self.dropout(latents.mean(dim=1)))

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.linear.weight.detach(), self.linear.bias.detach())

    def look(self, latents: Tensor) -> Look | None:
        return None


class QueryDecoder(nn.Module):
    """One cross-attend of queries [B, O, Q] at the latents [B, N, D], then a linear layer to `out` channels."""

    def __init__(
        self,
        width: int,
        latent_dim: int,
        channels: int,
        out: int | None,
        heads: int = 1,
        values: int | None = None,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.cross_attend = CrossAttend(width, latent_dim, channels, heads, 1, values, residual)
        self.final = nn.Linear(width, out) if out else nn.Identity()

    def forward(self, latents: Tensor, queries: Tensor) -> Tensor:
        key, value = self.cross_attend.read(latents)
        parts = [
            self.final(self.cross_attend(part, key, value)[0])
            for part in queries.expand(len(latents), -1, -1).split(CHUNK, dim=1)
        ]
        return torch.cat(parts, dim=1)

    def look(self, latents: Tensor, queries: Tensor) -> Look:
        """What these queries ask of the latents."""
        key, _ = self.cross_attend.read(latents)
        return Look(self.cross_attend.ask(queries.expand(len(latents), -1, -1)), key)


class ClassReadout(nn.Module):
    """One learned query for the class: logits [B, classes]."""

    def __init__(self, config: PerceiverConfig, adapter: nn.Module) -> None:
        super().__init__()
        self.query = nn.Parameter(torch.randn(1, config.latent_dim) * 0.02)
        self.decoder = QueryDecoder(
            config.latent_dim, config.latent_dim, config.latent_dim, config.classes, residual=True
        )

    def forward(self, latents: Tensor, inputs: Tensor) -> Tensor:
        return self.decoder(latents, self.query[None])[:, 0]

    def look(self, latents: Tensor) -> Look:
        return self.decoder.look(latents, self.query[None])


class FlowReadout(nn.Module):
    """Every pixel's own input element asks where it went: flow [B, M, 2] in pixels, x (right) and y (down).

    The released weights answer in hundredths of the scale they were trained on; times 20 they are pixels (DeepMind's
    colab, and its example of the dancing couple).
    """

    SCALE = 20 / 100

    def __init__(self, config: PerceiverConfig, adapter: Any) -> None:
        super().__init__()
        self.decoder = QueryDecoder(adapter.width, config.latent_dim, config.latent_dim, 2)

    def forward(self, latents: Tensor, inputs: Tensor) -> Tensor:
        return self.decoder(latents, inputs) * self.SCALE

    def look(self, latents: Tensor) -> Look | None:
        return None  # there is one for every pixel; see `decoder.look`


class ByteReadout(nn.Module):
    """A learned query for every place in the text: logits [B, longest, vocabulary] over the bytes' own embedding."""

    def __init__(self, config: PerceiverConfig, adapter: Any, channels: int, heads: int) -> None:
        super().__init__()
        self.tied = (adapter.embedding,)  # in a tuple, for it is the adapter's, not a second one of our own
        vocabulary, width = adapter.embedding.weight.shape
        self.queries = nn.Parameter(torch.randn(adapter.positions.num_embeddings, width) * 0.02)
        self.decoder = QueryDecoder(width, config.latent_dim, channels, None, heads, values=width)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, latents: Tensor, inputs: Tensor) -> Tensor:
        return self.decoder(latents, self.queries[None]) @ self.tied[0].weight.T + self.bias

    def look(self, latents: Tensor) -> Look | None:
        return None  # there is one for every byte; see `decoder.look`


class AudiovisualReadout(nn.Module):
    """A learned query for the label, and Fourier queries that bring sound and picture back from the latents.

    channels, positions, grids: of each part that can be brought back, what one query gives, how its place is written
    out and how many places there are along each axis.
    """

    def __init__(
        self,
        config: PerceiverConfig,
        adapter: nn.Module,
        channels: dict[str, int],
        positions: dict[str, FourierConfig],
        grids: dict[str, tuple[int, ...]],
        query: int,
        hidden: int,
    ) -> None:
        super().__init__()
        self.grids = grids
        self.query = nn.Parameter(torch.randn(1, query) * 0.02)
        self.position = nn.ModuleDict({name: FourierFeatures(own) for name, own in positions.items()})
        widths = {name: own.channels for name, own in positions.items()} | {"label": query}
        width = max(widths.values()) + 2
        self.padding = nn.ParameterDict({k: torch.randn(1, width - w) * 0.02 for k, w in widths.items()})
        self.decoder = QueryDecoder(width, config.latent_dim, config.latent_dim, hidden)
        self.heads = nn.ModuleDict(
            {name: nn.Linear(hidden, n) for name, n in (channels | {"label": config.classes}).items()}
        )

    def forward(self, latents: Tensor, inputs: Tensor) -> Tensor:
        return self.heads["label"](self.decoder(latents, self.label_query()))[:, 0]

    def look(self, latents: Tensor) -> Look:
        return self.decoder.look(latents, self.label_query())

    def label_query(self) -> Tensor:
        return torch.cat([self.query, self.padding["label"]], dim=-1)[None]

    def queries(self, name: str, places: Tensor) -> Tensor:
        """Queries [1, O, Q] for flat indices [O] of the grid of "audio" or "image".

        A place i of n is -1 + 2 i / n, without the end point, unlike in the input: as the weights were trained.
        """
        grid = self.grids[name]
        index = torch.stack(torch.unravel_index(places, grid), dim=-1)
        at = -1 + 2 * index / torch.tensor(grid, device=places.device)
        encoded = self.position[name](at[None])
        return torch.cat([encoded, self.padding[name].expand(1, len(places), -1)], dim=-1)

    def bring_back(
        self, name: str, latents: Tensor, progress: Callable[[int, int], None] | None = None
    ) -> Tensor:
        """What the latents kept of "audio" [B, patches, samples] or "image" [B, T * H * W, 3], CHUNK places a time."""
        count = int(torch.tensor(self.grids[name]).prod())
        parts = []
        for places in torch.arange(count, device=latents.device).split(CHUNK):
            decoded = self.decoder(latents, self.queries(name, places).to(latents.dtype))
            parts.append(self.heads[name](decoded))
            if progress:
                progress(int(places[-1]) + 1, count)
        return torch.cat(parts, dim=1)


READOUTS: dict[str, type[nn.Module]] = {
    "mean": MeanReadout,
    "class": ClassReadout,
    "flow": FlowReadout,
    "bytes": ByteReadout,
    "audiovisual": AudiovisualReadout,
}
