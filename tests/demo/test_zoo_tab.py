"""The zoo's cards: what they say of every model, and the button that brings one, from a Hub on this machine."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest

from demo.tabs.zoo import READS, ZooTab, card, source
from perceiver_zoo.cli.listing import parameters
from perceiver_zoo.zoo import find, list_models
from perceiver_zoo.zoo.released import CONV, FOURIER, TEXT
from tests.loopback_hub import Hub, serve_hub

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS = bytes(range(256)) * 4096
# Presses the buttons of some models, one after the other: what each row was, what the bar was told, what it became.
DRIVER = """
import json, sys
import gradio as gr
from demo.tabs.zoo import ZooTab, find
tab, said = ZooTab(), []
with gr.Blocks():
    tab.build()
for name in sys.argv[1:]:
    before, told = tab.row(name), []
    try:
        after = tab.fetcher(name)(lambda done, text="", unit="": told.append(done))
    except gr.Error as error:
        after = [error.title, error.message]
    said.append([before, told, after, find(name).state])
print(json.dumps(said))
"""


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The safetensors of one released model where they are pinned, and its labels."""
    with serve_hub() as hub:
        files = (CONV.source.weights[0], CONV.source.config)
        for file, content in zip(files, (WEIGHTS, b'{"id2label": {"0": "tench"}}'), strict=True):
            commit = file.commit + hashlib.sha1(b"").hexdigest()[len(file.commit) :]
            hub.push(CONV.source.repo, {file.file: content}, file.revision, commit)
        yield hub


def press(hub: Hub, home: Path, *names: str) -> list:
    environment = hub.environment(home, GRADIO_ANALYTICS_ENABLED="False", PYTHONPATH=str(ROOT))
    command = [sys.executable, "-c", DRIVER, *names]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def text(html: str) -> str:
    return unescape(re.sub(r"<[^>]+>", " ", html))


@pytest.mark.parametrize("name", list_models())
def test_a_card_says_all_that_is_known(name: str) -> None:
    entry = find(name)
    shown = text(card(entry))
    assert name in shown and entry.licence in shown and entry.config["card"]["trained_on"] in shown
    assert f"{parameters(entry) / 1e6:.2f} million" in shown
    if entry.released:
        assert entry.released.published in shown and "Not measured here" in shown
        assert "Measured here" not in shown
        assert entry.released.departs in shown and entry.released.reads in shown
        assert entry.source is not None and entry.source.repo in shown
        assert all(file.file in shown and file.commit in shown for file in entry.source.weights)
    else:
        top1, split = entry.metrics.get("top1", 0), entry.metrics.get("split", "")
        # While a model is trained anew there is nothing measured of it.
        assert (f"{100 * top1:.1f} % top-1 on {split}" if entry.metrics else "not measured") in shown
        assert "Published" not in shown and "bundled, " in shown
        assert READS[entry.modality](entry.config["reading"]) in shown


def test_every_value_is_escaped() -> None:
    nasty = "<script>alert(1)</script>"
    entry = find(TEXT.name)
    released = replace(TEXT, published=nasty, departs=nasty, reads=nasty, name=nasty)
    config = {"card": {"licence": nasty, "trained_on": nasty}}
    shown = card(replace(entry, name=nasty, config=config, released=released))
    assert "<script>" not in shown and shown.count("&lt;script&gt;") == 6
    own = find(list_models("image")[0])
    reading = own.config["reading"]
    made = replace(
        own,
        config={"reading": reading, "card": {"licence": nasty, "trained_on": nasty, "recipe": nasty}},
        metrics={"top1": 0.5, "split": nasty, "n": 3, "sha256": nasty},
    )
    assert "<script>" not in card(made)


def test_a_model_that_nobody_measured_says_so() -> None:
    entry = replace(find(list_models("image")[0]), metrics={})
    assert "not measured" in text(card(entry)) and "top-1" not in text(card(entry))


def test_any_commit_is_said_where_none_is_pinned() -> None:
    assert "any commit" in text(source(find(TEXT.name)))


def test_a_button_brings_its_model_with_a_bar_and_the_card_says_so(hub: Hub, tmp_path: Path) -> None:
    first, again, refused = press(hub, tmp_path, CONV.name, CONV.name, FOURIER.name)
    before, told, after, state = first
    assert "to download" in text(before[0]) and before[1]["visible"] and "195 MB" in before[2]["value"]
    assert told[-1] == [len(WEIGHTS), len(WEIGHTS)] and state == "cached"
    assert "on this machine, 1 MB" in text(after[0]) and not after[1]["visible"] and not after[2]["visible"]
    assert hashlib.sha256(WEIGHTS).hexdigest()[:12] in text(after[0])
    assert again[0] == again[2] == after and again[1] == []
    # What this Hub does not have is one sentence.
    before, _, after, state = refused
    assert before[2]["visible"] and state == "remote"
    assert after[0] == "Not downloaded" and FOURIER.source.repo in after[1]


def test_nothing_of_it_is_a_public_question() -> None:
    import gradio as gr

    tab = ZooTab()
    with gr.Blocks() as page:
        tab.build()
    assert set(tab.cards) == set(list_models())
    assert all(handler.api_visibility == "private" for handler in page.fns.values())
