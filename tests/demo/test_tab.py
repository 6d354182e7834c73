"""What is asked while the network runs is neither forgotten nor undone by its answer."""

from __future__ import annotations

import gradio as gr
import pytest

from demo.tabs.image import ImageTab
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
    assert drawn == MEAN
    picture, legend, now = tab.catch_up(drawn, result, *LATENT)
    assert now == LATENT and "latent 3" in legend and (picture != answered[1]).any()
    assert all(skipped(value) for value in tab.catch_up(drawn, result, *MEAN))


def test_an_answer_of_the_same_model_leaves_the_controls_alone(tab, answered, tmp_path):
    file = str(make("image", tmp_path))
    assert not any(skipped(control) for control in answered[-6:-2])  # the first fits them to its model
    again = tab.answer(file, default_model("image"), answered[0], *MEAN)
    assert all(skipped(control) for control in again[-6:-2])
