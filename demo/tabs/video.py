"""Video: the map over the frames the model read."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.part import Part
from demo.parts import read_path
from demo.tab import ModalityTab
from demo.views import places
from demo.views.bases import clip_base
from demo.views.canvas import canvas
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, with_black_picture
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result


class Clip(Part):
    """The frames of a clip."""

    def make_view(self, elem_id: str) -> gr.HTML:
        return canvas("Where it looked", elem_id)

    def sample(self, result: Result) -> Any:
        """The clip; a sound alone was read with a black picture."""
        sample, layout = result.sample, result.layout
        if isinstance(sample, AudioSample) and isinstance(layout, AudiovisualLayout):
            return with_black_picture(sample, layout.frames.shape[1] / layout.seconds)
        return sample

    def layout(self, result: Result) -> Layout:
        return result.layout.video if isinstance(result.layout, AudiovisualLayout) else result.layout

    def weights(self, result: Result, weights: np.ndarray) -> np.ndarray:
        layout = result.layout
        if not isinstance(layout, AudiovisualLayout):
            return weights
        return layout.split(weights)["image"].reshape(len(weights), -1)

    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        return clip_base(sample, layout)

    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        return layout.by_frame(folded).reshape(-1, *folded.shape[2:])

    def first(self, result: Result) -> int:
        return result.layout.sound if isinstance(result.layout, AudiovisualLayout) else 0

    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        return places.clip_element(layout, place)

    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        return places.clip_mark(layout, element)


class VideoTab(Clip, ModalityTab):
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
