"""The address of the page: what it says of a question is what it is read as, and nonsense asks for nothing."""

from __future__ import annotations

from urllib.parse import parse_qsl

import gradio as gr
from hypothesis import given
from hypothesis import strategies as st

from demo.link import NOTHING, Link, query_of, read
from demo.question import Question
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import default_model

MODEL = default_model("image")
COUNT = st.integers(1, 999)


def reread(query: str) -> Link:
    return read(dict(parse_qsl(query)))


@given(
    st.builds(
        Question,
        lens=st.sampled_from([*LENSES]),
        latent=COUNT,
        look=COUNT,
        head=st.one_of(st.just("mean"), st.integers(0, 99).map(str)),
        scale=st.sampled_from(["scores", "weights"]),
        label=st.text(min_size=1),
        versus=st.text(),
        minus=st.integers(0, 99),
        element=st.tuples(st.integers(0, 99), st.integers(0, 99_999)),
    )
)
def test_what_a_map_depends_on_comes_back(asked):
    link = reread(query_of("image", MODEL, asked))
    assert (link.tab, link.model, link.example) == ("image", MODEL, "")
    again = Question("mean", 1, 1, "mean", "weights")._replace(**link.question)
    assert (again.lens, again.look, again.head, again.minus) == (
        asked.lens,
        asked.look,
        asked.head,
        asked.minus,
    )
    assert again.own_scale == asked.own_scale
    takes = LENSES[asked.lens].takes
    if "latent" in takes or "rank" in takes:
        assert again.latent == asked.latent
    if "label" in takes:
        assert (again.label, again.versus) == (asked.label, asked.versus)
    if "element" in takes:
        assert again.element == asked.element


@given(
    st.dictionaries(
        st.sampled_from(["lens", "look", "latent", "head", "less", "scale", "element"]), st.text()
    )
)
def test_nonsense_asks_for_nothing_there_is_not(query):
    found = read(query).question
    assert all(found[name] >= 1 for name in ("look", "latent", "minus") if name in found)
    assert found.get("lens", "mean") in LENSES and found.get("scale", "scores") in ("scores", "weights")
    assert found.get("head", "0").isdecimal() and all(at >= 0 for at in found.get("element", (0,)))


def linked(**query: str) -> Link:
    return read({"tab": "image"} | query)


def test_a_tab_opens_with_what_the_address_names(tab):
    (first,), (second,) = tab.example_files()[:2]
    assert tab.open("mine.png", linked()) == [gr.skip()] * 2
    assert tab.open(None, None) == [gr.skip()] * 2  # the address was not read yet
    assert tab.open(None, NOTHING) == [first, gr.skip()]
    assert tab.open(None, linked(example=tab.example_of(second), model=MODEL)) == [second, MODEL]
    assert tab.open(None, linked(example="../../etc/passwd", model="none")) == [first, gr.skip()]
    assert tab.open(None, linked(tab="audio", example=tab.example_of(second))) == [first, gr.skip()]


def test_a_file_of_ones_own_is_not_taken_for_the_example_of_its_name(tab, tmp_path):
    (example,) = tab.example_files()[0]
    own = tmp_path / example.rsplit("/", 1)[-1]
    own.write_bytes(b"another")
    assert tab.example_of(str(own)) == "" and tab.example_of(example) == own.stem


REST = ("mean", "weights", "", "", 0, None)


def test_the_first_answer_asks_what_the_address_says_and_the_next_what_the_controls_say(tab):
    (file,) = tab.example_files()[0]
    link = linked(lens="looks_at", look="9", element="1.9999", less="7")
    first = tab.answer(file, MODEL, None, link, "gradient", 1, 3, *REST)
    result, drawn = first[0], first[-1]
    looks, elements = len(result.trace.looks), result.layout.size**2
    assert drawn[1:4] == ("looks_at", 1, looks) and drawn[-2:] == (0, (0, 9998))
    assert f"readers of element {elements} read" in first[2]
    assert first[1]["value"]["query"].endswith(f"element=1.{elements}")
    other, *_ = tab.example_files()[1]
    again = tab.answer(other, MODEL, result, link, "mean", 1, 2, *REST)
    assert again[-1][1:4] == ("mean", 1, 2)


def test_an_address_of_another_tab_asks_nothing_here(tab):
    (file,) = tab.example_files()[0]
    answered = tab.answer(file, MODEL, None, linked(tab="audio", lens="latent"), "mean", 1, 3, *REST)
    assert answered[-1][1] == "mean"
