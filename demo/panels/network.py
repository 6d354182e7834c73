"""How the chosen model reads: a drawing of its network."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import gradio as gr

from demo.panels.panel import Panel
from demo.parts import QUICK
from demo.views.network import network_drawing
from perceiver_zoo.pipeline import Result
from perceiver_zoo.zoo import find

if TYPE_CHECKING:
    from demo.tab import ModalityTab

SENTENCE = "Drawn from the model's own config. Parts of one kind with the same letter use the same weights."
LIGHTS = " Point at a control above, or focus it, and the parts it touches light up."


class NetworkPanel(Panel):
    title: ClassVar[str] = "How it reads"

    def build(self, tab: ModalityTab) -> None:
        self.drawing = gr.HTML(drawn(tab.model.value, None), label="The network", elem_classes="network-row")

    def wire(self, tab: ModalityTab) -> None:
        gr.on([tab.model.change, tab.labels.change], drawn, [tab.model, tab.result], self.drawing, **QUICK)


def drawn(model: str, result: Result | None) -> str:
    """The network of a model, with the size of the input array where the last answer is this model's."""
    elements = result.trace.looks[0].key.shape[2] if result is not None and result.model == model else None
    return sheet(model, elements, SENTENCE + LIGHTS)


def sheet(model: str, elements: int | None = None, sentence: str = SENTENCE) -> str:
    """The network of a model as HTML; elements: how many it reads, once that is known."""
    return (
        f'<div class="network-sheet">{network_drawing(find(model).network, elements)}</div><p>{sentence}</p>'
    )


def network_row(model: str) -> None:
    """The same folded part for a tab of one model, whose controls light nothing up."""
    with gr.Accordion(NetworkPanel.title, open=False):
        gr.HTML(sheet(model), label="The network", elem_classes="network-row")
