"""What is asked while the network runs is neither forgotten nor undone by its answer."""

from __future__ import annotations

import gradio as gr
import numpy as np
import pytest

from demo.tabs.image import ImageTab
from demo.views.live import unpacked
from perceiver_zoo.pipeline import default_model
from tests.files import make

MEAN = ("mean", 1, 2, "mean", "weights")
LATENT = ("latent", 3, 1, "mean", "scores")


@pytest.fixture(scope="module")
def tab():
    with gr.Blocks():
        tab = ImageTab()
        tab.build()
    return tab


@pytest.fixture
def answered(tab, tmp_path):
    return tab.answer(str(make("image", tmp_path)), default_model("image"), None, *MEAN)


def skipped(value) -> bool:
    return value == gr.skip()


def test_a_question_asked_meanwhile_is_drawn(tab, answered):
    result, drawn = answered[0], answered[-1]
    assert drawn[1:] == MEAN
    view, legend, now = tab.catch_up(drawn, result, *LATENT)
    assert now == (drawn[0], *LATENT) and "latent 3" in legend
    assert view["maps"] != answered[1]["value"]["maps"]
    assert all(skipped(value) for value in tab.catch_up(drawn, result, *MEAN))


def test_a_map_of_an_earlier_answer_is_drawn_again(tab, answered, tmp_path):
    late, later = answered[-1], tab.answer(str(make("image", tmp_path)), default_model("image"), None, *MEAN)
    assert later[-1] != late and later[1]["base"]["key"] == later[-1][0]
    view, _, now = tab.catch_up(late, later[0], *MEAN)
    assert now == later[-1] and view["key"] == later[1]["base"]["key"]


def test_the_view_holds_the_map_itself(tab, answered):
    result, view = answered[0], answered[1]["value"]
    shown, drawn = unpacked(view)[0], result.map("mean", look=1)
    assert shown.shape == drawn.shape and view["low"] == 0 and view["high"] == pytest.approx(drawn.max())
    assert np.abs(shown - drawn).max() <= drawn.max() / 65_000


def test_all_looks_share_one_scale(tab, answered):
    result = answered[0]
    view, _, drawn = tab.play(result, *MEAN)
    looks = [result.map("mean", look=look) for look in range(len(result.trace.looks))]
    assert drawn == answered[-1] and view["look"] == 1 and len(view["maps"]) == len(looks) > 1
    assert view["high"] == pytest.approx(np.max(looks))
    for shown, expected in zip(unpacked(view), looks, strict=True):
        assert np.abs(shown - expected).max() <= view["high"] / 65_000


def test_an_answer_of_the_same_model_leaves_the_controls_alone(tab, answered, tmp_path):
    file = str(make("image", tmp_path))
    assert not any(skipped(control) for control in answered[-6:-2])  # the first fits them to its model
    again = tab.answer(file, default_model("image"), answered[0], *MEAN)
    assert all(skipped(control) for control in again[-6:-2])
