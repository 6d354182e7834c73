"""The bones every tab shares: what goes in, what it saw, what it says, how to ask."""

from __future__ import annotations

import filecmp
import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
import numpy as np

from demo import words
from demo.controls import Controls, first_lens
from demo.downloads import bring, offer, titled
from demo.link import Link, query_of
from demo.models import pipeline
from demo.panels import PANELS
from demo.parts import QUICK
from demo.question import Question
from demo.views.keys import key_of
from demo.views.live import packed
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media.error import MediaError
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result, default_model
from perceiver_zoo.zoo import assets, find, list_models

# Asking a trace; several visitors may at once.
REDRAW = QUICK | {"concurrency_id": "redraw", "concurrency_limit": 4}
MAP_FORMAT = (
    "The first value's `value` holds the map: `maps`, one little-endian uint16 array in base64 of shape `shape`, "
    "where 0 was not read and 1 to 65535 are `low` to `high`; `props.base` holds the input it lies on."
)


class ModalityTab(ABC):
    """One tab. A subclass says what goes in and how a map is drawn; events and controls are the same for all."""

    modality: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    thumbnails: ClassVar[bool] = False  # whether the examples can be shown as they are

    @abstractmethod
    def make_input(self) -> Any:
        """The drop zone; its value is a file's path."""

    @abstractmethod
    def make_view(self) -> gr.HTML:
        """The live view a map is drawn in."""

    @abstractmethod
    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        """What the view lays maps over, sent once an answer."""

    @abstractmethod
    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        """A folded map as the view shows it: [layers, rows, columns], or a value a point; NaN was not read."""

    def layout(self, result: Result) -> Layout:
        """The layout of what this tab shows, where the model read more than that."""
        return result.layout

    def part(self, result: Result, weights: np.ndarray) -> np.ndarray:
        """The weights [W, M] of what this tab shows."""
        return weights

    def first(self, result: Result) -> int:
        """Index in the input array of the first element this tab shows."""
        return 0

    @abstractmethod
    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        """(window, index) of the element at a clicked place; KeyError where nothing was read."""

    @abstractmethod
    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        """What the view outlines for an element."""

    def build(self, link: gr.State) -> None:
        """Lay the tab out and wire it. link: what the page's address asks for."""
        self.link = link
        gr.Markdown(self.sentence, elem_classes="sentence")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260, elem_classes="goes-in"):
                self.input = self.make_input()
                gr.Examples(
                    self.example_files(),
                    self.input,
                    example_labels=None if self.thumbnails else self.example_labels(),
                    label="Examples",
                    cache_examples=False,
                    api_visibility="private",
                )
                self.model = gr.Dropdown(
                    self.model_choices(), value=default_model(self.modality), label="Model"
                )
                self.download = gr.Button(**self.offered(default_model(self.modality)), size="sm")
                self.verdict = gr.HTML(label="What it is sure of", elem_classes="verdict-row")
                self.labels = gr.Label(num_top_classes=5, label="What it says", elem_classes="says")
            with gr.Column(scale=2, min_width=260):
                self.view = self.make_view()
                self.legend = gr.HTML(label="Legend", elem_classes="legend-row")
                self.controls = Controls(default_model(self.modality))
                self.asked = self.controls.build()
                self.status = gr.HTML(
                    '<div class="status">Drop a file, or click an example.</div>', label="Status"
                )
                self.panels = [make() for make in PANELS]
                for panel in self.panels:
                    with gr.Accordion(panel.title, open=False) as panel.shell:
                        panel.build(self)
        self.result = gr.State(None, time_to_live=3600)
        self.wire()

    def model_choices(self) -> list[tuple[str, str]]:
        return [(titled(name), name) for name in list_models(self.modality)]

    def offered(self, model: str) -> dict[str, Any]:
        """The download button: for the chosen model where it is not here, else for the best that is not."""
        if find(model).state == "remote":
            return offer(model)
        remote = [name for name in list_models(self.modality) if find(name).state == "remote"]
        own = [name for name in remote if find(name).modality == self.modality]
        return offer(own[-1]) if own else {"visible": False}

    def wire(self) -> None:
        """A new input or model runs the network; every control only asks the trace."""
        self.drawn = gr.State(None)  # the question the picture answers
        self.answering(
            partial(gr.on, [self.input.change, self.model.input]),
            api_name=self.modality,
            api_description=f"Classify one file and say where the model looked ({self.modality}). {MAP_FORMAT}",
            concurrency_limit=2,
            trigger_mode="always_last",
        )
        view, asked = [self.view, self.legend, self.drawn], [self.result, *self.asked]
        controls = self.controls
        gr.on([control.input for control in controls.plain], self.redraw, asked, view, **REDRAW)
        controls.latent.input(self.redraw_latent, asked, [*view, controls.lens], **REDRAW)
        self.view.select(self.pick, asked, [*view, controls.lens, controls.element], **REDRAW)
        controls.lens.change(controls.fit_lens, controls.lens, controls.of_lens, **QUICK)
        self.labels.change(words.verdict, self.result, self.verdict, **QUICK)
        self.view.play(self.play, asked, view, **REDRAW)
        self.wire_download()
        for panel in self.panels:
            panel.follow(self)
            panel.wire(self)
        # Answers may come late and out of order: whatever was drawn last, what the controls ask is drawn in the end.
        opened, due = [panel.opened for panel in self.panels], [panel.due for panel in self.panels]
        self.drawn.change(self.catch_up, [self.drawn, *opened, *asked], [*view, *due], **REDRAW)

    def answering(self, event: Callable[..., Any], **more: Any) -> None:
        """Have the model answer on an event."""
        view = [self.view, self.legend]
        event(
            self.answer,
            [self.input, self.model, self.result, self.link, *self.asked],
            [self.result, *view, self.labels, self.status, *self.asked, self.drawn],
            show_progress="minimal",
            show_progress_on=[self.status],
            concurrency_id="run",
            **more,
        )

    def wire_download(self) -> None:
        """The button brings the model it names, and then that model answers."""
        # Another tab or visitor may have brought a model since the page was built.
        gr.on(None, lambda: gr.update(choices=self.model_choices()), None, self.model, **QUICK)
        self.model.change(lambda model: gr.update(**self.offered(model)), self.model, self.download, **QUICK)
        fetched = self.download.click(
            self.fetch,
            self.download,
            self.model,
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.status],
            concurrency_id="download",
        )
        self.answering(fetched.success, api_visibility="private")

    def fetch(self, button: str, progress: gr.Progress = gr.Progress()) -> dict[str, Any]:  # noqa: B008
        """Bring the model the button named; it is chosen from then on."""
        name = next(name for name in list_models(self.modality) if name in button)
        bring(name, progress)
        return gr.update(choices=self.model_choices(), value=name)

    def answer(
        self, file: str | None, model: str, before: Result | None, link: Link | None, *question: Any
    ) -> list[Any]:
        """Run the model on `file`; a file that cannot be read leaves the last answer as it is."""
        nothing = [gr.skip()] * (6 + len(self.asked))
        if find(model).state == "remote":
            line = f'<div class="status">{model} is not on this machine yet: the button below its name brings it.</div>'
            return [*nothing[:4], line, *nothing[5:]]
        if not file:
            return nothing
        try:
            started = time.perf_counter()
            loaded = pipeline(model)
            loading = time.perf_counter() - started
            result = loaded.classify(file)
        except MediaError as error:
            raise gr.Error(str(error), title="This file could not be read", print_exception=False) from None
        # Controls that fit already are left alone: someone may be turning them.
        same = before is not None and before.model == result.model
        asked = Question(*question) if same else self.first_question(result, before, link, *question)
        asked, updates = self.controls.fit(result, asked, same)
        view, legend, drawn = self.redraw(result, *asked)
        base = self.base(result.sample, self.layout(result)) | {
            "key": key_of(result),
            "example": self.example_of(file),
        }
        labels = {label.label: label.probability for label in result.labels()}
        view = gr.update(value=view, base=base)
        return [result, view, legend, labels, words.status(result, loading), *updates, drawn]

    def first_question(
        self, result: Result, before: Result | None, link: Link | None, *question: Any
    ) -> Question:
        """What a model is asked first: what the link says, or what the last one was, each by its own first lens."""
        asked = Question(*question)._replace(element=None)
        last = before.model if before else default_model(self.modality)
        if asked.lens == first_lens(last):
            asked = asked._replace(lens=first_lens(result.model))
        asked_for = link.question if link and link.tab == self.modality and not before else {}
        return asked._replace(**asked_for)

    def catch_up(self, drawn: tuple | None, *after: Any) -> list[Any]:
        """Draw again where the controls have moved on from what was drawn; else the open panels take up what was.

        after: whether each panel is open, the result, and what the controls ask.
        """
        opened, (result, *question) = after[: len(self.panels)], after[len(self.panels) :]
        if drawn is None or result is None:
            return [gr.skip()] * (3 + len(opened))
        if drawn != (key_of(result), *question):
            return [*self.redraw(result, *question), *[gr.skip()] * len(opened)]
        return [*[gr.skip()] * 3, *(drawn if open_now else gr.skip() for open_now in opened)]

    def redraw(self, result: Result | None, *question: Any) -> list[Any]:
        """The view and its legend for one question, from the trace alone, and the question."""
        if result is None:
            return [gr.skip()] * 3
        asked = Question(*question)
        return self.show(result, asked, [asked.at])

    def play(self, result: Result | None, *question: Any) -> list[Any]:
        """The same with the maps of all looks, for the view to show one after the other."""
        if result is None:
            return [gr.skip()] * 3
        return self.show(result, Question(*question), list(range(len(result.trace.looks))))

    def show(self, result: Result, asked: Question, looks: list[int]) -> list[Any]:
        """The maps of some looks on one scale of colours, the legend of the asked one, and the question."""
        drawn, asked = (key_of(result), *asked), asked.settled(result)
        maps = {look: asked.weights(result, look) for look in {*looks, asked.at}}
        layout = self.layout(result)
        parts = [layout.fold(self.part(result, maps[look])) for look in looks]
        cells = [self.cells(result.sample, layout, part) for part in parts]
        alternative = words.alternative(result, maps[asked.at]) if asked.is_attention else ""
        name = asked.caption(result)
        view = packed(cells, asked.span(np.stack(cells)), asked.signed, asked.unit) | {
            "key": key_of(result),
            "text": alternative or name,
            "look": asked.at,
            "looks": len(result.trace.looks),
            "query": query_of(self.modality, result.model, asked),
            "marked": self.mark(result, asked.picked) if asked.takes("element") else None,
        }
        line = f'<p class="where" aria-live="polite">{alternative} {asked.readers(result)}</p>'
        return [view, words.named(name) + line, drawn]

    def mark(self, result: Result, element: tuple[int, int]) -> Any:
        """What the view outlines for the picked element, where it shows it at all."""
        window, index = element[0], element[1] - self.first(result)
        layout = self.layout(result)
        inside = 0 <= index < int(np.prod(layout.shape))
        return self.mark_of(result.sample, layout, (window, index)) if inside else None

    def pick(self, event: gr.EventData, result: Result | None, *question: Any) -> list[Any]:
        """A click on an element asks what else those latents read that read it."""
        if result is None:
            return [gr.skip()] * 5
        try:
            window, index = self.element_at(result.sample, self.layout(result), event._data["index"])
        except KeyError:  # nothing was read there
            return [gr.skip()] * 5
        element = window, index + self.first(result)
        asked = Question(*question)._replace(lens="looks_at", element=element)
        return [*self.redraw(result, *asked), "looks_at", element]

    def redraw_latent(self, result: Result | None, lens: str, *question: Any) -> list[Any]:
        """Choosing a latent asks for that latent, unless the lens has a rank in its place."""
        chosen = lens if "rank" in LENSES[lens].takes else "latent"
        return [*self.redraw(result, chosen, *question), chosen]

    def examples(self) -> list[dict[str, Any]]:
        listed = json.loads((assets() / "examples" / "examples.json").read_text(encoding="utf-8"))
        return listed[self.modality]

    def example_files(self) -> list[list[str]]:
        return [[str(assets() / "examples" / self.modality / item["file"])] for item in self.examples()]

    def example_labels(self) -> list[str]:
        return [Path(item["file"]).stem.replace("_", " ") for item in self.examples()]

    def example_of(self, file: str) -> str:
        """The name of the example that `file` is, or "" where it is a visitor's own."""
        same = (own for (own,) in self.example_files() if filecmp.cmp(own, file, shallow=False))
        return next((Path(own).stem for own in same), "")

    def open(self, file: str | None, link: Link | None) -> list[Any]:
        """The input and the model when nothing has been dropped yet, so that no tab opens empty.

        What the page's address says of this tab, else the first example. link: None before the address was read.
        """
        if file or link is None:
            return [gr.skip()] * 2
        files = {Path(own).stem: own for (own,) in self.example_files()}
        first = self.example_files()[0][0]
        if link.tab != self.modality:
            return [first, gr.skip()]
        known = link.model in list_models(self.modality)
        return [files.get(link.example, first), link.model if known else gr.skip()]
