"""What a model said of one sample, and the way to its maps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType

import numpy as np
from PIL import Image

from perceiver_zoo import views
from perceiver_zoo.lenses import LENSES, readers
from perceiver_zoo.media.sample import Sample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality
from perceiver_zoo.nn import Trace
from perceiver_zoo.pipeline.calibration import tempered
from perceiver_zoo.pipeline.gradient import answer_pull, pulls
from perceiver_zoo.zoo import taxonomy

if TYPE_CHECKING:
    from perceiver_zoo.pipeline.classifier import Pipeline

MAPS_KEPT = 16  # that needed gradients, of one result
# What the lenses that need gradients are given of a model and a result, for a class.
PULLS: dict[str, Callable[..., Any]] = {
    "gradient": lambda model, result, label: pulls(model, result.inputs, label),
    "answer_gradient": lambda model, result, label: answer_pull(model, result.trace, label),
}


@dataclass(frozen=True)
class Label:
    """A class name and its probability in 0..1."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Result:
    """What a model said of one sample, and all that is needed to draw where it looked.

    logits: float32 [W, classes], one row a window. inputs: what was read; its mask says which elements were left out.
    temperature: makes the mean of their probabilities say how often the answer is right. seconds: time of each step.
    pipeline: the model, which the result does not keep alive: maps come from the trace; only the lenses of
    PULLS run the network, or its decoder, again.
    """

    model: str
    sample: Sample
    names: list[str]
    logits: np.ndarray
    trace: Trace
    inputs: InputArray
    layout: Layout
    modality: Modality
    device: str
    pipeline: ReferenceType[Pipeline]
    seconds: dict[str, float] = field(default_factory=dict)
    temperature: float = 1.0

    @property
    def mean(self) -> np.ndarray:
        """Calibrated probabilities of the whole sample, float64 [classes]."""
        return tempered(self.probabilities.mean(axis=0), self.temperature)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """float32 [W, classes], one row a window, as the network gives them."""
        exponents = np.exp(self.logits - self.logits.max(axis=-1, keepdims=True))
        return exponents / exponents.sum(axis=-1, keepdims=True)

    @property
    def unit(self) -> str:
        """What one element is, in a word or two."""
        return self.modality.unit

    def labels(self, top: int = 5) -> list[Label]:
        """The `top` likeliest classes, probabilities averaged over the windows and calibrated."""
        mean = self.mean
        order = np.argsort(-mean, kind="stable")[:top]
        return [Label(self.names[i], float(mean[i])) for i in order.tolist()]

    def answer(self, threshold: float = taxonomy.SURE) -> taxonomy.Answer | None:
        """The most specific name that is at least `threshold` likely, or None: not sure."""
        return taxonomy.answer(self.names, self.mean, threshold)

    def index_of(self, label: str | int | None = None) -> int:
        """The number of a class by its name or number, None the likeliest; ValueError where there is none such."""
        if label is None:
            return int(self.probabilities.mean(axis=0).argmax())
        if isinstance(label, str):
            if label not in self.names:
                raise ValueError(f"there is no class {label!r}: {self.model} knows {len(self.names)} others")
            return self.names.index(label)
        if not 0 <= label < len(self.names):
            raise ValueError(f"label {label} does not exist: the model has classes 0..{len(self.names) - 1}")
        return int(label)

    def weights(self, lens: str = "mean", minus: dict[str, Any] | None = None, **asked: Any) -> np.ndarray:
        """Map [W, M] under a lens, float32.

        asked: look, head and scale, and what the lens takes of its own: latent, rank, element, or label, a class by
        name or number (the likeliest if not said). minus: take off the same map with these changed, so {"look": 0} is
        the difference to the first look and {"label": "dog"} to another class. ValueError for what there is not.
        """
        found = self.under(lens, asked)
        return found - self.under(lens, asked | minus) if minus else found

    def map(self, lens: str = "mean", minus: dict[str, Any] | None = None, **asked: Any) -> np.ndarray:
        """The same map folded to the sample's own shape, float32 [W, *layout.shape]."""
        return self.layout.fold(self.weights(lens, minus, **asked))

    def show(self, lens: str = "mean", minus: dict[str, Any] | None = None, **asked: Any) -> Image.Image:
        """The same map drawn over the sample, with its caption; a notebook shows it. A clip is a contact sheet."""
        grid = self.map(lens, minus, **asked)
        span = views.span_of(grid, asked.get("scale", "weights"))
        picture = views.draw(self.modality.name, self.sample, self.layout, grid, span)
        return Image.fromarray(views.with_caption(picture, self.caption(lens, minus, **asked), span))

    def caption(self, lens: str = "mean", minus: dict[str, Any] | None = None, **asked: Any) -> str:
        """One line that names the map of the same question."""
        question: dict[str, Any] = {"look": 0, "head": None, "scale": "weights"} | asked
        if "label" in LENSES[lens].takes:
            question["label"] = self.names[self.index_of(asked.get("label"))]
        line = views.caption(self.model, len(self.trace.looks), lens=lens, **question)
        taken = [f"{name} {at if isinstance(at, str) else at + 1}" for name, at in (minus or {}).items()]
        return line + (", minus that of " + ", ".join(taken) if taken else "")

    def under(self, lens: str, asked: dict[str, Any]) -> np.ndarray:
        """One lens's own map [W, M]."""
        if lens not in LENSES:
            raise ValueError(f"lens is one of {', '.join(LENSES)}, not {lens!r}")
        own = set(asked) - {"look", "head", "scale"} - set(LENSES[lens].takes)
        if own:
            raise ValueError(f"the lens {lens} does not take {', '.join(sorted(own))}")
        if "label" in LENSES[lens].takes:
            asked = asked | {"label": self.index_of(asked.get("label"))}
        if lens in PULLS:
            return self.pulled(lens, **asked)
        return LENSES[lens](self.trace, **asked).numpy()

    def pulled(self, lens: str, label: int, **asked: Any) -> np.ndarray:
        """The own map [W, M] of a lens that needs gradients, made once: it may take a network run."""
        question = (lens, label, *sorted(asked.items()))
        found = self.gradients.get(question)
        if found is None:
            found = LENSES[lens](self.trace, pull=last_pull(self, lens, label), **asked).numpy()
            if len(self.gradients) >= MAPS_KEPT:
                self.gradients.pop(next(iter(self.gradients)), None)
            self.gradients[question] = found
        return found.copy()

    @cached_property
    def gradients(self) -> dict[tuple, np.ndarray]:
        """The last maps that needed gradients, by what was asked."""
        return {}

    def readers(self, element: int, look: int = 0, head: int | None = None) -> np.ndarray:
        """How much of each latent's look lies on one element: [W, N]."""
        return readers(self.trace, element, look, head).numpy()


@lru_cache(maxsize=2)  # of all results together
def last_pull(result: Result, lens: str, label: int) -> Any:
    """What a lens needs of the gradients of a class, kept so that another look or head need not run it again."""
    model = result.pipeline()
    if model is None:
        raise ValueError(f"the lens {lens} runs the network again, and the model is gone: keep it")
    return PULLS[lens](model, result, label)
