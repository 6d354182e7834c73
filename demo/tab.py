"""The bones every tab shares: what goes in, what it saw, what it says, how to ask."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import gradio as gr
import numpy as np

from demo import words
from demo.models import pipeline
from perceiver_zoo.media.error import MediaError
from perceiver_zoo.pipeline import Result, default_model
from perceiver_zoo.views import Span, caption, span_of
from perceiver_zoo.zoo import assets, find, list_models

LENS_CHOICES = [("Mean over latents", "mean"), ("One latent", "latent")]
SCALE_CHOICES = [("Before the softmax", "scores"), ("After it", "weights")]
ALL_HEADS = "mean"


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
    def make_view(self) -> list[Any]:
        """The components a map is drawn in."""

    @abstractmethod
    def draw(self, result: Result, folded: np.ndarray, span: Span) -> list[Any]:
        """Values of the view's components for one folded map."""

    def view_events(self) -> None:  # noqa: B027
        """Events among the view's own components, if it has any."""

    def build(self) -> None:
        """Lay the tab out and wire it."""
        gr.Markdown(self.sentence, elem_classes="sentence")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260):
                self.input = self.make_input()
                gr.Examples(
                    self.example_files(),
                    self.input,
                    example_labels=None if self.thumbnails else self.example_labels(),
                    label="Examples",
                    cache_examples=False,
                    api_visibility="private",
                )
                models = list_models(self.modality)
                self.model = gr.Dropdown(models, value=default_model(self.modality), label="Model")
                self.labels = gr.Label(num_top_classes=5, label="What it says", elem_classes="says")
            with gr.Column(scale=2, min_width=260):
                self.view = self.make_view()
                self.legend = gr.HTML(label="Legend", elem_classes="legend-row")
                with gr.Group():
                    self.asked = self.make_controls()
                self.status = gr.HTML(
                    '<div class="status">Drop a file, or click an example.</div>', label="Status"
                )
        self.result = gr.State(None, time_to_live=3600)
        self.wire()

    def make_controls(self) -> list[Any]:
        """Lens, latent, look, head and scale, sized for the default model; its last look is asked first."""
        network = find(default_model(self.modality)).config["network"]
        latents, looks, heads = network["latents"], len(network["looks"]), network["cross_heads"]
        with gr.Row():
            lens = gr.Radio(LENS_CHOICES, value="mean", label="Lens", info="All questions, or one")
            scale = gr.Radio(
                SCALE_CHOICES, value="weights", label="Scale", info="The paper draws the scores before"
            )
        with gr.Row():
            latent = gr.Slider(
                1, latents, value=1, step=1, label="Latent", info="Which question", interactive=True
            )
            look = gr.Slider(1, looks, value=looks, step=1, label="Look", info="Which cross-attend")
            head = gr.Dropdown(head_choices(heads), value=ALL_HEADS, label="Head", info="Of that look")
        return [lens, latent, look, head, scale]

    def wire(self) -> None:
        """A new input or model runs the network; every control only asks the trace."""
        outputs = [self.result, *self.view, self.legend, self.labels, self.status, *self.asked[1:4]]
        gr.on(
            [self.input.change, self.model.input],
            self.answer,
            [self.input, self.model, *self.asked],
            outputs,
            api_name=self.modality,
            api_description=f"Classify one file and draw where the model looked ({self.modality}).",
            show_progress="minimal",
            show_progress_on=[self.status],
            concurrency_id="run",
            concurrency_limit=2,
            trigger_mode="always_last",
        )
        lens, latent, look, head, scale = self.asked
        quick: dict[str, Any] = {
            "api_visibility": "private",
            "show_progress": "hidden",
            "concurrency_id": "redraw",
            "concurrency_limit": 4,
            "trigger_mode": "always_last",
        }
        drawn = [*self.view, self.legend]
        others = [lens.input, look.input, head.input, scale.input]
        gr.on(others, self.redraw, [self.result, *self.asked], drawn, **quick)
        gr.on([latent.input], self.redraw_latent, [self.result, *self.asked[1:]], [*drawn, lens], **quick)
        self.view_events()

    def answer(
        self, file: str | None, model: str, lens: str, latent: int, look: int, head: str, scale: str
    ) -> list[Any]:
        """Run the model on `file`; a file that cannot be read leaves the last answer as it is."""
        if not file:
            return [gr.skip()] * (len(self.view) + 7)
        try:
            started = time.perf_counter()
            loaded = pipeline(model)
            loading = time.perf_counter() - started
            result = loaded.classify(file)
        except MediaError as error:
            raise gr.Error(str(error), title="This file could not be read", print_exception=False) from None
        controls = self.fit_controls(result, latent, look, head)
        latent, look, head = (control["value"] for control in controls)
        drawn = self.redraw(result, lens, latent, look, head, scale)
        labels = {label.label: label.probability for label in result.labels()}
        return [
            result,
            *drawn,
            labels,
            words.status(result, loading),
            *(gr.update(**control) for control in controls),
        ]

    def fit_controls(self, result: Result, latent: int, look: int, head: str) -> list[dict[str, Any]]:
        """What the latent, look and head controls offer for this run, keeping what was chosen where it exists."""
        latents, looks, heads = result.trace.latent_count, len(result.trace.looks), result.trace.heads
        choices = head_choices(heads)
        kept = head if head in [value for _, value in choices] else ALL_HEADS
        return [
            {"maximum": latents, "value": min(int(latent), latents)},
            {"maximum": looks, "value": min(int(look), looks)},
            {"choices": choices, "value": kept},
        ]

    def redraw(
        self, result: Result | None, lens: str, latent: int, look: int, head: str, scale: str
    ) -> list[Any]:
        """The view and its legend for one question, from the trace alone."""
        if result is None:
            return [gr.skip()] * (len(self.view) + 1)
        asked = {"look": int(look) - 1, "head": None if head == ALL_HEADS else int(head), "scale": scale}
        if lens == "latent":
            asked["latent"] = int(latent) - 1
        weights = result.weights(lens, **asked)
        span = span_of(weights, scale)
        text = caption(result.model, len(result.trace.looks), lens=lens, **asked)
        alternative = words.alternative(result, weights) if scale == "weights" else ""
        line = words.legend(text, span) + f'<p class="where" aria-live="polite">{alternative}</p>'
        return [*self.draw(result, result.layout.fold(weights), span), line]

    def redraw_latent(
        self, result: Result | None, latent: int, look: int, head: str, scale: str
    ) -> list[Any]:
        """Choosing a latent asks for that latent, whatever the lens was."""
        return [*self.redraw(result, "latent", latent, look, head, scale), "latent"]

    def examples(self) -> list[dict[str, Any]]:
        listed = json.loads((assets() / "examples" / "examples.json").read_text(encoding="utf-8"))
        return listed[self.modality]

    def example_files(self) -> list[list[str]]:
        return [[str(assets() / "examples" / self.modality / item["file"])] for item in self.examples()]

    def example_labels(self) -> list[str]:
        return [Path(item["file"]).stem.replace("_", " ") for item in self.examples()]

    def first_example(self, file: str | None) -> Any:
        """The first example when nothing has been dropped yet, so that no tab opens empty."""
        return gr.skip() if file else self.example_files()[0][0]


def head_choices(heads: int) -> list[tuple[str, str]]:
    """The mean, and each head where there are several."""
    each = [(f"Head {i + 1}", str(i)) for i in range(heads)] if heads > 1 else []
    return [("Mean over heads", ALL_HEADS), *each]


def picture(label: str, height: int, elem_id: str, format: str = "png") -> gr.Image:
    """A drawn picture: to look at, enlarge and download."""
    return gr.Image(
        label=label,
        interactive=False,
        format=format,
        height=height,
        buttons=["download", "fullscreen"],
        elem_id=elem_id,
    )


def read_path(component: Any) -> Any:
    """Have a component hand over the uploaded file itself: decoding strangers' files is the guarded worker's work."""
    component.preprocess = partial(_path)
    return component


def _path(payload: Any) -> str | None:
    return payload.path if payload is not None else None
