"""Sound and picture together: what was read of each, and what the latents kept of both."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from typing import Any, cast

import gradio as gr
import numpy as np

from demo.models import pipeline
from demo.part import Part
from demo.parts import QUICK, gradio_folder, read_path
from demo.question import Question
from demo.tab import ModalityTab
from demo.tabs.audio import Sound
from demo.tabs.video import Clip
from demo.views.audiovisual import counts_of, measured, shares_html, told
from demo.views.keys import key_of
from perceiver_zoo.media import write_video
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, AudiovisualModality
from perceiver_zoo.pipeline import Result
from perceiver_zoo.pipeline.audiovisual import queries, reconstruct
from perceiver_zoo.zoo import find

MODEL = "perceiver_io_multimodal.kinetics700"
NOTHING_KEPT = '<div class="status kept"></div>'


@dataclass(frozen=True, eq=False)
class Brought:
    """What came back of one window of a clip: two files and a line."""

    result: Result
    before: str
    after: str
    line: str


class AudiovisualTab(Clip, ModalityTab):
    """The model of sound and picture: one question is drawn on both, and the latents can be asked for both again."""

    modality = "audiovisual"
    title = "Audio + video"
    sentence = (
        "Sound, picture and one empty element for the label stand in one input array, read by the same latents. "
        "See how much of the attention each part drew, and what the latents kept."
    )

    @property
    def files(self) -> str:
        return "video"

    @property
    def parts(self) -> list[Part]:
        return [self, Sound()]

    def make_input(self) -> Any:
        return read_path(
            gr.Video(
                sources=["upload", "webcam"],
                label="Video with sound",
                height=340,
                elem_id="audiovisual-input",
            )
        )

    def build(self, link: gr.State) -> None:
        super().build(link)
        self.make_reconstruction()
        self.wire_reconstruction()

    def told(self, result: Result, weights: np.ndarray) -> str:
        return told(result, weights)

    def beside(self, result: Result, asked: Question, weights: np.ndarray) -> str:
        """What each part has of the attention: of this map, or of all latents where it is no attention."""
        if not asked.is_attention:
            lens = "mean" if asked.in_logits else asked.lens
            weights = asked._replace(lens=lens, scale="weights", minus=0).weights(result, asked.at)
        read = weights[~np.isnan(weights).any(axis=1)]  # of some windows only, where an element was picked
        layout = cast(AudiovisualLayout, result.layout)
        return shares_html(counts_of(cast(AudiovisualModality, result.modality)), layout.shares(read))

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
        self.line = gr.HTML(NOTHING_KEPT, label="Measured")
        with gr.Row():
            self.before, self.after = (
                gr.Video(label=label, interactive=False, loop=True, height=300, elem_id=f"audiovisual-{name}")
                for label, name in (("As it was read", "before"), ("As it came back", "after"))
            )
        self.fitted = gr.State(None)  # the answer whose windows the slider has
        self.brought = gr.State(None, time_to_live=3600)

    def wire_reconstruction(self) -> None:
        shown = [self.before, self.after, self.line]
        self.drawn.change(
            self.clear,
            [self.result, self.fitted],
            [self.fitted, self.window, self.bring, *shown],
            **QUICK,
        )
        self.bring.click(
            self.bring_back,
            [self.result, self.window],
            [self.brought, self.line],
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.line],
            concurrency_id="bring back",
            concurrency_limit=1,
        ).success(self.show_brought, [self.brought, self.result], shown, **QUICK)

    def clear(self, result: Result | None, fitted: str | None) -> list[Any]:
        """A new answer has its own windows, and takes away what came back of the last."""
        if result is None or key_of(result) == fitted:
            return [gr.skip()] * 6
        windows = len(cast(AudiovisualLayout, result.layout).starts)
        slider = gr.update(maximum=max(windows, 2), value=1, interactive=windows > 1)
        return [key_of(result), slider, gr.update(interactive=True), None, None, NOTHING_KEPT]

    def bring_back(
        self,
        result: Result | None,
        window: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Ask one window back from the latents; the bar counts queries."""
        if result is None:
            return [gr.skip(), gr.skip()]
        loaded, at = pipeline(result.model), int(window) - 1
        progress((0, queries(loaded.network.readout)), "asking the latents", unit="queries")
        back = reconstruct(
            loaded, result, at, lambda *done: progress(done, "asking the latents", unit="queries")
        )
        before = written(back.frames, back.rate, back.sound)
        after = written(back.frames_back, back.rate, back.sound_back)
        return [Brought(result, before, after, measured(result, at, back)), gr.skip()]

    def show_brought(self, brought: Brought | None, result: Result | None) -> list[Any]:
        """What came back, unless another clip was answered meanwhile."""
        if brought is None or brought.result is not result:
            return [gr.skip()] * 3
        return [brought.before, brought.after, brought.line]


def written(frames: np.ndarray, rate: float, sound: AudioSample | None = None) -> str:
    """Path of a clip the page may show."""
    with tempfile.NamedTemporaryFile(suffix=".mp4", delete=False, dir=gradio_folder()) as file:
        write_video(file.name, frames, rate, sound)
    return file.name
