"""All four tabs driven in a real Chromium with files that are not in the repository."""

from __future__ import annotations

import re

import pytest

from tests.files import MAKERS, make

pytestmark = pytest.mark.browser

TITLES = {"image": "Image", "audio": "Audio", "video": "Video", "point_cloud": "3D point cloud"}
PATIENCE = 60_000  # milliseconds; the machine may be busy


def open_tab(page, modality: str):
    """The shown tab's panel, with its first example answered."""
    page.get_by_role("tab", name=TITLES[modality], exact=True).click()
    panel = page.locator("[role=tabpanel]:visible")
    panel.locator(".live .waiting").wait_for(state="hidden", timeout=PATIENCE)
    return panel


def drop(page, panel, file) -> None:
    """Put a file where the example was."""
    before = picture(page)
    upload(panel, file)
    wait_for_another(page, before)


def upload(panel, file) -> None:
    panel.get_by_role("button", name=re.compile("^(Clear|Remove Image)$")).first.click()
    panel.locator("input[type=file]").first.set_input_files(str(file))


@pytest.mark.parametrize("modality", MAKERS)
def test_a_dropped_file_is_answered_and_redrawn(visit, modality, tmp_path):
    page = visit()
    panel = open_tab(page, modality)
    drop(page, panel, make(modality, tmp_path))
    assert panel.locator(".says").inner_text().count("%") == 5
    assert "s to run" in panel.locator(".status").first.inner_text()
    drawn = picture(page)
    panel.get_by_text("Mean over latents", exact=True).click()  # the first lens has one scale only
    panel.get_by_text("Before the softmax", exact=True).click()
    panel.locator(".legend", has_text="before the softmax").wait_for(timeout=PATIENCE)
    wait_for_another(page, drawn)


PICTURE = """() => {
    const view = [...document.querySelectorAll('.live-view')].find(e => e.offsetParent);
    const cloud = view.querySelector('.cloud');
    return cloud ? JSON.stringify(cloud.data[0]) : view.querySelector('.plot').toDataURL();
}"""


def picture(page) -> str:
    """What is drawn: the canvas, or the points and their colours."""
    return page.evaluate(PICTURE)


def wait_for_another(page, before: str) -> None:
    page.wait_for_function(f"before => ({PICTURE})() !== before", arg=before, timeout=PATIENCE)


def test_arrow_keys_step_the_latents(visit):
    page = visit()
    panel = open_tab(page, "image")
    slider = panel.get_by_role("slider", name="Latent").first
    slider.focus()
    slider.press("ArrowRight")
    panel.locator(".legend", has_text="latent 2").wait_for(timeout=PATIENCE)


def test_new_colours_keep_the_camera_and_the_scene(visit):
    page = visit()
    panel = open_tab(page, "point_cloud")
    panel.locator(".cloud canvas").first.wait_for(timeout=PATIENCE)
    turned = "plot => { plot.mark = 1; return Plotly.relayout(plot, {'scene.camera.eye': {x: 0.3, y: 2, z: 0.4}}) }"
    panel.locator(".cloud").evaluate(turned)
    panel.get_by_text("One latent", exact=True).click()
    panel.locator(".legend", has_text="latent 1").wait_for(timeout=PATIENCE)
    page.wait_for_timeout(500)
    kept = panel.locator(".cloud").evaluate("plot => [plot.mark, plot.layout.scene.camera.eye.y]")
    assert kept == [1, 2]


@pytest.mark.parametrize("modality", MAKERS)
def test_a_bad_file_says_so_and_keeps_the_last_answer(visit, modality, tmp_path):
    page = visit(expected="Waveform load error")  # the player's own word on it
    panel = open_tab(page, modality)
    legend = panel.locator(".legend").inner_text()
    bad = tmp_path / MAKERS[modality][0]
    bad.write_bytes(b"nothing of the kind" * 40)
    upload(panel, bad)
    # Gradio's own player may add a word of its own.
    sentence = page.get_by_test_id("toast-body").filter(has_text=re.compile("accepted|extension"))
    sentence.wait_for(timeout=PATIENCE)
    assert panel.locator(".legend").inner_text() == legend


@pytest.mark.parametrize("modality", MAKERS)
def test_nothing_runs_over_the_edge_of_a_phone(visit, modality):
    page = visit(width=390, height=844, scheme="dark")
    open_tab(page, modality)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
