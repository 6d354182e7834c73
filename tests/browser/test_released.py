"""The page against a loopback Hub with all released models at full size: downloaded, loaded and drawn in every tab."""

from __future__ import annotations

import re

import numpy as np
import pytest

from perceiver_zoo.media import AudioSample, write_video
from tests.browser.conftest import Watched
from tests.loopback_hub import serve_hub
from tests.released_weights import publish
from tests.server import serve

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.timeout(1500)]
PATIENCE = 180_000  # milliseconds: flow takes half a minute on two free cores


@pytest.fixture(scope="module")
def page(chromium, tmp_path_factory):
    folder = tmp_path_factory.mktemp("released")
    with serve_hub() as hub:
        publish(hub, folder)
        environment = hub.environment(folder / "home", OMP_NUM_THREADS="2")
        (folder / "served").mkdir()
        with serve(folder / "served", environment) as address:
            context = chromium.new_context(viewport={"width": 1280, "height": 1000})
            watched = Watched(context.new_page(), address)
            watched.page.set_default_timeout(PATIENCE)
            yield watched.page
            context.close()
            assert watched.errors == []
            assert watched.hosts <= {address.split("/")[2], ""}


def open_tab(page, title: str):
    page.get_by_role("tab", name=title, exact=True).click()
    return page.locator("[role=tabpanel]:visible")


def download(panel, name: str) -> None:
    button = panel.get_by_role("button", name=re.compile(f"^Download {re.escape(name)}, "))
    button.click()
    button.wait_for(state="hidden")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """One window of sound and picture, 0.64 s."""
    file = tmp_path_factory.mktemp("clip") / "clip.mp4"
    rng = np.random.default_rng(0)
    frames = np.kron(rng.integers(0, 256, (16, 12, 16, 3)), np.ones((1, 8, 8, 1))).astype(np.uint8)
    sound = AudioSample(np.sin(np.arange(30_720) / 20).astype(np.float32) * 0.5, 48_000)
    write_video(file, frames, 25, sound)
    return str(file)


def test_image(page):
    panel = open_tab(page, "Image")
    panel.locator(".legend").wait_for()
    panel.get_by_role("button", name=re.compile("^Download perceiver_io_conv")).click()
    panel.locator(".legend", has_text="perceiver_io_conv.imagenet").wait_for()
    assert "3,025 patches" in panel.locator(".status").first.inner_text()
    panel.get_by_text("The answer's query", exact=True).click()
    panel.locator(".legend", has_text="what the answer's query read").wait_for()
    panel.get_by_text("Answer x gradient", exact=True).click()
    panel.locator(".legend", has_text="the answer's query times gradient of").wait_for()
    panel.get_by_role("slider", name="Latent").first.press("End")  # far beyond the bundled model's 32
    panel.locator(".legend", has_text="latent 512").wait_for()


def test_audiovisual(page, clip):
    panel = open_tab(page, "Audio + video")
    download(panel, "perceiver_io_multimodal.kinetics700")
    panel.locator("input[type=file]").first.set_input_files(clip)
    panel.locator(".where", has_text="Half of the picture").wait_for()
    assert panel.locator(".says").inner_text().count("%") == 5
    assert panel.locator(".shares .value").all_inner_texts()[0].endswith("%")
    drawn = (
        "canvas => canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some(Boolean)"
    )
    assert [canvas.evaluate(drawn) for canvas in panel.locator(".plot").all()] == [True, True]


def test_flow(page):
    panel = open_tab(page, "Flow")
    download(panel, "perceiver_io_flow.autoflow")
    panel.locator("#flow-preview img").wait_for()
    panel.locator("#flow-run").click()
    panel.locator("#flow-view img").wait_for()
    panel.locator(".where", has_text="went").wait_for()


def test_text(page):
    panel = open_tab(page, "Text")
    download(panel, "perceiver_io_language.wikipedia_c4")
    panel.get_by_role("button", name="Fill", exact=True).click()
    panel.locator("#text-filled mark").first.wait_for()
    assert panel.locator("#text-candidates td").count() >= 5


def test_the_zoo_says_what_is_here_now(page):
    page.reload(wait_until="load")
    panel = open_tab(page, "Zoo")
    for name, state in (
        ("perceiver_io_conv.imagenet", "on this machine"),
        ("perceiver_io_flow.autoflow", "on this machine"),
        ("perceiver_io_multimodal.kinetics700", "on this machine"),
        ("perceiver_io_learned.imagenet", "to download"),
    ):
        # The cards are as they were when the page was built, until its own question is answered.
        panel.locator(".zoo-head", has_text=name).locator(".state", has_text=state).wait_for()
