"""What a model said of one sample, and the way to its maps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media.sample import Sample
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.nn import Trace
from perceiver_zoo.pipeline.calibration import tempered
from perceiver_zoo.zoo import taxonomy


@dataclass(frozen=True)
class Label:
    """A class name and its probability in 0..1."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Result:
    """What a model said of one sample, and all that is needed to draw where it looked.

    probabilities: float32 [W, classes], one row a window, as the network gives them. temperature: makes their mean
    say how often the answer is right. seconds: time of each step.
    """

    model: str
    sample: Sample
    names: list[str]
    probabilities: np.ndarray
    trace: Trace
    layout: Layout
    unit: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict)
    temperature: float = 1.0

    @property
    def mean(self) -> np.ndarray:
        """Calibrated probabilities of the whole sample, float64 [classes]."""
        return tempered(self.probabilities.mean(axis=0), self.temperature)

    def labels(self, top: int = 5) -> list[Label]:
        """The `top` likeliest classes, probabilities averaged over the windows and calibrated."""
        mean = self.mean
        order = np.argsort(-mean, kind="stable")[:top]
        return [Label(self.names[i], float(mean[i])) for i in order.tolist()]

    def answer(self, threshold: float = taxonomy.SURE) -> taxonomy.Answer | None:
        """The most specific name that is at least `threshold` likely, or None: not sure."""
        return taxonomy.answer(self.names, self.mean, threshold)

    def weights(self, lens: str = "mean", **asked: Any) -> np.ndarray:
        """Map [W, M] under a lens; `asked` are the lens's own arguments (look, head, scale, latent)."""
        if lens not in LENSES:
            raise ValueError(f"lens is one of {', '.join(LENSES)}, not {lens!r}")
        return LENSES[lens](self.trace, **asked).numpy()

    def map(self, lens: str = "mean", **asked: Any) -> np.ndarray:
        """The same map folded to the sample's own shape, float32 [W, *layout.shape]."""
        return self.layout.fold(self.weights(lens, **asked))
