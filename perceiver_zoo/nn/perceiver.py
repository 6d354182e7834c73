"""The Perceiver (Jaegle et al. 2021): a latent array that looks at an input array several times.

One class serves every modality. What differs between models is data: see PerceiverConfig.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn

from perceiver_zoo.nn.attention import CrossAttend, SelfAttend
from perceiver_zoo.nn.position import FourierConfig, FourierFeatures
from perceiver_zoo.nn.trace import Look, Trace


@dataclass(frozen=True)
class PerceiverConfig:
    """The shape of one Perceiver.

    channels: feature channels of an input element, without its position features.
    position: the Fourier features appended to every element, or None.
    latents, latent_dim: N and D of the latent array.
    looks: for each cross-attend in order, which set of cross-attend weights it uses.
    blocks: for each look, which latent transformer follows it; see `sharing`.
    block_layers: self-attends in a latent transformer.
    cross_channels: query-key and value channels of a cross-attend; None means the input width, as in the paper.
    embed: width of a linear layer with GELU each element passes through before the looks; None means raw elements.
    classes: size of the linear readout after the mean over latents.
    """

    channels: int
    position: FourierConfig | None
    latents: int
    latent_dim: int
    looks: tuple[int, ...]
    blocks: tuple[int, ...]
    block_layers: int
    classes: int
    self_heads: int = 8
    cross_heads: int = 1
    cross_channels: int | None = None
    widening: int = 1
    embed: int | None = None
    dropout: float = 0.0

    def __post_init__(self) -> None:
        if not self.looks or len(self.looks) != len(self.blocks):
            raise ValueError(
                "looks and blocks name the weights of every cross-attend: same length, at least one"
            )
        for name, used in (("looks", self.looks), ("blocks", self.blocks)):
            if set(used) != set(range(max(used) + 1)):
                raise ValueError(f"{name} {used} must use every set from 0 up")

    @property
    def input_dim(self) -> int:
        """Width of an element with its position features, before `embed`."""
        return self.channels + (self.position.channels if self.position else 0)

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> PerceiverConfig:
        fields = dict(fields)
        if fields.get("position") is not None:
            position = fields["position"]
            fields["position"] = FourierConfig(position["bands"], tuple(position["max_resolution"]))
        fields["looks"], fields["blocks"] = tuple(fields["looks"]), tuple(fields["blocks"])
        return cls(**fields)


def sharing(pattern: str | int, looks: int) -> dict[str, tuple[int, ...]]:
    """`looks` and `blocks` of a config for a named pattern.

    "paper": cross-attends 2..T tied, the first its own; latent transformers all tied (44.9 M parameters on ImageNet).
    "all": every look and every block tied. "none": nothing tied. An integer k: k sets, used in turn.
    """
    if pattern == "paper":
        return {"looks": (0,) + (1,) * (looks - 1), "blocks": (0,) * looks}
    sets = {"all": 1, "none": looks}.get(pattern, pattern) if isinstance(pattern, str) else pattern
    if not isinstance(sets, int) or not 1 <= sets <= looks:
        raise ValueError(
            f"sharing is 'paper', 'all', 'none' or 1..{looks} sets used in turn, not {pattern!r}"
        )
    turns = tuple(i % sets for i in range(looks))
    return {"looks": turns, "blocks": turns}


class LatentTransformer(nn.Sequential):
    """The self-attends between two looks."""

    def __init__(self, config: PerceiverConfig) -> None:
        super().__init__(
            *(
                SelfAttend(config.latent_dim, config.self_heads, config.widening)
                for _ in range(config.block_layers)
            )
        )


class MeanReadout(nn.Module):
    """Mean over latents, then one linear layer: latents [B, N, D] -> logits [B, classes]."""

    def __init__(self, dim: int, classes: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(dim, classes)
        nn.init.trunc_normal_(self.linear.weight, std=0.02)
        nn.init.zeros_(self.linear.bias)

    def forward(self, latents: Tensor) -> Tensor:
        return self.linear(self.dropout(latents.mean(dim=1)))


def init_linear(module: nn.Module) -> None:
    """Weights of variance 1 / fan-in, as in DeepMind's code: scores then differ enough for looks to be selective."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
        nn.init.zeros_(module.bias)


class Perceiver(nn.Module):
    """features [B, M, C] and positions [B or 1, M, d] -> logits [B, classes].

    The readout is the one part Perceiver IO replaces: any module from latents [B, N, D] to an answer fits.
    """

    def __init__(self, config: PerceiverConfig, readout: nn.Module | None = None) -> None:
        super().__init__()
        self.config = config
        self.position = FourierFeatures(config.position) if config.position else None
        width = config.embed or config.input_dim
        self.embed = (
            nn.Sequential(nn.Linear(config.input_dim, width), nn.GELU()) if config.embed else nn.Identity()
        )
        self.latents = nn.Parameter(torch.empty(config.latents, config.latent_dim))
        channels = config.cross_channels or width
        self.cross_attends = nn.ModuleList(
            CrossAttend(config.latent_dim, width, channels, config.cross_heads, config.widening)
            for _ in range(max(config.looks) + 1)
        )
        self.blocks = nn.ModuleList(LatentTransformer(config) for _ in range(max(config.blocks) + 1))
        self.readout = readout or MeanReadout(config.latent_dim, config.classes, config.dropout)
        for part in (self.embed, self.cross_attends, self.blocks):
            part.apply(init_linear)
        nn.init.trunc_normal_(self.latents, std=0.02, a=-2.0, b=2.0)

    def elements(self, features: Tensor, positions: Tensor) -> Tensor:
        """Input array [B, M, input width] with its position features."""
        if features.shape[-1] != self.config.channels:
            raise ValueError(
                f"elements have {features.shape[-1]} channels, the model reads {self.config.channels}"
            )
        if self.position is not None:
            encoded = self.position(positions).to(features.dtype)
            features = torch.cat([features, encoded.expand(features.shape[0], -1, -1)], dim=-1)
        return self.embed(features)

    def encode(self, features: Tensor, positions: Tensor, mask: Tensor | None = None) -> Trace:
        """Run every look and latent transformer; mask [B, M] is True where an element may be read."""
        if mask is not None and not bool(mask.any(dim=-1).all()):
            raise ValueError("every input array needs at least one element to read")
        inputs = self.elements(features, positions)
        latents = self.latents.to(inputs.dtype).expand(features.shape[0], -1, -1)
        read: dict[int, tuple[Tensor, Tensor]] = {}
        looks = []
        for weights, block in zip(self.config.looks, self.config.blocks, strict=True):
            cross_attend = cast("CrossAttend", self.cross_attends[weights])
            if weights not in read:  # tied looks share keys and values
                read[weights] = cross_attend.read(inputs)
            latents, query = cross_attend(latents, *read[weights], mask)
            looks.append(Look(query, read[weights][0]))
            latents = self.blocks[block](latents)
        return Trace(tuple(looks), latents, mask)

    def forward(self, features: Tensor, positions: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.readout(self.encode(features, positions, mask).latents)
