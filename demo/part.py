"""One thing that is shown of an answer: the view its maps are drawn in, and where its elements lie there."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import gradio as gr
import numpy as np

from demo.question import Question
from demo.views.keys import key_of
from demo.views.live import packed
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result


class Part(ABC):
    """A subclass says what a map lies on and how it becomes cells; drawing and picking are the same for all."""

    @abstractmethod
    def make_view(self, elem_id: str) -> gr.HTML:
        """The live view a map is drawn in."""

    @abstractmethod
    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        """What the view lays maps over, sent once an answer."""

    @abstractmethod
    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        """A folded map as the view shows it: [layers, rows, columns], or a value a point; NaN was not read."""

    @abstractmethod
    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        """(window, index) of the element at a clicked place; KeyError where nothing was read."""

    @abstractmethod
    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        """What the view outlines for an element."""

    def sample(self, result: Result) -> Any:
        """What is shown of the sample."""
        return result.sample

    def layout(self, result: Result) -> Layout:
        """The layout of what is shown, where the model read more than that."""
        return result.layout

    def weights(self, result: Result, weights: np.ndarray) -> np.ndarray:
        """The weights [W, M] of what is shown."""
        return weights

    def first(self, result: Result) -> int:
        """Index in the input array of the first element that is shown."""
        return 0

    def base_of(self, result: Result, **more: Any) -> dict[str, Any]:
        """What the view lays this answer's maps over, under the answer's name."""
        return self.base(self.sample(result), self.layout(result)) | {"key": key_of(result), **more}

    def value(
        self, result: Result, asked: Question, looks: list[int], maps: dict[int, np.ndarray]
    ) -> dict[str, Any]:
        """The view's value: the maps of some looks on one scale of colours, and what is outlined."""
        sample, layout = self.sample(result), self.layout(result)
        cells = [self.cells(sample, layout, layout.fold(self.weights(result, maps[look]))) for look in looks]
        return packed(cells, asked.span(np.stack(cells)), asked.signed, asked.unit) | {
            "key": key_of(result),
            "look": asked.at,
            "looks": len(result.trace.looks),
            "marked": self.mark(result, asked.picked) if asked.takes("element") else None,
        }

    def mark(self, result: Result, element: tuple[int, int]) -> Any:
        """What the view outlines for the picked element, where it shows it at all."""
        window, index = element[0], element[1] - self.first(result)
        layout = self.layout(result)
        inside = 0 <= index < int(np.prod(layout.shape))
        return self.mark_of(self.sample(result), layout, (window, index)) if inside else None

    def picked(self, result: Result, place: list[int]) -> tuple[int, int]:
        """(window, index in the input array) of the element at a clicked place; KeyError where nothing was read."""
        window, index = self.element_at(self.sample(result), self.layout(result), place)
        return window, index + self.first(result)
