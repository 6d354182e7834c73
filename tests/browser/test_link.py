"""The address of the page reopens what is shown, in a browser that never was here."""

from __future__ import annotations

import pytest

from tests.browser.conftest import settle
from tests.browser.test_page import PATIENCE, open_tab, picture

pytestmark = pytest.mark.browser


def shown(page):
    panel = page.locator("[role=tabpanel]:visible")
    panel.locator(".legend").wait_for(timeout=PATIENCE)
    return panel


def test_the_link_reopens_model_lens_and_settings(visit):
    page = visit()
    panel = open_tab(page, "video")
    panel.get_by_text("One latent", exact=True).click()
    panel.get_by_text("Before the softmax", exact=True).click()
    panel.get_by_role("slider", name="Look").first.press("ArrowLeft")
    latent = panel.get_by_role("slider", name="Latent").first
    for _ in range(3):
        latent.press("ArrowRight")
    page.wait_for_url("**lens=latent&look=3&latent=4&scale=scores**", timeout=PATIENCE)
    legend, map_ = panel.locator(".legend").inner_text(), picture(page)

    again = visit(path="/" + page.url.split("/", 3)[3])
    panel = shown(again)
    panel.locator(".legend", has_text="latent 4").wait_for(timeout=PATIENCE)
    assert panel.locator(".legend").inner_text() == legend
    again.wait_for_url(page.url, timeout=PATIENCE)
    assert picture(again) == map_
    assert panel.get_by_role("slider", name="Latent").first.input_value() == "4"
    assert panel.get_by_role("radio", name="One latent").is_checked()
    assert panel.get_by_role("radio", name="Before the softmax").is_checked()


def test_each_tab_has_an_address_of_its_own_and_the_link_is_copied(visit):
    page = visit(
        path="/?tab=image&example=dog&lens=mean&__theme=dark",
        permissions=["clipboard-read", "clipboard-write"],
    )
    panel = shown(page)
    page.wait_for_url("**tab=image**lens=mean**example=dog**__theme=dark", timeout=PATIENCE)
    image = page.url
    open_tab(page, "audio")
    page.wait_for_url("**tab=audio**", timeout=PATIENCE)
    page.get_by_role("tab", name="Image", exact=True).click()
    page.wait_for_url(image, timeout=PATIENCE)
    panel.get_by_text("Take it home", exact=True).click()
    panel.get_by_role("button", name="Copy the link").click()
    panel.get_by_role("button", name="Copied").wait_for(timeout=PATIENCE)
    assert page.evaluate("navigator.clipboard.readText()") == image


def test_an_address_that_makes_no_sense_opens_the_page_as_ever(visit):
    page = visit(path="/?tab=none&lens=%00&look=-3&model=none")
    shown(page)
    page.wait_for_url("**tab=image**", timeout=PATIENCE)


def test_a_tab_that_was_chosen_stays_when_the_address_is_answered_late(visit):
    page, held, late = visit(), [], True
    settle(page)
    page.route("**/queue/join*", lambda route: held.append(route) if late else route.continue_())
    page.goto(page.url.split("?")[0] + "?tab=audio", wait_until="load")
    page.get_by_role("tab", name="Zoo", exact=True).click()
    page.wait_for_timeout(500)  # by now every question of the page's load is held
    late = False
    # What is asked once the address was answered.
    with page.expect_request("**/queue/join*", timeout=PATIENCE):
        for route in held:
            route.continue_()
    page.wait_for_timeout(500)
    assert page.locator("[role=tab][aria-selected=true]").inner_text() == "Zoo"
