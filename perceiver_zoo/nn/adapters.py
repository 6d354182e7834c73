"""Input adapters: from an input array's features and positions to the elements [B, M, width] the looks read.

One class for each way the paper's models and the released ones prepare their input. `width` is what comes out.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from perceiver_zoo.nn.position import FourierConfig, FourierFeatures

if TYPE_CHECKING:
    from perceiver_zoo.nn.perceiver import PerceiverConfig


class Elements(nn.Module):
    """The paper's own: features [B, M, C] with the Fourier features of their positions [B or 1, M, d] appended.

    project: width of a linear layer on the features alone, before the positions (the flow model's patches). The
    config's `embed` is a linear layer with GELU on both together; hidden: width of another such layer before it.
    """

    def __init__(
        self, config: PerceiverConfig, project: int | None = None, hidden: int | None = None
    ) -> None:
        super().__init__()
        self.channels = config.channels
        self.project = nn.Linear(config.channels, project) if project else nn.Identity()
        self.position = FourierFeatures(config.position) if config.position else None
        raw = (project or config.channels) + (config.position.channels if config.position else 0)
        self.width = config.embed or raw
        widths = [raw, *([hidden] if hidden else []), config.embed] if config.embed else []
        layers = [layer for pair in pairwise(widths) for layer in (nn.Linear(*pair), nn.GELU())]
        self.embed = nn.Sequential(*layers)

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        if features.shape[-1] != self.channels:
            raise ValueError(f"elements have {features.shape[-1]} channels, the model reads {self.channels}")
        return self.embed(append_positions(self.project(features), positions, self.position))


class LearnedPositions(nn.Module):
    """Pixels [B, M, C] through a linear layer of `width` channels, and beside them as many of a learned position.

    side: pixels along each side of the square that was learned; an element's position [-1, 1] names its pixel.
    """

    def __init__(self, config: PerceiverConfig, side: int, width: int) -> None:
        super().__init__()
        self.side, self.width = side, 2 * width
        self.pixel = nn.Linear(config.channels, width)
        self.positions = nn.Parameter(torch.empty(side * side, width))
        self.project = nn.Linear(width, width)
        nn.init.trunc_normal_(self.positions, std=0.02)

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        row, column = ((positions + 1) / 2 * (self.side - 1)).round().long().unbind(-1)
        learned = self.project(self.positions[row * self.side + column])
        return torch.cat([self.pixel(features), learned.expand(len(features), -1, -1)], dim=-1)


class ConvStem(nn.Module):
    """Pixels [B, S * S, C] through a 7x7 convolution, batch norm and max pooling; positions are those of what remains.

    As in transformers: the padding is even, and none in the pooling, so 224 pixels leave 55 elements a side (DeepMind's
    code leaves 56).
    """

    def __init__(self, config: PerceiverConfig, width: int = 64) -> None:
        super().__init__()
        self.conv = nn.Conv2d(config.channels, width, kernel_size=7, stride=2, padding=3, bias=False)
        self.norm = nn.BatchNorm2d(width)
        assert config.position is not None
        self.position = FourierFeatures(config.position)
        self.width = width + config.position.channels

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        side = round(features.shape[1] ** 0.5)
        pixels = features.transpose(1, 2).unflatten(2, (side, side))
        seen = nn.functional.max_pool2d(self.norm(self.conv(pixels)).relu(), kernel_size=3, stride=2)
        return append_positions(seen.flatten(2).transpose(1, 2), positions, self.position)


class Bytes(nn.Module):
    """Byte ids [B, M] through an embedding, with a learned position added; positions are indices [B or 1, M, 1]."""

    def __init__(self, config: PerceiverConfig, vocabulary: int, longest: int) -> None:
        super().__init__()
        self.width = config.channels
        self.embedding = nn.Embedding(vocabulary, config.channels)
        self.positions = nn.Embedding(longest, config.channels)

    def forward(self, features: Tensor, positions: Tensor) -> Tensor:
        return self.embedding(features) + self.positions(positions[..., 0])


class Audiovisual(nn.Module):
    """Sound, picture and label as one input array, each padded to one width with a learned vector of its own.

    features, positions: dicts of "audio" [B, Ma, .], "image" [B, Mi, .] and "label" [B, 1, labels], in whose order
    they are joined. The label's element is the learned mask: to say what it is, is the model's task.
    """

    def __init__(
        self,
        config: PerceiverConfig,
        channels: dict[str, int],
        positions: dict[str, FourierConfig],
        spare: int = 4,
    ) -> None:
        super().__init__()
        self.position = nn.ModuleDict({name: FourierFeatures(own) for name, own in positions.items()})
        widths = {
            name: n + (positions[name].channels if name in positions else 0) for name, n in channels.items()
        }
        self.width = max(widths.values()) + spare
        self.padding = nn.ParameterDict(
            {name: torch.randn(1, self.width - width) * 0.02 for name, width in widths.items()}
        )
        self.mask = nn.ParameterDict({name: torch.randn(1, self.width) * 0.02 for name in widths})

    def forward(self, features: dict[str, Tensor], positions: dict[str, Tensor]) -> Tensor:
        parts = []
        for name in ("audio", "image"):
            own = append_positions(features[name], positions[name], self.position[name])
            parts.append(torch.cat([own, self.padding[name].expand(*own.shape[:2], -1)], dim=-1))
        label = self.mask["label"].expand(*features["label"].shape[:2], -1)
        return torch.cat([*parts, label], dim=1)


def append_positions(features: Tensor, positions: Tensor, fourier: nn.Module | None) -> Tensor:
    """Features [B, M, C] with the Fourier features of positions [B or 1, M, d] behind them."""
    if fourier is None:
        return features
    encoded = fourier(positions).to(features.dtype)
    return torch.cat([features, encoded.expand(features.shape[0], -1, -1)], dim=-1)


ADAPTERS: dict[str, type[nn.Module]] = {
    "elements": Elements,
    "learned": LearnedPositions,
    "conv": ConvStem,
    "bytes": Bytes,
    "audiovisual": Audiovisual,
}
