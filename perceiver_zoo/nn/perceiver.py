"""The Perceiver (Jaegle et al. 2021): a latent array that looks at an input array several times.

One class serves every modality. What differs between models is data: see PerceiverConfig.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import reduce
from typing import Any, cast

import torch
from torch import Tensor, nn

from perceiver_zoo.nn.adapters import ADAPTERS
from perceiver_zoo.nn.attention import CrossAttend, SelfAttend
from perceiver_zoo.nn.position import FourierConfig
from perceiver_zoo.nn.readouts import READOUTS
from perceiver_zoo.nn.trace import Look, Trace

MIXED = 1024  # of more latents (optical flow has 2,048) how they mix would cost as much as the run


@dataclass(frozen=True)
class PerceiverConfig:
    """The shape of one Perceiver.

    channels: feature channels of an input element, without its position features.
    position: the Fourier features appended to every element, or None.
    latents, latent_dim: N and D of the latent array.
    looks: for each cross-attend in order, which set of cross-attend weights it uses.
    blocks: for each look, which latent transformer follows it; see `sharing`.
    block_layers: self-attends in a latent transformer. repeats: how often in a row it is run after a look.
    self_channels, cross_channels, cross_values: query-key channels of a self-attend, query-key and value channels of a
        cross-attend; None means the width of the latents and of the input, as in the paper.
    embed: width of a linear layer with GELU each element passes through before the looks; None means raw elements.
    classes: size of the answer where it is a class.
    adapter, readout: names in ADAPTERS and READOUTS, with the options their classes take.
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
    self_channels: int | None = None
    cross_channels: int | None = None
    cross_values: int | None = None
    widening: int = 1
    embed: int | None = None
    dropout: float = 0.0
    repeats: int = 1
    adapter: str = "elements"
    adapter_options: dict[str, Any] = field(default_factory=dict)
    readout: str = "mean"
    readout_options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.looks or len(self.looks) != len(self.blocks):
            raise ValueError(
                "looks and blocks name the weights of every cross-attend: same length, at least one"
            )
        for name, used in (("looks", self.looks), ("blocks", self.blocks)):
            if set(used) != set(range(max(used) + 1)):
                raise ValueError(f"{name} {used} must use every set from 0 up")
        for name, known in (("adapter", ADAPTERS), ("readout", READOUTS)):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is one of {', '.join(known)}, not {getattr(self, name)!r}")

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> PerceiverConfig:
        """The config of what `to_dict` gave, also after a way through JSON."""
        return cls(**{name: from_plain(value) for name, value in plain.items()})


def from_plain(value: Any) -> Any:
    """Lists become tuples, and what describes Fourier features a FourierConfig, however deep."""
    if isinstance(value, list | tuple):
        return tuple(from_plain(item) for item in value)
    if isinstance(value, dict):
        if set(value) == {"bands", "max_resolution"}:
            return FourierConfig(value["bands"], tuple(value["max_resolution"]))
        return {name: from_plain(item) for name, item in value.items()}
    return value


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
                SelfAttend(config.latent_dim, config.self_heads, config.widening, config.self_channels)
                for _ in range(config.block_layers)
            )
        )

    def forward(self, latents: Tensor, mixes: list[Tensor] | None = None) -> Tensor:
        """Latents [B, N, D] after all layers; see `SelfAttend` for mixes."""
        for layer in self:
            latents = layer(latents, mixes)
        return latents


def init_linear(module: nn.Module) -> None:
    """Weights of variance 1 / fan-in, as in DeepMind's code: scores then differ enough for looks to be selective."""
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=module.in_features**-0.5)
        nn.init.zeros_(module.bias)


class Perceiver(nn.Module):
    """features [B, M, C] and positions [B or 1, M, d] -> an answer, with a mean readout the logits [B, classes].

    One class for the Perceiver (several looks, mean over latents) and Perceiver IO (one look, an answer by queries):
    what differs is the config's `looks`, `adapter` and `readout`.
    """

    def __init__(self, config: PerceiverConfig) -> None:
        super().__init__()
        self.config = config
        self.adapter: Any = ADAPTERS[config.adapter](config, **config.adapter_options)
        width, dim = self.adapter.width, config.latent_dim
        channels = config.cross_channels or width
        self.latents = nn.Parameter(torch.empty(config.latents, dim))
        self.cross_attends = nn.ModuleList(
            CrossAttend(dim, width, channels, config.cross_heads, config.widening, config.cross_values)
            for _ in range(max(config.looks) + 1)
        )
        self.blocks = nn.ModuleList(LatentTransformer(config) for _ in range(max(config.blocks) + 1))
        self.readout: Any = READOUTS[config.readout](config, self.adapter, **config.readout_options)
        for part in (self.adapter, self.cross_attends, self.blocks):
            part.apply(init_linear)
        nn.init.trunc_normal_(self.latents, std=0.02, a=-2.0, b=2.0)

    def encode(self, features: Any, positions: Any, mask: Tensor | None = None) -> Trace:
        """Run every look and latent transformer; mask [B, M] is True where an element may be read."""
        return self.look_at(self.adapter(features, positions), mask)

    def look_at(self, inputs: Tensor, mask: Tensor | None = None, mixed: bool = False) -> Trace:
        """The same on elements [B, M, width] as the adapter made them; mixed: keep how the latents mixed."""
        if mask is not None and not bool(mask.any(dim=-1).all()):
            raise ValueError("every input array needs at least one element to read")
        latents = self.latents.to(inputs.dtype).expand(inputs.shape[0], -1, -1)
        read: dict[int, tuple[Tensor, Tensor]] = {}
        looks, mixing = [], []
        for weights, block in zip(self.config.looks, self.config.blocks, strict=True):
            cross_attend = cast("CrossAttend", self.cross_attends[weights])
            if weights not in read:  # tied looks share keys and values
                read[weights] = cross_attend.read(inputs)
            latents, query = cross_attend(latents, *read[weights], mask)
            looks.append(Look(query, read[weights][0]))
            mixes: list[Tensor] | None = [] if mixed else None
            for _ in range(self.config.repeats):
                latents = self.blocks[block](latents, mixes)
            if mixes:
                mixing.append(reduce(lambda before, after: after @ before, mixes))
        return Trace(tuple(looks), latents, mask, mixing=tuple(mixing))

    def run(self, features: Any, positions: Any, mask: Tensor | None = None) -> tuple[Tensor, Trace]:
        """The answer, and the trace with the answer's own look at the latents where one query made it."""
        inputs = self.adapter(features, positions)
        trace = self.look_at(inputs, mask, mixed=self.config.latents <= MIXED)
        answer = self.readout(trace.latents, inputs)
        asked, evidence = self.readout.look(trace.latents), getattr(self.readout, "evidence", None)
        return answer, replace(trace, answer=asked, evidence=evidence)

    def forward(self, features: Any, positions: Any, mask: Tensor | None = None) -> Tensor:
        inputs = self.adapter(features, positions)
        return self.readout(self.look_at(inputs, mask).latents, inputs)
