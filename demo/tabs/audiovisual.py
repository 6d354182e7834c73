"""Sound and picture together: what was read of each, and what the latents kept of both."""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from typing import Any, ClassVar

import gradio as gr
import numpy as np

from demo import words
from demo.downloads import Offer
from demo.models import pipeline
from demo.parts import ANSWER_CHOICE, LENS_CHOICES, SCALE_CHOICES, gradio_folder, picture, read_path
from demo.views.audiovisual import Seen, counts_of, measured, shares_html, status, where
from perceiver_zoo.media import write_video
from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audiovisual import AudiovisualModality
from perceiver_zoo.pipeline.audiovisual import queries, reconstruct
from perceiver_zoo.views import caption, draw_clip, draw_waves, span_of
from perceiver_zoo.zoo import find

MODEL = "perceiver_io_multimodal.kinetics700"
SLOWER = 2  # a window lasts 0.64 s, too short to follow at its own speed


@dataclass(frozen=True, eq=False)
class Brought:
    """What came back of one window of a clip: two files and a line."""

    seen: Seen
    before: str
    after: str
    line: str


class AudiovisualTab:
    """The model of sound and picture. One run leaves a trace, and every control asks it."""

    modality: ClassVar[str] = "audiovisual"
    title: ClassVar[str] = "Audio + video"
    sentence: ClassVar[str] = (
        "Sound, picture and one empty element for the label stand in one input array, read by the same latents. "
        "See how much of the attention each part drew, and what the latents kept."
    )

    def build(self) -> None:
        """Lay the tab out and wire it."""
        gr.Markdown(self.sentence, elem_classes="sentence")
        self.offer = Offer(MODEL)
        self.counts = counts_of(AudiovisualModality(**find(MODEL).config["reading"]))
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260):
                self.input = read_path(
                    gr.Video(
                        sources=["upload", "webcam"],
                        label="Video with sound",
                        height=340,
                        elem_id="audiovisual-input",
                    )
                )
                self.offer.build()
                self.labels = gr.Label(num_top_classes=5, label="What it says", elem_classes="says")
            with gr.Column(scale=2, min_width=260):
                self.make_view()
                with gr.Group():
                    self.asked = self.make_controls()
                self.status = gr.HTML('<div class="status">Drop a video.</div>', label="Status")
        self.make_reconstruction()
        self.seen = gr.State(None, time_to_live=3600)
        self.drawn = gr.State(None)  # the question the pictures answer
        self.brought = gr.State(None, time_to_live=3600)
        self.wire()

    def make_view(self) -> None:
        """The clip, the sound, the colours' values, and the three parts' shares."""
        self.clip = gr.Video(
            label="Where it looked, at half speed",
            interactive=False,
            autoplay=True,
            loop=True,
            height=340,
            buttons=["download"],
            elem_id="audiovisual-view",
        )
        self.waves = picture("Where it listened, a row a window", 340, "audiovisual-waves")
        self.legend = gr.HTML(label="Legend", elem_classes="legend-row")
        self.shares = gr.HTML(shares_html(self.counts), label="Shares of the attention")

    def make_controls(self) -> list[Any]:
        latents = find(MODEL).network["latents"]
        with gr.Row():
            lens = gr.Radio(
                [*LENS_CHOICES, ANSWER_CHOICE], value="mean", label="Lens", info="Whose attention"
            )
            scale = gr.Radio(
                SCALE_CHOICES, value="weights", label="Scale", info="The answer's query has one after it only"
            )
        latent = gr.Slider(
            1, latents, value=1, step=1, label="Latent", info="Which question", interactive=True
        )
        return [lens, latent, scale]

    def make_reconstruction(self) -> None:
        """Below the maps: one window beside what the latents give back of it."""
        network = find(MODEL).network
        pixels, patches = (
            int(np.prod(network["readout_options"]["grids"][name])) for name in ("image", "audio")
        )
        gr.Markdown(
            f"### What the latents kept\n{network['latents']} latents stand for the whole window. Each of its "
            f"{pixels:,} pixels and {patches:,} patches of sound is asked back with a query of its own, "
            "which takes minutes on a CPU.",
            elem_classes="sentence",
        )
        with gr.Row(equal_height=True):
            self.window = gr.Slider(
                1, 2, value=1, step=1, label="Window", info="Which part of the clip", interactive=True
            )
            self.bring = gr.Button("Bring back what the latents kept", interactive=False)
        self.line = gr.HTML('<div class="status kept"></div>', label="Measured")
        with gr.Row():
            self.before, self.after = (
                gr.Video(label=label, interactive=False, loop=True, height=300, elem_id=f"audiovisual-{name}")
                for label, name in (("As it was read", "before"), ("As it came back", "after"))
            )

    def wire(self) -> None:
        """A new clip runs the network; the controls ask the trace; the button asks the latents."""
        question = [self.seen, *self.asked]
        view = [self.clip, self.waves, self.legend, self.shares, self.drawn]
        says = [self.seen, *view, self.labels, self.status]
        run: dict[str, Any] = {
            "show_progress": "minimal",
            "show_progress_on": [self.status],
            "concurrency_id": "run",
        }
        answered = self.input.change(
            self.answer,
            [self.input, *self.asked],
            says,
            api_name=self.modality,
            api_description="Classify a video with sound; draw what was read of picture and sound, and the shares.",
            concurrency_limit=2,
            trigger_mode="always_last",
            **run,
        )
        fetched = self.offer.wire().success(
            self.answer, [self.input, *self.asked], says, api_visibility="private", **run
        )
        # A map of all latents takes seconds, so here too something shows that it is being made.
        quick = run | {
            "api_visibility": "private",
            "concurrency_id": "redraw",
            "concurrency_limit": 4,
            "trigger_mode": "always_last",
        }
        lens, latent, scale = self.asked
        gr.on([lens.input, scale.input], self.redraw, question, [*view, scale], **quick)
        latent.input(self.redraw_latent, question, [*view, scale, lens], **quick)
        # Answers may come late and out of order: whatever was drawn last, what the controls ask is drawn in the end.
        self.drawn.change(self.catch_up, [self.drawn, *question], [*view, scale], **quick)
        self.wire_reconstruction([answered, fetched])

    def wire_reconstruction(self, answers: list[Any]) -> None:
        shown = [self.before, self.after, self.line]
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        for event in answers:
            event.then(self.clear, [self.seen, self.brought], [self.window, self.bring, *shown], **private)
        self.bring.click(
            self.bring_back,
            [self.seen, self.window],
            [self.brought, self.line],
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.line],
            concurrency_id="bring back",
            concurrency_limit=1,
        ).success(self.show, [self.brought, self.seen], shown, **private)
        # Someone else may have brought the model since the page was built.
        gr.on(None, self.offer_now, None, [self.offer.button, self.offer.line], **private)

    def offer_now(self) -> list[Any]:
        here = find(MODEL).state != "remote"
        return [gr.update(visible=not here), self.offer.sentence()]

    def answer(self, file: str | None, lens: str, latent: int, scale: str) -> list[Any]:
        """Run the model on `file`; a file that cannot be read leaves the last answer as it is."""
        if not file:
            return [gr.skip()] * 8
        if find(MODEL).state == "remote":
            line = f"{MODEL} is not on this machine yet: download it, and this file is answered."
            return [*[gr.skip()] * 7, f'<div class="status">{line}</div>']
        try:
            started = time.perf_counter()
            loaded = pipeline(MODEL)
            loading = time.perf_counter() - started
            seen = Seen(loaded.classify(file))
        except MediaError as error:
            raise gr.Error(str(error), title="This file could not be read", print_exception=False) from None
        *view, _ = self.redraw(seen, lens, latent, scale)
        labels = {label.label: label.probability for label in seen.result.labels()}
        return [seen, *view, labels, status(seen, loading)]

    def redraw(self, seen: Seen | None, lens: str, latent: int, scale: str) -> list[Any]:
        """Clip, sound, legend and shares for one question, from the trace alone; the question; the scale's control."""
        if seen is None:
            return [gr.skip()] * 6
        own = "weights" if lens == "answer" else scale  # a product of two softmaxes has no scores
        weights, layout = seen.map(lens, int(latent), own), seen.layout
        parts = layout.split(weights)
        spans = {name: span_of(parts[name], own) for name in ("image", "audio")}
        frames = draw_clip(seen.clip, layout.video, parts["image"], spans["image"])
        rate = layout.frames.shape[1] / layout.seconds / SLOWER
        asked = {"lens": lens, "look": 0, "head": None, "scale": own, "latent": int(latent) - 1}
        rest = caption(seen.result.model, 1, **asked).split(", ", 1)[1]
        lines = [
            words.legend(f"Picture, {rest}", spans["image"]),
            words.legend("Sound, likewise, on a scale of its own", spans["audio"]),
        ]
        read = weights if own == "weights" else seen.map(lens, int(latent), "weights")
        return [
            written(frames, rate),
            draw_waves(seen.result.sample, layout, parts["audio"], spans["audio"]),  # type: ignore[arg-type]
            "".join(lines) + where(seen, read),
            shares_html(self.counts, layout.shares(read)),
            (lens, latent, own),
            gr.update(value=own, interactive=lens != "answer"),
        ]

    def redraw_latent(self, seen: Seen | None, lens: str, latent: int, scale: str) -> list[Any]:
        """Choosing a latent asks for that latent, whatever the lens was."""
        return [*self.redraw(seen, "latent", latent, scale), "latent"]

    def catch_up(self, drawn: tuple | None, seen: Seen | None, *question: Any) -> list[Any]:
        """Draw again where the controls have moved on from what was drawn."""
        if drawn is None or drawn == tuple(question):
            return [gr.skip()] * 6
        return self.redraw(seen, *question)

    def clear(self, seen: Seen | None, brought: Brought | None) -> list[Any]:
        """A new clip has its own windows, and takes away what came back of the last."""
        if seen is None or (brought is not None and brought.seen is seen):
            return [gr.skip()] * 5
        windows = len(seen.layout.starts)
        slider = gr.update(maximum=max(windows, 2), value=1, interactive=windows > 1)
        return [slider, gr.update(interactive=True), None, None, '<div class="status kept"></div>']

    def bring_back(
        self,
        seen: Seen | None,
        window: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Ask one window back from the latents; the bar counts queries."""
        if seen is None:
            return [gr.skip(), gr.skip()]
        loaded, at = pipeline(MODEL), int(window) - 1
        progress((0, queries(loaded.network.readout)), "asking the latents", unit="queries")
        back = reconstruct(
            loaded, seen.result, at, lambda *done: progress(done, "asking the latents", unit="queries")
        )
        before = written(back.frames, back.rate, back.sound)
        after = written(back.frames_back, back.rate, back.sound_back)
        return [Brought(seen, before, after, measured(seen, at, back)), gr.skip()]

    def show(self, brought: Brought | None, seen: Seen | None) -> list[Any]:
        """What came back, unless another clip was answered meanwhile."""
        if brought is None or brought.seen is not seen:
            return [gr.skip()] * 3
        return [brought.before, brought.after, brought.line]


def written(frames: np.ndarray, rate: float, sound: AudioSample | None = None) -> str:
    """Path of a clip the page may show."""
    with tempfile.NamedTemporaryFile(suffix=".mp4", delete=False, dir=gradio_folder()) as file:
        write_video(file.name, frames, rate, sound)
    return file.name
