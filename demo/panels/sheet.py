"""All latents at once: a small map of each, sorted by what they do; a click opens one in the view above."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from demo.panels.panel import Panel
from demo.parts import QUICK, picture
from demo.question import Question
from demo.views.keys import key_of
from perceiver_zoo import views
from perceiver_zoo.lenses import order
from perceiver_zoo.pipeline import Result

if TYPE_CHECKING:
    from demo.tab import ModalityTab

ORDERS = [("Number", "index"), ("Focus", "focus"), ("Share of the class", "share")]
TILE, NAME, GAP, WIDTH, MOST = 96, 16, 4, 800, 64  # pixels, and latents on one sheet
PAPER, INK = "#1f2229", "#c9ccd3"


@dataclass(frozen=True)
class Drawn:
    """Which latent stands where on a sheet: in rows of `columns`, each `step` (right, down) pixels from the last."""

    key: Any
    latents: list[int]
    columns: int
    step: tuple[int, int]

    def at(self, x: int, y: int) -> int | None:
        """The latent at a pixel, from 0."""
        column, place = x // self.step[0], y // self.step[1] * self.columns + x // self.step[0]
        return self.latents[place] if column < self.columns and place < len(self.latents) else None


class Sheet(Panel):
    title = "All latents"

    def build(self, tab: ModalityTab) -> None:
        self.tab = tab
        with gr.Row():
            self.by = gr.Radio(
                ORDERS, value="index", label="Sorted by", info="Focus: the narrowest look first"
            )
            self.page = gr.Slider(
                1, 2, value=1, step=1, label="Sheet", info=f"{MOST} latents each", visible=False
            )
        self.picture = picture(
            "Each on its own scale of colours; click one to open it", 420, f"{tab.modality}-sheet"
        )
        self.drawn = gr.State(None)

    def wire(self, tab: ModalityTab) -> None:
        asked = [tab.result, *tab.asked]
        gr.on(
            [self.due.change, self.by.input, self.page.input],
            self.draw,
            [self.by, self.page, *asked],
            [self.picture, self.page, self.drawn, self.by],
            **QUICK,
        )
        controls = tab.controls
        opens = [*tab.shown, controls.lens, controls.latent]
        self.picture.select(self.open, [self.drawn, *asked], opens, **QUICK)

    def draw(self, by: str, page: int, result: Result | None, *question: Any) -> list[Any]:
        """The sheet at the asked look, head and scale; how many there are; where each latent stands; the orders."""
        if result is None:
            return [gr.skip()] * 4
        orders = gr.update(choices=ORDERS)
        if result.trace.evidence is None:  # only a mean readout says what share of a class a latent has
            orders = gr.update(choices=ORDERS[:2])
            if by == "share":
                by, orders = "index", gr.update(choices=ORDERS[:2], value="index")
        asked = Question(*question)._replace(lens="latent").settled(result)
        own = asked.of(asked.at)
        which, _ = order(result.trace, own["look"], own["head"], by, result.index_of(asked.label))
        sheets = -(-len(which) // MOST)
        page = min(int(page), sheets)
        shown = which[(page - 1) * MOST : page * MOST].tolist()
        part = self.tab.parts[0]
        small = views.Small(part.sample(result), part.layout(result), TILE)
        tiles = []
        for latent in shown:
            weights = part.weights(result, result.weights("latent", **own | {"latent": latent}))
            tiles.append(small.draw(weights, views.span_of(weights, own["scale"])))
        sheet, columns, step = composed(tiles, shown)
        slider = gr.update(maximum=max(sheets, 2), value=page, visible=sheets > 1)
        return [sheet, slider, Drawn(key_of(result), shown, columns, step), orders]

    def open(
        self, event: gr.SelectData, drawn: Drawn | None, result: Result | None, *question: Any
    ) -> list[Any]:
        """Ask the clicked latent in the view above."""
        if drawn is None or result is None or drawn.key != key_of(result):
            return [gr.skip()] * (len(self.tab.shown) + 2)
        latent = drawn.at(*event.index)
        if latent is None:
            return [gr.skip()] * (len(self.tab.shown) + 2)
        asked = Question(*question)._replace(lens="latent", latent=latent + 1)
        return [*self.tab.redraw(result, *asked), "latent", latent + 1]


def composed(tiles: list[np.ndarray], latents: list[int]) -> tuple[np.ndarray, int, tuple[int, int]]:
    """The tiles in rows with their numbers below, the columns, and the pixels from one tile to the next."""
    height, width = tiles[0].shape[:2]
    step = width + GAP, height + NAME + GAP
    columns = max(1, min(len(tiles), WIDTH // step[0]))
    rows = -(-len(tiles) // columns)
    sheet = Image.new("RGB", (columns * step[0], rows * step[1]), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(12)
    for place, (tile, latent) in enumerate(zip(tiles, latents, strict=True)):
        left, top = place % columns * step[0], place // columns * step[1]
        sheet.paste(Image.fromarray(tile), (left, top))
        pen.text((left + 2, top + height + 1), str(latent + 1), fill=INK, font=font)
    return np.asarray(sheet), columns, step
