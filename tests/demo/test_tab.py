"""What is asked while the network runs is neither forgotten nor undone by its answer."""

from __future__ import annotations

import timeit

import gradio as gr
import numpy as np
import pytest

from demo.views.live import unpacked
from perceiver_zoo.lenses import LENSES, readers
from perceiver_zoo.pipeline import default_model
from tests.files import make

REST = ("", "", 0, None)  # class, against, less the look, element
MEAN = ("mean", 1, 2, "mean", "weights", *REST)
LATENT = ("latent", 3, 1, "mean", "scores", *REST)


@pytest.fixture
def answered(tab, tmp_path):
    return tab.answer(str(make("image", tmp_path)), default_model("image"), None, None, *MEAN)


def skipped(value) -> bool:
    return value == gr.skip()


def test_a_question_asked_meanwhile_is_drawn(tab, answered):
    result, drawn = answered[0], answered[-1]
    assert drawn[1:] == MEAN
    closed = [False] * len(tab.panels)
    view, legend, now, *due = tab.catch_up(drawn, *closed, result, *LATENT)
    assert now == (drawn[0], *LATENT) and "latent 3" in legend
    assert view["maps"] != answered[1]["value"]["maps"]
    assert len(due) == len(closed) and all(skipped(value) for value in due)
    assert all(skipped(value) for value in tab.catch_up(drawn, *closed, result, *MEAN))


def test_only_an_open_panel_takes_up_what_was_drawn(tab, answered):
    opened = [number == 1 for number in range(len(tab.panels))]
    view, legend, now, *due = tab.catch_up(answered[-1], *opened, answered[0], *MEAN)
    assert all(skipped(value) for value in (view, legend, now))
    assert [at == answered[-1] for at in due] == opened and sum(map(skipped, due)) == len(due) - 1


def test_a_map_of_an_earlier_answer_is_drawn_again(tab, answered, tmp_path):
    late, later = (
        answered[-1],
        tab.answer(str(make("image", tmp_path)), default_model("image"), None, None, *MEAN),
    )
    assert later[-1] != late and later[1]["base"]["key"] == later[-1][0]
    view, _, now, *_ = tab.catch_up(late, *[False] * len(tab.panels), later[0], *MEAN)
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
    assert not any(skipped(control) for control in answered[5:9])  # the first fits them to its model
    again = tab.answer(file, default_model("image"), answered[0], None, *MEAN)
    assert all(skipped(control) for control in again[5:9])


def test_a_click_asks_what_its_readers_read(tab, answered):
    result, event = answered[0], gr.EventData(None, {"index": [0, 5, 7]})
    view, legend, drawn, lens, element = tab.picking(tab)(event, result, *MEAN)
    index = 5 * view["shape"][2] + 7
    assert (lens, element) == ("looks_at", (0, index)) and drawn[1] == lens and drawn[-1] == element
    shown, expected = unpacked(view)[0], result.map("looks_at", look=1, element=index)
    assert np.abs(shown - expected).max() <= expected.max() / 65_000
    share = readers(result.trace, index, look=1)[0]
    assert f"Read most by latents {int(share.argmax()) + 1} (" in legend
    assert view["marked"]["box"] == pytest.approx([7 / 32, 5 / 32, 8 / 32, 6 / 32])


def test_without_a_click_the_most_read_element_is_taken(tab, answered):
    view, *_ = tab.redraw(answered[0], "looks_at", *MEAN[1:])
    row, column = divmod(int(answered[0].weights("mean", look=1).argmax()), 32)
    assert view["marked"]["box"][:2] == pytest.approx([column / 32, row / 32])


def test_the_difference_of_two_looks_has_its_zero_in_the_middle(tab, answered):
    result = answered[0]
    view, legend, _ = tab.redraw(result, *MEAN[:7], 1, None)
    expected = result.map("mean", look=1) - result.map("mean", look=0)
    assert view["signed"] and view["low"] == -view["high"] and "less look 1" in legend
    assert np.abs(unpacked(view)[0] - expected).max() <= view["high"] / 30_000


def test_class_evidence_is_signed_and_of_the_class_that_was_chosen(tab, answered):
    result = answered[0]
    asked = ("class_evidence", *MEAN[1:5])
    for name, against in (("", ""), ("cat", ""), ("cat", "dog")):
        view, legend, _ = tab.redraw(result, *asked, name, against, 0, None)
        label = name or result.labels(1)[0].label
        minus = {"label": against} if against else None
        expected = result.map("class_evidence", minus, look=1, label=label)
        assert view["signed"] and view["low"] == -view["high"] and f"evidence for {label}" in legend
        assert np.abs(unpacked(view)[0] - expected).max() <= view["high"] / 30_000


@pytest.mark.parametrize("lens", LENSES)
def test_every_lens_of_the_model_redraws_at_once(tab, answered, lens):
    result = answered[0]
    if not LENSES[lens].available(result.trace):
        pytest.skip("not of this model")
    asked = (lens, *MEAN[1:])
    tab.redraw(result, *asked)
    quickest = min(timeit.repeat(lambda: tab.redraw(result, *asked), number=1, repeat=5))
    # The gradient lens works through every row twice.
    assert quickest < (0.5 if lens == "gradient" else 0.1)


def test_what_has_no_negative_side_has_the_even_colours(tab, answered):
    asked = ("gradient", *MEAN[1:])
    view, legend, _ = tab.redraw(answered[0], *asked)
    assert not view["signed"] and view["low"] == 0 and "attention times gradient" in legend
    assert view["unit"] == "of the logit" and "of this map's attention" not in view["text"]
    against = tab.redraw(answered[0], *asked[:6], "dog", 0, None)[0]
    assert against["signed"] and against["low"] == -against["high"]
