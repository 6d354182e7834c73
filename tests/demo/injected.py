"""A page with one tab whose model is a small one of random weights, in this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr
import pytest

from demo import models
from demo.interface import launch_options
from demo.link import NOTHING
from demo.tab import ModalityTab
from perceiver_zoo.zoo import ZooEntry
from tests.server import free_port


@contextmanager
def served(make: Any, model: Any, state: str = "cached") -> Iterator[str]:
    """Address of a page with the tab that `make` makes; whatever model it asks for is `model`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1,localhost")
        patch.setattr(models, "_load", lambda name: model)
        patch.setattr(ZooEntry, "state", state)
        with gr.Blocks() as page:
            gr.Markdown("# Page", elem_id="masthead")
            tab = make()
            with gr.Tab(tab.title, id=tab.modality):
                tab.build(gr.State(NOTHING)) if isinstance(tab, ModalityTab) else tab.build()
        page.launch(
            server_port=free_port(), prevent_thread_lock=True, quiet=True, inbrowser=False, **launch_options()
        )
        try:
            yield page.local_url
        finally:
            page.close()
