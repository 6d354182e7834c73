"""Images: the map over the pixels."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.parts import read_path
from demo.tab import ModalityTab
from demo.views import places
from demo.views.bases import image_base
from demo.views.canvas import canvas


class ImageTab(ModalityTab):
    modality = "image"
    title = "Image"
    thumbnails = True
    sentence = "Every pixel is one element. The colours show what the lens below finds in each of them."

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

    def make_view(self, elem_id: str) -> gr.HTML:
        return canvas("Where it looked", elem_id)

    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        return image_base(sample, layout)

    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        return folded

    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        return places.image_element(layout, place)

    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        return places.image_mark(layout, element)
