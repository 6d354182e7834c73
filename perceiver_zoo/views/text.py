"""A text's map, behind its characters."""

from __future__ import annotations

from html import escape

import numpy as np

from perceiver_zoo.modalities.text import TextLayout
from perceiver_zoo.views.colour import Span, colours, desaturate


def text_html(layout: TextLayout, weights: np.ndarray, span: Span) -> str:
    """Map [longest] as HTML of the text: a span a character, shaded by the sum of the weights of its bytes.
    A span for it is that of `layout.by_character(weights)`.

    Hidden bytes and the two marks at the ends, which no one sees and which may draw much weight, are boxes. All text is
    escaped; `title` holds the value.
    """
    sums = layout.by_character(weights).tolist()
    cells = [cell("", float(weights[0]), span, "start of text")]
    for character, value in zip(layout.characters, sums, strict=True):
        hidden = character.text is None
        cells.append(cell(character.text or "", value, span, "hidden byte" if hidden else ""))
    cells.append(cell("", float(weights[layout.count - 1]), span, "end of text"))
    style = "white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.8"
    return f'<div class="text-map" dir="auto" style="{style}">{"".join(cells)}</div>'


def cell(text: str, value: float, span: Span, name: str) -> str:
    """One character, or a box with a name where there is nothing to be read."""
    colour = colours(span.shade(np.array([value])))
    red, green, blue = colour[0].tolist()
    ink = "#000" if desaturate(colour)[0].mean() > 128 else "#fff"
    style = f"background:rgb({red},{green},{blue});color:{ink}"
    title = f"{name} {value:.3g}".strip()
    if not name:
        return f'<span style="{style}" title="{title}">{escape(text)}</span>'
    style += ";display:inline-block;width:0.7em;height:1.1em;vertical-align:text-bottom;border:1px solid currentColor"
    return f'<span role="img" aria-label="{title}" style="{style}" title="{title}"></span>'
