"""The bones every tab shares: what goes in, what it saw, what it says, how to ask."""

from __future__ import annotations

import filecmp
import json
import time
from abc import abstractmethod
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
from demo.part import Part
from demo.parts import QUICK
from demo.question import Question
from demo.views.keys import key_of
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media.error import MediaError
from perceiver_zoo.pipeline import Result, default_model
from perceiver_zoo.zoo import assets, find, list_models

# Asking a trace; several visitors may at once.
REDRAW = QUICK | {"concurrency_id": "redraw", "concurrency_limit": 4}
MAP_FORMAT = (
    "The first value's `value` holds the map: `maps`, one little-endian uint16 array in base64 of shape `shape`, "
    "where 0 was not read and 1 to 65535 are `low` to `high`; `props.base` holds the input it lies on."
)


class ModalityTab(Part):
    """One tab. A subclass says what goes in and how a map is drawn; events and controls are the same for all."""

    modality: ClassVar[str]
    title: ClassVar[str]
    sentence: ClassVar[str]
    thumbnails: ClassVar[bool] = False  # whether the examples can be shown as they are

    @abstractmethod
    def make_input(self) -> Any:
        """The drop zone; its value is a file's path."""

    @property
    def parts(self) -> list[Part]:
        """What is shown of an answer, each in a view of its own."""
        return [self]

    @property
    def files(self) -> str:
        """The modality of the files that go in."""
        return self.modality

    def build(self, link: gr.State) -> None:
        """Lay the tab out and wire it. link: what the page's address asks for."""
        self.link, first = link, self.first_model()
        gr.Markdown(self.sentence, elem_classes="sentence")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260, elem_classes="goes-in"):
                self.input = self.make_input()
                if self.examples():
                    gr.Examples(
                        self.example_files(),
                        self.input,
                        example_labels=None if self.thumbnails else self.example_labels(),
                        label="Examples",
                        cache_examples=False,
                        api_visibility="private",
                    )
                self.model = gr.Dropdown(self.model_choices(), value=first, label="Model")
                self.download = gr.Button(**self.offered(first), size="sm")
                self.verdict = gr.HTML(label="What it is sure of", elem_classes="verdict-row")
                self.labels = gr.Label(num_top_classes=5, label="What it says", elem_classes="says")
            with gr.Column(scale=2, min_width=260):
                self.views = [
                    part.make_view(f"{self.modality}-view{number or ''}")
                    for number, part in enumerate(self.parts)
                ]
                self.legend = gr.HTML(label="Legend", elem_classes="legend-row")
                self.controls = Controls(first)
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

    def first_model(self) -> str:
        """The best model that is here, or the one to bring."""
        here = list_models(self.modality, on_disk=True)
        return default_model(self.modality) if here else list_models(self.modality)[0]

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
        asked = [self.result, *self.asked]
        self.shown = view = [*self.views, self.legend, self.drawn]
        controls = self.controls
        # A map of the largest models takes seconds: then something shows that it is being made.
        redraw = REDRAW | {"show_progress": "minimal", "show_progress_on": [self.legend]}
        gr.on([control.input for control in controls.plain], self.redraw, asked, view, **redraw)
        controls.latent.input(self.redraw_latent, asked, [*view, controls.lens], **redraw)
        for part, own in zip(self.parts, self.views, strict=True):
            own.select(self.picking(part), asked, [*view, controls.lens, controls.element], **redraw)
            own.play(self.play, asked, view, **redraw)
        controls.lens.change(controls.fit_lens, controls.lens, controls.of_lens, **QUICK)
        self.labels.change(words.verdict, self.result, self.verdict, **QUICK)
        self.wire_download()
        for panel in self.panels:
            panel.follow(self)
            panel.wire(self)
        # Answers may come late and out of order: whatever was drawn last, what the controls ask is drawn in the end.
        opened, due = [panel.opened for panel in self.panels], [panel.due for panel in self.panels]
        self.drawn.change(self.catch_up, [self.drawn, *opened, *asked], [*view, *due], **redraw)

    def answering(self, event: Callable[..., Any], **more: Any) -> None:
        """Have the model answer on an event."""
        event(
            self.answer,
            [self.input, self.model, self.result, self.link, *self.asked],
            [self.result, *self.views, self.legend, self.labels, self.status, *self.asked, self.drawn],
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
            [self.model, self.download],
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.status],
            concurrency_id="download",
        )
        self.answering(fetched.success, api_visibility="private")

    def fetch(self, button: str, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        """Bring the model the button named; it is chosen from then on, and the button offers what is not here yet."""
        name = next(name for name in list_models(self.modality) if name in button)
        bring(name, progress)
        return [gr.update(choices=self.model_choices(), value=name), gr.update(**self.offered(name))]

    def answer(
        self, file: str | None, model: str, before: Result | None, link: Link | None, *question: Any
    ) -> list[Any]:
        """Run the model on `file`; a file that cannot be read leaves the last answer as it is."""
        count = len(self.parts)
        nothing = [gr.skip()] * (count + 5 + len(self.asked))
        if find(model).state == "remote":
            line = f'<div class="status">{model} is not on this machine yet: the button below its name brings it.</div>'
            return [*nothing[: count + 3], line, *nothing[count + 4 :]]
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
        *values, legend, drawn = self.redraw(result, *asked)
        example = self.example_of(file)
        views = [
            gr.update(value=value, base=part.base_of(result, example=example))
            for part, value in zip(self.parts, values, strict=True)
        ]
        labels = {label.label: label.probability for label in result.labels()}
        return [result, *views, legend, labels, words.status(result, loading), *updates, drawn]

    def first_question(
        self, result: Result, before: Result | None, link: Link | None, *question: Any
    ) -> Question:
        """What a model is asked first: what the link says, or what the last one was, each by its own first lens."""
        asked = Question(*question)._replace(element=None)
        last = before.model if before else self.first_model()
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
            return [gr.skip()] * (len(self.shown) + len(opened))
        if drawn != (key_of(result), *question):
            return [*self.redraw(result, *question), *[gr.skip()] * len(opened)]
        return [*[gr.skip()] * len(self.shown), *(drawn if open_now else gr.skip() for open_now in opened)]

    def redraw(self, result: Result | None, *question: Any) -> list[Any]:
        """The view and its legend for one question, from the trace alone, and the question."""
        if result is None:
            return [gr.skip()] * len(self.shown)
        asked = Question(*question)
        return self.show(result, asked, [asked.at])

    def play(self, result: Result | None, *question: Any) -> list[Any]:
        """The same with the maps of all looks, for the view to show one after the other."""
        if result is None:
            return [gr.skip()] * len(self.shown)
        return self.show(result, Question(*question), list(range(len(result.trace.looks))))

    def show(self, result: Result, asked: Question, looks: list[int]) -> list[Any]:
        """The maps of some looks in every view, the legend of the asked one, and the question."""
        drawn, asked = (key_of(result), *asked), asked.settled(result)
        maps = {look: asked.weights(result, look) for look in {*looks, asked.at}}
        told = self.told(result, maps[asked.at]) if asked.is_attention else ""
        name = asked.caption(result)
        query = query_of(self.modality, result.model, asked)
        values = [
            part.value(result, asked, looks, maps) | {"text": told or name, "query": query}
            for part in self.parts
        ]
        line = f'<p class="where" aria-live="polite">{told} {asked.readers(result)}</p>'
        return [*values, words.named(name) + line + self.beside(result, asked, maps[asked.at]), drawn]

    def told(self, result: Result, weights: np.ndarray) -> str:
        """A map that shares one whole out among the elements, in words."""
        return words.alternative(result, weights)

    def beside(self, result: Result, asked: Question, weights: np.ndarray) -> str:
        """What else is said of the map, as HTML."""
        return ""

    def picking(self, part: Part) -> Callable[..., list[Any]]:
        """A click on an element of a part asks what else those latents read that read it."""

        def pick(event: gr.EventData, result: Result | None, *question: Any) -> list[Any]:
            if result is None:
                return [gr.skip()] * (len(self.shown) + 2)
            try:
                element = part.picked(result, event._data["index"])
            except KeyError:  # nothing was read there
                return [gr.skip()] * (len(self.shown) + 2)
            asked = Question(*question)._replace(lens="looks_at", element=element)
            return [*self.redraw(result, *asked), "looks_at", element]

        return pick

    def redraw_latent(self, result: Result | None, lens: str, *question: Any) -> list[Any]:
        """Choosing a latent asks for that latent, unless the lens has a rank in its place."""
        chosen = lens if "rank" in LENSES[lens].takes else "latent"
        return [*self.redraw(result, chosen, *question), chosen]

    def examples(self) -> list[dict[str, Any]]:
        listed = json.loads((assets() / "examples" / "examples.json").read_text(encoding="utf-8"))
        return listed.get(self.modality, [])

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
        first = next(iter(files.values()), gr.skip())
        if link.tab != self.modality:
            return [first, gr.skip()]
        known = link.model in list_models(self.modality)
        return [files.get(link.example, first), link.model if known else gr.skip()]
