"""A text's map as HTML: every character once, safe, with its own weight behind it."""

from __future__ import annotations

from html.parser import HTMLParser

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.text import TextLayout, TextModality
from perceiver_zoo.views import Span, colours, text_html


class Reader(HTMLParser):
    """The spans of a page: their attributes and text. Anything else than one div around spans fails."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.spans: list[dict[str, str]] = []
        self.depth = 0
        self.feed(page)
        self.close()
        assert self.depth == 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag == ("div", "span")[self.depth]
        self.depth += 1
        if tag == "span":
            self.spans.append({name: value or "" for name, value in attrs} | {"text": ""})

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1
        assert tag == ("div", "span")[self.depth]

    def handle_data(self, data: str) -> None:
        assert self.depth == 2
        self.spans[-1]["text"] += data


def layout_of(text: str) -> TextLayout:
    layout = TextModality().encode(TextSample(text)).layout
    assert isinstance(layout, TextLayout)
    return layout


@settings(max_examples=100, deadline=None)
@given(text=st.text(min_size=1, max_size=40))
def test_the_page_holds_the_text_and_nothing_of_it_is_a_tag(text: str) -> None:
    layout = layout_of(text)
    found = Reader(text_html(layout, np.full(2048, 0.1), Span(0, 1))).spans
    assert [span["text"] for span in found[1:-1]] == [c.text for c in layout.characters]


def test_a_script_is_shown_and_not_run() -> None:
    page = text_html(layout_of("<script>alert('\"&')</script>"), np.zeros(2048), Span(0, 1))
    assert "<script" not in page and "&lt;" in page and "&quot;" in page


def test_a_character_is_shaded_by_the_sum_of_its_bytes() -> None:
    layout, weights = layout_of("a漢"), np.zeros(2048)
    weights[1:5] = 0.1
    _, a, han, _ = Reader(text_html(layout, weights, Span(0, 0.3))).spans
    for span, shade in ((a, 1 / 3), (han, 1.0)):
        red, green, blue = colours(np.array([shade]))[0].tolist()
        assert f"rgb({red},{green},{blue})" in span["style"]
    assert (a["title"], han["title"]) == ("0.1", "0.3")
    assert "color:#fff" in a["style"] and "color:#000" in han["style"]


def test_hidden_bytes_and_ends_are_boxes_with_names() -> None:
    weights = np.zeros(2048)
    weights[:4] = [0.5, 0.25, 0.125, 0.0625]
    found = Reader(text_html(layout_of("x[MASK]"), weights, Span(0, 1))).spans
    assert [span["title"] for span in found] == [
        "start of text 0.5",
        "0.25",
        "hidden byte 0.125",
        "end of text 0.0625",
    ]
    assert ["border" in span["style"] for span in found] == [True, False, True, True]
    assert found[2]["aria-label"] == "hidden byte 0.125" and found[2]["text"] == ""
