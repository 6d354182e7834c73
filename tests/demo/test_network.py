"""The drawing of a network says what its config says."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import gradio as gr
import pytest

from demo.panels.network import drawn
from demo.tabs.flow import FlowTab
from demo.tabs.text import TextTab
from demo.views.network import TOUCHED, network_drawing
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import default_model
from perceiver_zoo.zoo import find, list_models


def parts(drawing: str, name: str) -> list[str]:
    """The lines of text of every part of a kind, in order."""
    root = ElementTree.fromstring(drawing.replace("class=name", 'class="name"'))
    own = [group for group in root.iter("g") if group.get("data-part") == name]
    return [", ".join(text.text or "" for text in group.iter("text")) for group in own]


@pytest.mark.parametrize("name", list_models())
def test_every_model_is_drawn_as_its_config_says(name):
    network = find(name).network
    drawing = network_drawing(network, 12_345)
    assert parts(drawing, "input") == ["Input array, 12,345 elements"]
    (latents,) = parts(drawing, "latents")
    assert f"{network['latents']:,} latents" in latents and f"{network['latent_dim']:,} channels" in latents
    assert len(parts(drawing, "cross")) == len(parts(drawing, "transformer")) == len(network["looks"])
    assert all(f"{network['block_layers']} self-attends" in text for text in parts(drawing, "transformer"))
    assert len(parts(drawing, "readout")) == 1


def test_looks_with_the_same_weights_have_the_same_letter():
    network = find(default_model("image")).network | {"looks": (0, 1, 1, 2), "blocks": (0, 0, 1, 0)}
    drawing = network_drawing(network)
    letters = {kind: [text[-1] for text in parts(drawing, kind)] for kind in ("cross", "transformer")}
    assert letters == {"cross": ["A", "B", "B", "C"], "transformer": ["A", "A", "B", "A"]}


@pytest.mark.parametrize("make", [FlowTab, TextTab])
def test_a_tab_of_one_model_draws_its_network(make):
    tab = make()
    with gr.Blocks() as page:
        tab.build()
    (shown,) = [block.value for block in page.blocks.values() if "network-row" in (block.elem_classes or [])]
    assert network_drawing(find(tab.model).network) in shown and "light up" not in shown


def test_every_lens_touches_a_part():
    assert {f"lens-{name}" for name in LENSES} <= set(TOUCHED)
    drawing = network_drawing(find(default_model("image")).network)
    assert all(parts(drawing, part) for touched in TOUCHED.values() for part in touched)


def test_without_an_answer_the_size_of_the_input_array_is_not_made_up():
    assert "M elements" in drawn(default_model("image"), None)
