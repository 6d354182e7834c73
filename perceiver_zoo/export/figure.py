"""A figure for print in the layout of the paper's figure 3: the input, then what was read, look by look."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo import views
from perceiver_zoo.export.pdf import page, width_of
from perceiver_zoo.export.writers import seen_part
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Pipeline, Result

ROWS = 6
CELL, GAP, LEFT, TOP, BELOW = 144, 8, 150, 30, 46  # pixels


@dataclass(frozen=True, eq=False)
class Figure:
    """pictures: (left, top, RGB uint8 [h, w, 3]); words: (x, y, where x is: start, middle or end, text)."""

    width: int
    height: int
    pictures: list[tuple[int, int, np.ndarray]]
    words: list[tuple[int, int, str, str]]


def figure_of(result: Result, asked: dict[str, Any]) -> Figure:
    """Rows are the asked map and below it latents, columns the input and every look; each map has its own scale."""
    looks = len(result.trace.looks)
    rows = rows_of(result, asked)
    layout, part = seen_part(result)
    small = views.Small(result.sample, layout, CELL)
    first = small.input()
    left, step, across = LEFT + first.shape[1] // 2, CELL + GAP, first.shape[1] + GAP
    heads = ["input", *(f"look {look + 1}" for look in range(looks))]
    words = [(left + column * across, TOP - 10, "middle", head) for column, head in enumerate(heads)]
    pictures = []
    for row, (name, question) in enumerate(rows):
        top = TOP + row * step
        words.append((LEFT - 10, top + CELL // 2, "end", name))
        pictures.append((LEFT, top, first))
        for look in range(looks):
            weights = part(result.weights(**{**question, "look": look}))
            picture = small.draw(weights, views.span_of(weights, question["scale"]))
            pictures.append((LEFT + (look + 1) * across, top, picture))
    best = result.labels(1)[0]
    lines = [
        f"Top row: {result.caption(**{**asked, 'look': None})}.",
        f"Every map is on its own scale of colours. The answer: {best.label}, {best.probability:.0%}.",
    ]
    bottom = TOP + len(rows) * step
    words += [(GAP, bottom + 14 + 20 * at, "start", line) for at, line in enumerate(lines)]
    width = max(LEFT + (looks + 1) * across, *(2 * GAP + round(width_of(line)) for line in lines))
    height = bottom + BELOW
    return Figure(width, height, pictures, words)


def rows_of(result: Result, asked: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The name of each row and its question at any look: the asked one, then latents spread evenly over all."""
    own = {"lens": "latent", "head": asked["head"], "scale": asked["scale"]}
    count = result.trace.latent_count
    even = np.linspace(0, count - 1, min(ROWS, count)).round().astype(int).tolist()
    if asked["lens"] == "latent":
        first, others = f"latent {asked['latent'] + 1}", [n for n in even if n != asked["latent"]]
    else:
        first, others = LENSES[asked["lens"]].title, even
    return [(first, asked), *((f"latent {n + 1}", own | {"latent": n}) for n in others[: ROWS - 1])]


def write_svg(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The figure as SVG: maps as pictures inside it, labels as text that can be edited."""
    figure = figure_of(result, asked)
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
        f'width="{figure.width}" height="{figure.height}" viewBox="0 0 {figure.width} {figure.height}" '
        'font-family="sans-serif" font-size="13" fill="#111111">',
        f'<rect width="{figure.width}" height="{figure.height}" fill="#ffffff"/>',
    ]
    for left, top, picture in figure.pictures:
        height, width = picture.shape[:2]
        lines.append(
            f'<image x="{left}" y="{top}" width="{width}" height="{height}" xlink:href="{data_uri(picture)}"/>'
        )
    for x, y, anchor, text in figure.words:
        place = f'x="{x}" y="{y}" text-anchor="{anchor}" dominant-baseline="central"'
        lines.append(f"<text {place}>{escape(text)}</text>")
    part.write_text("\n".join([*lines, "</svg>", ""]), encoding="utf-8")
    return result.caption(**asked)


def data_uri(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def write_pdf(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The same on one page, its labels as text."""
    figure = figure_of(result, asked)
    part.write_bytes(page(figure.width, figure.height, figure.pictures, figure.words))
    return result.caption(**asked)
