"""Answers that come late or out of order: in the end the picture is what the controls ask."""

from __future__ import annotations

import threading

import gradio as gr
import pytest

from demo.interface import launch_options
from demo.link import NOTHING
from demo.tabs.image import ImageTab
from tests.browser.conftest import Watched
from tests.server import free_port

pytestmark = pytest.mark.browser
PATIENCE = 60_000


@pytest.fixture
def held(monkeypatch):
    """An event that maps of the mean before the softmax wait for."""
    release = threading.Event()
    redraw = ImageTab.redraw

    def late(self, result, *question):
        if "mean" in question[:1] and "scores" in question:
            assert release.wait(PATIENCE / 1000)
        return redraw(self, result, *question)

    monkeypatch.setattr(ImageTab, "redraw", late)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    yield release
    release.set()


@pytest.fixture
def page(chromium, held):
    with gr.Blocks() as blocks:
        tab = ImageTab()
        with gr.Tab(tab.title):
            gr.HTML(elem_id="masthead")
            link = gr.State(NOTHING)
            tab.build(link)
        blocks.load(tab.open, [tab.input, link], [tab.input, tab.model])
    blocks.launch(server_port=free_port(), prevent_thread_lock=True, quiet=True, **launch_options())
    context = chromium.new_context(viewport={"width": 1280, "height": 1000})
    try:
        yield Watched(context.new_page(), blocks.local_url).page
    finally:
        context.close()
        blocks.close()


def test_a_late_map_does_not_stay_over_a_newer_one(page, held):
    legend = page.locator(".legend")
    legend.wait_for(timeout=PATIENCE)
    page.get_by_text("Mean over latents", exact=True).click()
    page.locator(".legend", has_text="mean over latents").wait_for(timeout=PATIENCE)
    with page.expect_request("**/queue/join*"):  # this map waits
        page.get_by_text("Before the softmax", exact=True).click()
    slider = page.get_by_role("slider", name="Latent").first
    slider.focus()
    slider.press("ArrowRight")
    page.locator(".legend", has_text="latent 2").wait_for(timeout=PATIENCE)
    with page.expect_response("**/queue/join*", timeout=PATIENCE):  # it came, and was found to be old
        held.set()
    page.locator(".legend", has_text="latent 2").wait_for(timeout=PATIENCE)
