"""The contact sheet shows every latent once, in order, and a click names the one that was clicked."""

from __future__ import annotations

from types import SimpleNamespace

import gradio as gr
import numpy as np
import pytest

from demo.link import NOTHING
from demo.panels.sheet import MOST, Sheet, composed
from demo.question import Question
from demo.tabs import TABS
from perceiver_zoo import load
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
    picture, _, drawn = sheet.draw("focus", 1, result, *ASKED)
    assert sorted(drawn.latents) == list(range(result.trace.latent_count)) and len(drawn.latents) <= MOST
    assert drawn.latents == order(result.trace, 1, None, "focus")[0].tolist()
    right, down = drawn.step
    assert picture.shape[1] == drawn.columns * right
    place = drawn.columns + 1  # the second of the second row
    event = SimpleNamespace(index=[right + right // 2, down + down // 2])
    *_, lens, latent = sheet.open(event, drawn, result, *ASKED)
    assert (lens, latent) == ("latent", drawn.latents[place] + 1)


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
