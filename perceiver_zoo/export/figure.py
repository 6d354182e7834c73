"""A figure for print in the layout of the paper's figure 3: the input, then what latents read, look by look."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceiver_zoo import views
from perceiver_zoo.export.writers import seen_part
from perceiver_zoo.pipeline import Pipeline, Result

ROWS = 6  # latents in a figure, unless it is told which
CELL, GAP, LEFT, TOP, BELOW = 144, 8, 88, 30, 34  # pixels
PRINT = 3  # pixels of the PDF for one of these


@dataclass(frozen=True, eq=False)
class Figure:
    """pictures: (left, top, RGB uint8 [h, w, 3]); words: (x, y, where x is: start, middle or end, text)."""

    width: int
    height: int
    pictures: list[tuple[int, int, np.ndarray]]
    words: list[tuple[int, int, str, str]]


def figure_of(
    result: Result, asked: dict[str, Any], latents: Sequence[int] | None = None, size: int = CELL
) -> Figure:
    """Rows are latents (from 0), columns the input and every look; every map has a colour scale of its own."""
    looks, count = len(result.trace.looks), result.trace.latent_count
    rows = list(latents) if latents is not None else spread(count, asked.get("latent"))
    layout, part = seen_part(result)
    small = views.Small(result.sample, layout, size)
    first = small.input()
    step, across = size + GAP, first.shape[1] + GAP
    pictures, words = [], [(LEFT + first.shape[1] // 2, TOP - 10, "middle", "input")]
    words += [
        (LEFT + (look + 1) * across + first.shape[1] // 2, TOP - 10, "middle", f"look {look + 1}")
        for look in range(looks)
    ]
    own = {"head": asked["head"], "scale": asked["scale"]}
    for row, latent in enumerate(rows):
        top = TOP + row * step
        words.append((LEFT - 10, top + size // 2, "end", f"latent {latent + 1}"))
        pictures.append((LEFT, top, first))
        for look in range(looks):
            weights = part(result.weights("latent", latent=latent, look=look, **own))
            picture = small.draw(weights, views.span_of(weights, own["scale"]))
            pictures.append((LEFT + (look + 1) * across, top, picture))
    width, height = LEFT + (looks + 1) * across, TOP + len(rows) * step + BELOW
    words.append((LEFT, height - 14, "start", line_of(result, own)))
    return Figure(width, height, pictures, words)


def spread(count: int, asked: int | None) -> list[int]:
    """The latent that was asked, and others spread evenly over all of them."""
    even = np.linspace(0, count - 1, min(ROWS, count)).round().astype(int).tolist()
    return even if asked is None else [asked, *(n for n in even if n != asked)][:ROWS]


def line_of(result: Result, own: dict[str, Any]) -> str:
    heads = "mean over heads" if own["head"] is None else f"head {own['head'] + 1}"
    best = result.labels(1)[0]
    scale = views.SCALE_NAMES[own["scale"]]
    return f"{result.model}, {heads}, {scale}, each on its own scale. {best.label}, {best.probability:.0%}."


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
    return figure.words[-1][3]


def data_uri(picture: np.ndarray) -> str:
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def write_pdf(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The same on one page, as pixels: nothing installed writes letters into a PDF."""
    figure = figure_of(result, asked)
    page = Image.new("RGB", (figure.width * PRINT, figure.height * PRINT), "white")
    draw, font = ImageDraw.Draw(page), ImageFont.load_default(13 * PRINT)
    for left, top, picture in figure.pictures:
        size = picture.shape[1] * PRINT, picture.shape[0] * PRINT
        larger = Image.fromarray(picture).resize(size, Image.Resampling.NEAREST)
        page.paste(larger, (left * PRINT, top * PRINT))
    anchors = {"start": "lm", "middle": "mm", "end": "rm"}
    for x, y, anchor, text in figure.words:
        draw.text((x * PRINT, y * PRINT), text, fill="#111111", font=font, anchor=anchors[anchor])
    page.save(part, format="PDF", resolution=96 * PRINT)
    return figure.words[-1][3]
