"""The text tab over HTTP and by its handlers, with a small model of random weights."""

from __future__ import annotations

import re

import gradio as gr
import pytest
from gradio_client import Client

from demo.tabs.text import MOST_ROWS, TextTab
from perceiver_zoo.modalities.text import HIDDEN
from tests.demo.injected import served
from tests.small_released import text_pipeline

HIDDEN_TEXT = f"Rome is a city in It{HIDDEN * 3}"
ASKED = ("hidden", 1, 1, "mean", "weights")


@pytest.fixture(scope="module")
def model():
    return text_pipeline()


@pytest.fixture
def tab(model, monkeypatch) -> TextTab:
    """A tab whose handlers are called as they are."""
    monkeypatch.setattr("demo.tabs.text.pipeline", lambda name: model)
    monkeypatch.setattr("perceiver_zoo.zoo.ZooEntry.state", "cached")
    return TextTab()


@pytest.fixture(scope="module")
def client(model):
    with served(TextTab, model) as address:
        yield Client(address, verbose=False)


def ask(client: Client, text: str, *asked) -> tuple:
    return client.predict(text, *(asked or ASKED), api_name="/text")


def test_hidden_bytes_are_filled_in_and_mapped(client, model):
    filled, view, legend, candidates, status, slider = ask(client, HIDDEN_TEXT)
    expected = model.fill(HIDDEN_TEXT)
    assert re.sub("<[^>]+>", "", filled).startswith("Rome is a city in It")
    assert filled.count("<mark>") == 1
    assert view.count("hidden byte") == 2 * 3 and "start of text" in view
    assert "perceiver_io_language.wikipedia_c4" in legend and "all hidden bytes" in legend
    assert candidates.count("<tr>") == 3 and candidates.count("<td>") == 15
    assert f"{expected.candidates()[0][0][1]:.0%}" in candidates
    assert "25 bytes" in status and "12 latents" in status and "s to run" in status
    assert slider["maximum"] == 3


QUESTIONS = [
    ("byte", 3, 1, "mean", "weights"),
    ("mean", 1, 1, "mean", "scores"),
    ("latent", 1, 5, "2", "weights"),
    ("hidden", 1, 1, "3", "scores"),
]
NAMED = ["query of hidden byte 3", "before the softmax", "latent 5, head 3", "head 4, attention after"]


@pytest.mark.parametrize(("question", "named"), list(zip(QUESTIONS, NAMED, strict=True)))
def test_another_question_gives_another_map(client, question, named):
    first, other = ask(client, HIDDEN_TEXT), ask(client, HIDDEN_TEXT, *question)
    assert first[0] == other[0] and first[3] == other[3]
    assert first[1] != other[1] and named in other[2]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no text"),
        ("Nothing is hidden here.", "Nothing is hidden in this text"),
        ("a" * 200 + HIDDEN, "201 bytes long; the model reads at most 126 bytes"),
    ],
)
def test_a_text_that_cannot_be_filled_is_one_clear_sentence(client, text, message):
    with pytest.raises(Exception, match=message):
        ask(client, text)


def test_only_one_question_is_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/text"}


def test_what_somebody_writes_is_no_markup(client):
    filled, view, *_ = ask(client, f"<img src=x onerror=alert(1)>{HIDDEN}")
    assert "<img" not in filled and "<img" not in view


@pytest.mark.parametrize(
    ("text", "word", "span", "hidden"),
    [
        ("a cat and a cat", "cat", None, f"a {HIDDEN * 3} and a cat"),
        ("a cat and a cat", "cat", ("cat", 12, 15), f"a cat and a {HIDDEN * 3}"),
        ("a cat and a cat", "and", ("cat", 12, 15), f"a cat {HIDDEN * 3} a cat"),
        ("ein café", "é", None, f"ein caf{HIDDEN * 2}"),
        (f"ab{HIDDEN}c", f"b{HIDDEN}c", None, f"a{HIDDEN * 3}"),
    ],
)
def test_a_word_is_hidden_byte_by_byte(tab, text, word, span, hidden):
    assert tab.hide(text, word, span) == [hidden, None]


@pytest.mark.parametrize(("word", "message"), [("dog", "“dog” is not in the text"), ("", "no word to hide")])
def test_a_word_that_is_not_there_is_said(tab, word, message):
    with pytest.raises(gr.Error, match=message):
        tab.hide("a cat", word, None)


def test_marking_a_word_takes_it(tab):
    assert tab.take_marked(gr.SelectData(None, {"index": [2, 5], "value": "cat"})) == ["cat", ("cat", 2, 5)]


def test_a_slider_asks_for_what_it_counts(tab, model):
    result = model.fill(HIDDEN_TEXT)
    *_, legend, lens = tab.redraw_byte(result, "mean", 3, 1, "mean", "scores")
    assert lens == "byte" and "query of hidden byte 3" in legend
    *_, legend, lens = tab.redraw_latent(result, "hidden", 3, 7, "mean", "scores")
    assert lens == "latent" and "latent 7" in legend and "before the softmax" in legend
    assert tab.redraw(None, *ASKED) == [gr.skip()] * 2


def test_a_long_table_says_what_it_leaves_out(tab):
    answer = tab.fill(HIDDEN * (MOST_ROWS + 5), *ASKED)
    assert answer[4].count("<tr>") == MOST_ROWS and f"the first {MOST_ROWS} of 45 hidden bytes" in answer[4]


def test_the_examples_hide_something_and_fit(tab, model):
    for text in tab.examples():
        assert model.fill(text).hidden
    assert tab.examples()[0] == "This is an incomplete sentence where some words are" + HIDDEN * 9
    assert tab.first_example("") == tab.examples()[0] and tab.first_example("mine") == gr.skip()


def test_a_model_that_is_not_here_is_asked_for(tab, monkeypatch):
    monkeypatch.setattr("perceiver_zoo.zoo.ZooEntry.state", "remote")
    with pytest.raises(gr.Error, match=r"Download perceiver_io_language\.wikipedia_c4 first"):
        tab.fill(HIDDEN_TEXT, *ASKED)
