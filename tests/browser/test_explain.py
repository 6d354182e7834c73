"""The drawing that lights up, the glossary and the guided tour."""

from __future__ import annotations

import re

import pytest

from tests.browser.test_page import PATIENCE, open_tab

pytestmark = pytest.mark.browser


def lit(page) -> list[str]:
    """The lit parts' names."""
    return page.evaluate(
        "[...document.querySelectorAll('.network .lit')].map(part => part.querySelector('.name').textContent)"
    )


def test_the_part_a_control_touches_lights_up(visit):
    page = visit()
    panel = open_tab(page, "image")
    panel.get_by_text("How it reads").click()
    panel.locator(".network").wait_for(timeout=PATIENCE)
    panel.locator(".network", has_text="1,024 elements").wait_for(timeout=PATIENCE)
    panel.locator(".touching-look").hover()
    assert lit(page) == ["Cross-attend 3"]
    panel.locator(".touching-less").hover()
    panel.get_by_text("Rollout", exact=True).hover()
    assert lit(page) == ["Cross-attend 3", "Latent transformer", "Readout"]
    panel.get_by_text("How it reads").hover()
    assert lit(page) == []
    panel.get_by_role("slider", name="Latent").first.focus()
    assert lit(page) == ["Latent array"]


def test_the_glossary_unfolds(visit):
    page = visit()
    page.get_by_role("button", name=re.compile("What attention is and is not")).click()
    page.locator(".glossary dt", has_text="Latent array").wait_for(timeout=PATIENCE)


def test_the_tour_is_shown_once_and_on_demand(visit):
    page = visit()
    card = page.locator(".tour")
    card.wait_for(timeout=PATIENCE)
    assert page.evaluate("document.activeElement === document.body")
    for step in range(1, 6):
        assert f"{step} of 5" in card.inner_text()
        assert page.locator(".toured").count() == 1 and page.locator(".toured").is_visible()
        card.get_by_role("button", name="Next" if step < 5 else "Done").click()
    card.wait_for(state="detached")
    assert page.locator(".toured").count() == 0
    again = page.context.new_page()
    again.goto(page.url)
    open_tab(again, "image")
    again.locator(".explained-row").wait_for(timeout=PATIENCE)  # by now it would have opened
    assert again.locator(".tour").count() == 0
    page.get_by_role("button", name="Show me around").click()
    card.wait_for()
    card.get_by_role("button", name="Next").click()
    page.keyboard.press("Escape")
    card.wait_for(state="detached")
    assert page.evaluate("document.activeElement.textContent") == "Show me around"
