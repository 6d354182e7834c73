"""Images: the map over the pixels."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.parts import picture, read_path
from demo.tab import ModalityTab
from perceiver_zoo.views import Span, draw_image


class ImageTab(ModalityTab):
    modality = "image"
    title = "Image"
    thumbnails = True
    sentence = "Every pixel is one element. The colours show how much the latents read from each of them."

    def make_input(self) -> Any:
        return read_path(
            gr.Image(
                sources=["upload", "webcam", "clipboard"],
                type="filepath",
                label="Image",
                height=300,
                elem_id="image-input",
            )
        )

    def make_view(self) -> list[Any]:
        return [picture("Where it looked", 520, "image-view")]

    def draw(self, sample: Any, layout: Any, folded: np.ndarray, span: Span) -> list[Any]:
        return [draw_image(sample, layout, folded, span)]
