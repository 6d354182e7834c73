"""What the live views do in the browser: colours, hovering, keys, the timeline and the looks."""

from __future__ import annotations

import re

import pytest

from tests.browser.conftest import settle
from tests.browser.test_page import PATIENCE, open_tab, picture, wait_for_another
from tests.files import MAKERS

pytestmark = pytest.mark.browser


class Requests(list):
    """The addresses a page asks from now on, once it has asked all it had to."""

    def __init__(self, page) -> None:
        super().__init__()
        settle(page)
        page.on("request", lambda request: self.append(request.url))


def set_range(panel, name: str, value: float) -> None:
    panel.get_by_label(name, exact=True).evaluate(
        "(range, value) => { range.value = value; range.dispatchEvent(new Event('input', {bubbles: true})) }",
        value,
    )


@pytest.mark.parametrize("modality", MAKERS)
def test_colours_ask_nothing_and_the_looks_are_fetched_once_and_played(visit, modality):
    page = visit()
    panel = open_tab(page, modality)
    requests = Requests(page)
    colour(page, panel)
    assert requests == []
    play(page, panel, requests)


def colour(page, panel) -> None:
    """Use each control that acts in the browser alone."""
    before = picture(page)
    panel.locator(".scale").select_option("Viridis")
    for name, value in (("Opacity", 0.5), ("Gamma", 0.5), ("Threshold", 0.4)):
        wait_for_another(page, before)
        before = picture(page)
        set_range(panel, name, value)
    wait_for_another(page, before)


def play(page, panel, requests: Requests) -> None:
    """Play the looks twice; the server is asked once."""
    button, readout = panel.locator(".looks"), panel.locator(".readout")
    button.click()
    for look in (1, 2):
        readout.filter(has_text=f"look {look} of").wait_for(timeout=PATIENCE)
    button.filter(has_text="Stop").click()
    settle(page)
    assert sum("queue/join" in url for url in requests) == 1
    requests.clear()
    still = picture(page)
    button.click()
    readout.filter(has_text="look 2 of").wait_for(timeout=PATIENCE)
    button.click()
    assert requests == []
    assert picture(page) == still  # the look that was asked is back


def test_the_scale_is_what_is_drawn(visit):
    page = visit()
    panel = open_tab(page, "image")
    colour = "canvas => at => [...canvas.getContext('2d').getImageData(at, 0, 1, 1).data]"
    ramp = panel.locator(".ramp")
    assert ramp.evaluate(f"canvas => ({colour})(canvas)(255)") == [240, 249, 33, 255]
    assert ramp.evaluate(f"canvas => ({colour})(canvas)(0)") == [13, 8, 135, 255]
    set_range(panel, "Threshold", 0.5)
    below, above = (ramp.evaluate(f"canvas => ({colour})(canvas)({at})") for at in (120, 255))
    assert below[3] < 128 and above == [240, 249, 33, 255]


def test_hovering_and_arrow_keys_tell_value_and_position(visit):
    page = visit()
    panel = open_tab(page, "image")
    plot, readout = panel.locator(".plot"), panel.locator(".readout")
    plot.hover()
    readout.filter(has_text="of the logit at pixel").wait_for(timeout=PATIENCE)
    told = readout.inner_text()
    plot.focus()
    plot.press("ArrowRight")
    page.wait_for_function("told => document.querySelector('.readout').innerText !== told", arg=told)
    assert "of the logit at pixel" in readout.inner_text()


def moment(panel) -> float:
    return float(panel.locator(".strip").get_attribute("aria-valuenow"))


def click_strip(panel, share: float) -> None:
    strip = panel.locator(".strip")
    box = strip.bounding_box()
    strip.click(position={"x": 64 + share * (box["width"] - 64), "y": box["height"] / 2})


def test_the_timeline_of_a_sound_seeks_its_player(visit):
    page = visit()
    panel = open_tab(page, "audio")
    seconds = float(panel.locator(".strip").get_attribute("aria-valuemax"))
    before = picture(page)
    click_strip(panel, 0.5)
    assert moment(panel) == pytest.approx(seconds / 2, rel=0.02)
    wait_for_another(page, before)  # the cursor over the spectrogram went too
    panel.locator(".run").click()
    at = moment(panel)
    page.wait_for_function(
        "at => +[...document.querySelectorAll('.strip')].find(e => e.offsetParent).ariaValueNow > at + 0.2",
        arg=at,
        timeout=PATIENCE,
    )
    panel.locator(".run", has_text="Pause").click()
    panel.locator(".strip").press("Home")
    assert moment(panel) == 0


def test_the_timeline_of_a_clip_shows_its_frames(visit):
    page = visit()
    panel = open_tab(page, "video")
    before = picture(page)
    click_strip(panel, 0.5)
    wait_for_another(page, before)
    at = moment(panel)
    assert at > 0
    panel.locator(".strip").press("ArrowRight")
    assert moment(panel) == at + 1
    assert f"frame {at + 2:.0f} of" in panel.locator(".strip").get_attribute("aria-valuetext")
    before = picture(page)
    panel.locator(".run").click()
    wait_for_another(page, before)
    panel.locator(".run", has_text="Pause").click()


def test_a_scene_asks_for_its_script_and_says_when_it_did_not_come(visit):
    page = visit(expected="Failed to load resource")
    page.route("**/plotly.min.js", lambda route: route.abort())
    page.get_by_role("tab", name="3D point cloud", exact=True).click()
    panel = page.locator("[role=tabpanel]:visible")
    panel.locator(".waiting", has_text="did not come").wait_for(timeout=PATIENCE)
    page.unroute("**/plotly.min.js")
    panel.get_by_text("One latent", exact=True).click()  # the next map asks again
    panel.locator(".cloud canvas").first.wait_for(timeout=PATIENCE)


def test_a_point_is_told_under_the_pointer_and_the_camera_stays(visit):
    page = visit()
    panel = open_tab(page, "point_cloud")
    hover_a_point(page, panel)
    assert "of the logit at point" in panel.locator(".readout").inner_text()
    assert panel.locator(".cloud canvas").count() == 1


def test_a_clicked_point_is_answered_and_the_camera_stays(visit):
    page = visit()
    panel = open_tab(page, "point_cloud")
    turned = "plot => { plot.mark = 1; return Plotly.relayout(plot, {'scene.camera.eye': {x: 0.9, y: -0.7, z: 0.5}}) }"
    panel.locator(".cloud").evaluate(turned)
    hover_a_point(page, panel)
    number = re.findall(r"point (\d+)", panel.locator(".readout").inner_text())[0]
    scene = panel.locator(".cloud")
    page.mouse.down()
    page.mouse.up()
    panel.locator(".where", has_text="Read most by latents").wait_for(timeout=PATIENCE)
    page.wait_for_function("() => document.querySelector('.cloud').data[1].x.length === 1", timeout=PATIENCE)
    marked = scene.evaluate("plot => plot.data[0].x.indexOf(plot.data[1].x[0])")
    assert marked == int(number) - 1
    kept, eye = scene.evaluate("plot => [plot.mark, plot.layout.scene.camera.eye]")
    assert kept == 1 and [eye["x"], eye["y"], eye["z"]] == pytest.approx([0.9, -0.7, 0.5])
    assert scene.locator("canvas").count() == 1


@pytest.mark.parametrize("modality", ["image", "audio", "video"])
def test_a_clicked_cell_is_answered(visit, modality):
    page = visit()
    panel = open_tab(page, modality)
    before = picture(page)
    panel.locator(".plot").click()
    panel.locator(".where", has_text="Read most by latents").wait_for(timeout=PATIENCE)
    assert panel.get_by_role("radio", name="Looks at this").is_checked()
    wait_for_another(page, before)
    told = panel.locator(".where").inner_text()
    plot = panel.locator(".plot")
    plot.focus()
    for key in ("ArrowRight", "ArrowDown", "Enter"):
        plot.press(key)
    page.wait_for_function(
        "told => [...document.querySelectorAll('.where')].some(e => e.offsetParent && e.innerText !== told)",
        arg=told,
        timeout=PATIENCE,
    )


def hover_a_point(page, panel) -> None:
    """Move over the scene until a point lies under the pointer."""
    panel.locator(".cloud canvas").first.wait_for(timeout=PATIENCE)
    box = panel.locator(".cloud").bounding_box()
    for step in range(200):
        x, y = 0.35 + 0.3 * (step % 20) / 20, 0.4 + 0.02 * (step // 20)
        page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        if panel.locator(".readout").inner_text():
            return
    raise AssertionError("no point was found under the pointer")
