"""A recipe: everything that makes one bundled model, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from perceiver_zoo.modalities import Modality, build_modality
from perceiver_zoo.nn import PerceiverConfig, sharing
from perceiver_zoo.training.task import Task


@dataclass(frozen=True)
class Recipe:
    """name: of the model it makes. network, reading: fields of the Perceiver's and the modality's config.

    steps, batch, lr, weight_decay, warmup (steps), clip (gradient norm), ema (decay), save_every (steps): the run.
    layout: of other people's data, see `folders`. optimizer: as timm calls it. whiten: whether the elements' first
    layer starts on whitened features.
    """

    name: str
    task: type[Task]
    modality: str
    network: dict[str, Any]
    share: str | int
    looks: int
    steps: int
    reading: dict[str, Any] = field(default_factory=dict)
    batch: int = 128
    optimizer: str = "lamb"
    lr: float = 4e-3
    whiten: bool = False
    weight_decay: float = 0.02
    warmup: int = 100
    clip: float = 1.0
    ema: float = 0.999
    save_every: int = 250
    precision: str = "bf16"
    licence: str = "apache-2.0"
    trained_on: str = ""
    layout: str = ""

    def build_modality(self) -> Modality:
        return build_modality(self.modality, self.reading)

    def config(self, classes: int) -> PerceiverConfig:
        channels = self.build_modality().channels
        return PerceiverConfig(
            channels=channels, classes=classes, **sharing(self.share, self.looks), **self.network
        )

    def card(self, steps: int, seed: int) -> dict[str, Any]:
        """What a model's config.json says about its making."""
        return {
            "recipe": self.name,
            **({"layout": self.layout} if self.layout else {}),
            "sharing": self.share,
            "steps": steps,
            "batch": self.batch,
            "optimizer": self.optimizer,
            "seed": seed,
            "trained_on": self.trained_on,
            "licence": self.licence,
        }
