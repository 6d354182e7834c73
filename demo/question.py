"""What the controls of a tab ask of a trace."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from demo import words
from demo.parts import ALL_HEADS
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Result
from perceiver_zoo.views import Span, caption, span_of

UNITS = {"weights": "of the attention", "scores": "score"}
MOST = 4  # readers of an element that are named


class Question(NamedTuple):
    """The controls' values in their own order; latents and looks count from 1, as on the page. Ask a settled one.

    label: a class, "" for the likeliest one. versus: another class, or "". minus: another look, or 0.
    element: (window, index) of the one that was picked, or None for the one that was read most.
    """

    lens: str
    latent: int
    look: int
    head: str
    scale: str
    label: str = ""
    versus: str = ""
    minus: int = 0
    element: tuple[int, int] | None = None

    @property
    def at(self) -> int:
        """The look, from 0."""
        return int(self.look) - 1

    @property
    def own_scale(self) -> str:
        """The scale, or the lens's only one."""
        scales = LENSES[self.lens].scales
        return self.scale if self.scale in scales else scales[0]

    @property
    def signed(self) -> bool:
        """Whether values may lie on both sides of a zero that means nothing."""
        return LENSES[self.lens].signed or bool(self.less)

    @property
    def in_logits(self) -> bool:
        return self.takes("label")

    @property
    def unit(self) -> str:
        return "of the logit" if self.in_logits else UNITS[self.own_scale]

    @property
    def is_attention(self) -> bool:
        """Whether the map shares one whole out among the elements."""
        return not self.signed and not self.in_logits and self.own_scale == "weights"

    def takes(self, argument: str) -> bool:
        return argument in LENSES[self.lens].takes

    def settled(self, result: Result) -> Question:
        """The same with an element of this run, where the lens takes one, and the name of a class."""
        asked = self._replace(label=self.label or result.labels(1)[0].label)
        if not self.takes("element"):
            return asked
        windows, elements = len(result.trace.latents), result.trace.looks[0].key.shape[2]
        if self.element is None:
            most = int(np.argmax(result.weights("mean", look=self.at)))
            return asked._replace(element=divmod(most, elements))
        window, index = self.element
        if (
            result.trace.mask is not None
            and not result.trace.mask[min(window, windows - 1), min(index, elements - 1)]
        ):
            return asked._replace(element=None).settled(result)
        return asked._replace(element=(min(window, windows - 1), min(index, elements - 1)))

    def of(self, look: int) -> dict[str, Any]:
        """The lens's own arguments at look `look`, from 0."""
        head = None if self.head == ALL_HEADS else int(self.head)
        own = {
            "latent": lambda: int(self.latent) - 1,
            "rank": lambda: int(self.latent) - 1,
            "element": lambda: self.picked[1],
            "label": lambda: self.label,
        }
        taken = {name: own[name]() for name in LENSES[self.lens].takes}
        return {"look": look, "head": head, "scale": self.own_scale, **taken}

    @property
    def less(self) -> dict[str, Any]:
        """What is different in the map that is taken off, if one is."""
        look = {"look": int(self.minus) - 1} if self.minus else {}
        return look | ({"label": self.versus} if self.versus and self.takes("label") else {})

    @property
    def picked(self) -> tuple[int, int]:
        """(window, index) of the element a settled question is about."""
        assert self.element is not None
        return self.element

    def weights(self, result: Result, look: int) -> np.ndarray:
        """Map [W, M] at look `look`, from 0; of the windows where the picked element is not, NaN."""
        weights = result.weights(self.lens, self.less, **self.of(look))
        if self.takes("element"):
            others = np.arange(len(weights)) != self.picked[0]
            weights = np.where(others[:, None], np.nan, weights)
        return weights

    def span(self, values: np.ndarray) -> Span:
        """The ends of the colour scale: as far on both sides of zero where values are signed."""
        if not self.signed:
            return span_of(values, self.own_scale)
        reach = float(np.nanmax(np.abs(values)))
        return Span(-reach, reach, signed=True)

    def caption(self, result: Result) -> str:
        """The line that names the map."""
        text = caption(result.model, len(result.trace.looks), lens=self.lens, **self.of(self.at))
        look = f", less look {self.minus}" if self.minus else ""
        return text + look + (f", less {self.versus}" if "label" in self.less else "")

    def readers(self, result: Result) -> str:
        """Which latents read the picked element, in words."""
        if not self.takes("element"):
            return ""
        own, (window, index) = self.of(self.at), self.picked
        shares = result.readers(index, look=own["look"], head=own["head"])[window]
        order = np.argsort(-shares, kind="stable")[:MOST].tolist()
        named = ", ".join(f"{n + 1} ({words.number(100 * float(shares[n]))} %)" for n in order)
        return f"Read most by latents {named} of their attention."
