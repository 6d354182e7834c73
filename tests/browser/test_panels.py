"""What stands below the controls, used in a real Chromium."""

from __future__ import annotations

import pytest
from PIL import Image

from tests.browser.test_page import PATIENCE, open_tab

pytestmark = pytest.mark.browser


def unfold(panel, title: str):
    panel.get_by_text(title, exact=True).click()


def test_a_picture_is_taken_home(visit, tmp_path):
    page = visit()
    panel = open_tab(page, "image")
    unfold(panel, "Take it home")
    panel.get_by_role("button", name="Write the file", exact=True).click()
    link = panel.locator("a[download$='.png']").first
    link.wait_for(timeout=PATIENCE)
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "map.png")
    with Image.open(tmp_path / "map.png") as picture:
        assert picture.format == "PNG" and min(picture.size) > 300
    assert "gradient" in download.value.suggested_filename
    panel.get_by_text("export.save(").first.wait_for(timeout=PATIENCE)


def test_a_latent_on_the_sheet_opens_above(visit):
    page = visit()
    panel = open_tab(page, "image")
    unfold(panel, "All latents")
    sheet = panel.locator("#image-sheet img")
    sheet.wait_for(timeout=PATIENCE)
    sheet.click(position={"x": 8, "y": 8})  # the first one
    panel.locator(".legend-row", has_text="latent 1").first.wait_for(timeout=PATIENCE)
