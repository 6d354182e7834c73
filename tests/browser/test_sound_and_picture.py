"""Sound and picture in a real Chromium, answered by a small model: two views of one question, and of one moment."""

from __future__ import annotations

from threading import Event

import pytest

from demo.question import Question
from demo.tabs.audiovisual import AudiovisualTab
from perceiver_zoo.media import write_video
from tests.browser.conftest import Watched
from tests.browser.test_page import PATIENCE
from tests.demo.injected import served
from tests.small_released import audiovisual_pipeline, sounding_clip

pytestmark = pytest.mark.browser
WINDOWS, FRAMES = 3, 4


@pytest.fixture(scope="module")
def address(chromium):
    with served(AudiovisualTab, audiovisual_pipeline()) as address:
        yield address


@pytest.fixture
def answered(chromium, address, tmp_path):
    """Opens the page at a width with a clip of three windows answered; no error was logged."""
    file, sample = tmp_path / "clip.mp4", sounding_clip(WINDOWS, side=64)
    write_video(file, sample.frames, 25, sample.audio)
    contexts = []

    def open_page(width: int = 1280):
        context = chromium.new_context(viewport={"width": width, "height": 1000})
        watched = Watched(context.new_page(), address)
        contexts.append((context, watched))
        watched.page.locator("input[type=file]").first.set_input_files(str(file))
        watched.page.locator(".where", has_text="Half of the picture").wait_for(timeout=PATIENCE)
        for waiting in watched.page.locator(".live .waiting").all():
            waiting.wait_for(state="hidden", timeout=PATIENCE)
        return watched.page

    yield open_page
    for context, watched in contexts:
        context.close()
        assert watched.errors == []


def moments(page) -> list[float]:
    """The frame of the picture, from 0, and the seconds of the sound."""
    return [float(strip.get_attribute("aria-valuenow")) for strip in page.locator(".strip").all()]


def test_both_views_are_at_one_moment(answered):
    page = answered()
    picture, sound = page.locator(".strip").all()
    assert moments(page) == [0, 0]
    picture.press("End")
    assert moments(page) == [WINDOWS * FRAMES - 1, pytest.approx(0.48, abs=0.03)]
    sound.press("Home")
    assert moments(page) == [0, 0]
    page.locator(".run").last.click()  # what is heard is seen
    page.wait_for_function(
        "() => +document.querySelector('.strip').getAttribute('aria-valuenow') > 4", timeout=PATIENCE
    )


def test_the_view_that_plays_last_plays_alone(answered):
    page = answered()
    picture, sound = page.locator(".run").all()
    picture.click()
    assert picture.inner_text() == "Pause"
    page.locator(".strip").last.press("Home")
    assert (picture.inner_text(), sound.inner_text()) == ("Play", "Play")


@pytest.mark.parametrize("width", [1280, 390])
def test_views_stand_below_each_other(answered, width):
    boxes = [view.bounding_box() for view in answered(width).locator(".live").all()]
    assert len(boxes) == 2 and boxes[0]["y"] + boxes[0]["height"] <= boxes[1]["y"]


@pytest.mark.parametrize("view", [0, 1])
def test_a_click_in_either_view_is_answered_in_both(answered, view):
    page = answered()
    plots = page.locator(".plot").all()
    before = [plot.evaluate("plot => plot.toDataURL()") for plot in plots]
    plots[view].click()
    page.locator(".where", has_text="Read most by latents").wait_for(timeout=PATIENCE)
    assert page.get_by_role("radio", name="Looks at this").is_checked()
    page.wait_for_function(
        "before => [...document.querySelectorAll('.plot')].every((plot, i) => plot.toDataURL() !== before[i])",
        arg=before,
        timeout=PATIENCE,
    )


def test_a_map_that_takes_long_is_announced(answered, monkeypatch):
    page, made, weights = answered(), Event(), Question.weights
    faint = "faint => getComputedStyle(document.querySelector('.legend-row .html-container')).opacity < 1 === faint"
    monkeypatch.setattr(Question, "weights", lambda *asked: made.wait(60) and weights(*asked))
    page.get_by_text("Rollout", exact=True).click()
    page.wait_for_function(faint, arg=True, timeout=PATIENCE)
    made.set()
    page.locator(".legend", has_text="rollout").wait_for(timeout=PATIENCE)
    page.wait_for_function(faint, arg=False, timeout=PATIENCE)
