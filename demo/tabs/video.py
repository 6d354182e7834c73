"""Video: the map over the clip, and frame by frame."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
from gradio.utils import get_upload_folder

from demo.parts import picture, read_path
from demo.tab import ModalityTab
from perceiver_zoo.media import write_video
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result
from perceiver_zoo.views import Span, draw_clip


class VideoTab(ModalityTab):
    modality = "video"
    title = "Video"
    sentence = (
        "Every patch of space and time is one element. The model names the camera's own movement: in a pan right the "
        "camera turns right, so the picture moves left."
    )

    def make_input(self) -> Any:
        return read_path(
            gr.Video(sources=["upload", "webcam"], label="Video", height=340, elem_id="video-input")
        )

    def make_view(self) -> list[Any]:
        with gr.Row():
            clip = gr.Video(
                label="Where it looked",
                interactive=False,
                autoplay=True,
                loop=True,
                height=340,
                buttons=["download"],
                elem_id="video-view",
            )
            frame = picture("Frame by frame", 340, "video-frame", format="webp")
        step = gr.Slider(
            1, 2, value=1, step=1, label="Frame", info="Of those the model read", elem_id="video-step"
        )
        self.frames = gr.State(None, time_to_live=3600)
        return [clip, frame, step, self.frames]

    def part(self, result: Result, weights: np.ndarray) -> tuple[Layout, np.ndarray]:
        if not isinstance(result.layout, AudiovisualLayout):
            return result.layout, weights
        picture = result.layout.split(weights)["image"]
        return result.layout.video, picture.reshape(len(picture), -1)

    def draw(self, sample: Any, layout: Any, folded: np.ndarray, span: Span) -> list[Any]:
        frames = draw_clip(sample, layout, folded, span)
        with tempfile.NamedTemporaryFile(suffix=".mp4", delete=False, dir=gradio_folder()) as file:
            write_video(file.name, frames, fps=8)
        middle = len(frames) // 2
        return [file.name, frames[middle], gr.update(maximum=len(frames), value=middle + 1), frames]

    def view_events(self) -> None:
        _, frame, step, frames = self.view
        step.input(
            lambda at, drawn: gr.skip() if drawn is None else drawn[int(at) - 1],
            [step, frames],
            frame,
            api_visibility="private",
            show_progress="hidden",
            trigger_mode="always_last",
        )


def gradio_folder() -> str:
    """Where clips are written: a folder Gradio serves from and clears (`delete_cache`)."""
    folder = Path(get_upload_folder()) / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)
