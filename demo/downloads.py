"""Bringing a released model to this machine, with a live bar."""

from __future__ import annotations

from contextvars import copy_context
from typing import Any

import gradio as gr

from perceiver_zoo.zoo import DownloadError, ZooEntry, find, hub


def megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def titled(name: str) -> str:
    """A model's name as a choice, with what it would cost to have it."""
    entry = find(name)
    return f"{name} ({megabytes(entry.size)} to download)" if entry.state == "remote" else name


def offer(name: str) -> dict[str, Any]:
    """What the button says while a model is not here, and that it is gone once it is."""
    entry = find(name)
    return {"value": f"Download {name}, {megabytes(entry.size)}", "visible": entry.state == "remote"}


def bring(name: str, progress: gr.Progress) -> ZooEntry:
    """Download a model unless it is here; the bar moves with the bytes. gr.Error says why where it cannot be had."""
    entry = find(name)
    if entry.state != "remote":
        return entry
    assert entry.source is not None
    context = copy_context()  # bytes may arrive in another thread, which does not know whose bar this is

    def tell(done: int, total: int) -> None:
        context.copy().run(progress, (done, total), f"{name}, checked when it is here", unit="bytes")

    try:
        progress(0, f"asking the Hub for {name}")
        hub.fetch(entry.source, tell)
    except DownloadError as error:
        raise gr.Error(str(error), title="Not downloaded", print_exception=False) from None
    return entry


class Offer:
    """For a tab with one model: a button that brings it, and a line that says what it is; gone once it is here."""

    def __init__(self, model: str) -> None:
        self.model = model

    def build(self) -> None:
        self.button = gr.Button(**offer(self.model), size="sm", variant="primary")
        self.line = gr.HTML(self.sentence(), label="Model")

    def sentence(self) -> str:
        released = find(self.model).released
        assert released is not None
        here = "not on this machine yet" if find(self.model).state == "remote" else "on this machine"
        return f'<div class="status"><b>{self.model}</b>, {here}. Reads {released.reads}. {released.licence}.</div>'

    def wire(self) -> Any:
        """Wire the button; what is chained to the answer runs once the model is here."""
        return self.button.click(
            self.fetch,
            None,
            [self.button, self.line],
            api_visibility="private",
            show_progress="full",
            show_progress_on=[self.line],
            concurrency_id="download",
        )

    def fetch(self, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        bring(self.model, progress)
        return [gr.update(**offer(self.model)), self.sentence()]
