from __future__ import annotations

import gradio as gr
import pytest

from demo.link import NOTHING
from demo.tabs.image import ImageTab


@pytest.fixture(scope="module")
def tab() -> ImageTab:
    """The Image tab on a page of its own, opened without a link."""
    with gr.Blocks():
        tab = ImageTab()
        tab.build(gr.State(NOTHING))
    return tab
