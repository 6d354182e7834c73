"""The contact sheet shows every latent once, in order, and a click names the one that was clicked."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from demo.link import NOTHING
from demo.panels import sheet as sheets
from demo.panels.sheet import MOST, NAME, TILE, Drawn, Sheet, composed
from demo.question import Question
from demo.tabs import TABS
from perceiver_zoo import load, views
from perceiver_zoo.lenses import order
from perceiver_zoo.pipeline import default_model
from tests.files import MAKERS, make

ASKED = Question("mean", 1, 2, "mean", "weights", "")


@pytest.fixture(params=MAKERS)
def answered(request, tmp_path):
    """A modality's tab, its sheet, and what its default model says of a file."""
    with gr.Blocks():
        tab = next(make_tab() for make_tab in TABS if make_tab.modality == request.param)
        tab.build(gr.State(NOTHING))
    sheet = next(panel for panel in tab.panels if isinstance(panel, Sheet))
    file = make(request.param, tmp_path)
    return sheet, load(default_model(request.param)).classify(file)


def test_every_latent_is_there_once_and_opens_on_a_click(answered):
    sheet, result = answered
    assert all(value == gr.skip() for value in sheet.draw("focus", 1, None, *ASKED))
    picture, _, drawn, _ = sheet.draw("focus", 1, result, *ASKED)
    assert sorted(drawn.latents) == list(range(result.trace.latent_count)) and len(drawn.latents) <= MOST
    assert drawn.latents == order(result.trace, 1, None, "focus")[0].tolist()
    right, down = drawn.step
    assert picture.shape[1] == drawn.columns * right
    place = drawn.columns + 1  # the second of the second row
    event = SimpleNamespace(index=[right + right // 2, down + down // 2])
    _, legend, asked, lens, latent = sheet.open(event, drawn, result, *ASKED)
    assert (lens, latent) == ("latent", drawn.latents[place] + 1)
    assert asked[1:3] == (lens, latent) and f"latent {latent}" in legend


def test_a_click_on_a_sheet_of_another_answer_is_left_alone(answered):
    sheet, result = answered
    drawn = sheet.draw("share", 1, result, *ASKED)[2]
    other = load(default_model(result.sample.modality)).classify(result.sample)
    event = SimpleNamespace(index=[1, 1])
    assert all(value == gr.skip() for value in sheet.open(event, drawn, other, *ASKED))


def test_tiles_stand_in_rows_with_their_numbers_below():
    tiles = [np.full((10, 300, 3), shade, np.uint8) for shade in (50, 100, 150)]
    picture, columns, (right, down) = composed(tiles, [4, 0, 2])
    assert columns == 2 and picture.shape == (2 * down, 2 * right, 3)
    assert [picture[5, 5, 0], picture[5, right + 5, 0], picture[down + 5, 5, 0]] == [50, 100, 150]
    counted = composed(tiles, [0, 1, 2])[0]
    names, others = (sheet[10 : 10 + NAME] for sheet in (picture, counted))
    assert (names[:, :right] != others[:, :right]).any() and (names[:, right:] != others[:, right:]).any()
    np.testing.assert_array_equal(picture[down + 10 :], composed(tiles, [0, 1, 2])[0][down + 10 :])


def test_a_pixel_is_of_the_latent_drawn_there():
    drawn = Drawn("key", [5, 3, 9], 2, (10, 20))
    corners = {(0, 0): 5, (9, 19): 5, (10, 19): 3, (9, 20): 9, (10, 20): None, (20, 0): None, (0, 40): None}
    assert {place: drawn.at(*place) for place in corners} == corners


def test_tiles_are_of_the_asked_look_head_and_scale(answered):
    sheet, result = answered
    heads = result.trace.heads
    asked = ASKED._replace(look=1, head=str(heads - 1), scale="scores", label=result.labels()[3].label)
    for by in ("focus", "share"):
        picture, _, drawn, _ = sheet.draw(by, 1, result, *asked)
        label = result.index_of(asked.label)
        assert drawn.latents == order(result.trace, 0, heads - 1, by, label)[0].tolist()
        small = views.Small(result.sample, sheet.tab.layout(result), TILE)
        for place, latent in enumerate(drawn.latents):
            weights = result.weights("latent", latent=latent, look=0, head=heads - 1, scale="scores")
            tile = small.draw(weights, views.span_of(weights, "scores"))
            left, top = place % drawn.columns * drawn.step[0], place // drawn.columns * drawn.step[1]
            np.testing.assert_array_equal(picture[top : top + TILE, left : left + tile.shape[1]], tile)


def test_what_does_not_fit_on_one_sheet_stands_on_the_next(answered, monkeypatch):
    sheet, result = answered
    monkeypatch.setattr(sheets, "MOST", 20)
    first, second, last = (sheet.draw("index", page, result, *ASKED) for page in (1, 2, 7))
    assert first[2].latents + second[2].latents == list(range(result.trace.latent_count))
    assert last[2].latents == second[2].latents  # there are two
    assert (last[1]["value"], last[1]["maximum"], last[1]["visible"]) == (2, 2, True)


def test_a_click_beside_the_tiles_is_left_alone(answered):
    sheet, result = answered
    drawn = sheet.draw("index", 1, result, *ASKED)[2]
    event = SimpleNamespace(index=[drawn.columns * drawn.step[0], 1])
    assert all(value == gr.skip() for value in sheet.open(event, drawn, result, *ASKED))


def test_without_a_mean_readout_no_latent_has_a_share(answered):
    sheet, result = answered
    asking = replace(result, trace=replace(result.trace, evidence=None))
    _, _, drawn, by = sheet.draw("share", 1, asking, *ASKED)
    assert drawn.latents == list(range(len(drawn.latents)))
    assert by["value"] == "index" and [name for _, name in by["choices"]] == ["index", "focus"]
    by = sheet.draw("share", 1, result, *ASKED)[3]
    assert "value" not in by and by["choices"][2][1] == "share"
