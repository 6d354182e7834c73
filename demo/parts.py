"""What several tabs are made of: the choices of their controls, pictures, and drop zones that hand over the file."""

from __future__ import annotations

from abc import ABCMeta
from functools import cache
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.utils import get_upload_folder

SCALE_CHOICES = [("Before the softmax", "scores"), ("After it", "weights")]
ALL_HEADS = "mean"
# Events between the components of a tab: not for programs, no bar, and of many at once the last counts.
QUICK: dict[str, Any] = {
    "api_visibility": "private",
    "show_progress": "hidden",
    "trigger_mode": "always_last",
}


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
    # By its class, for every update makes a new component.
    component.__class__ = handing_paths(type(component))
    return component


@cache
def handing_paths(kind: Any) -> Any:
    """A kind of component under the same name, whose values are paths."""
    own = {
        "is_template": True,
        "__module__": kind.__module__,
        "preprocess": lambda self, payload: payload.path if payload is not None else None,
    }
    # Gradio's own way to make a class would write a .pyi beside this file.
    return ABCMeta.__new__(type(kind), kind.__name__, (kind,), own)


def gradio_folder() -> str:
    """Where clips and sounds are written: a folder Gradio serves from and clears (`delete_cache`)."""
    folder = Path(get_upload_folder()) / "clips"
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)
