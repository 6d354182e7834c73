"""Leaving out what a map marks, from the page."""

from __future__ import annotations

import pytest

from tests.browser.test_page import PATIENCE, open_tab

pytestmark = pytest.mark.browser


def test_the_slider_runs_the_model_again(visit):
    page = visit()
    panel = open_tab(page, "image")
    panel.get_by_role("button", name="Is the map true?").click()
    outcome = panel.locator(".truth").first
    outcome.locator("p", has_text="Without the 20 %").wait_for(timeout=PATIENCE)
    slider = panel.get_by_role("slider", name="Most marked elements")
    slider.focus()
    slider.press("ArrowRight")
    outcome.locator("p", has_text="Without the 21 %").wait_for(timeout=PATIENCE)
    panel.get_by_text("Read only them", exact=True).click()
    outcome.locator("p", has_text="With only the 21 %").wait_for(timeout=PATIENCE)
    panel.get_by_role("button", name="Draw deletion and insertion").click()
    panel.locator(".truth svg").nth(1).wait_for(timeout=PATIENCE)
    panel.get_by_text("One latent", exact=True).click()
    outcome.locator("p", has_text="One latent").wait_for(timeout=PATIENCE)
    panel.locator(".truth svg").first.wait_for(state="detached", timeout=PATIENCE)  # they were of another map
