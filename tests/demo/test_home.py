"""Files that a visitor takes home hold what was asked, and the lines beside them write the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import gradio as gr
import numpy as np
import pytest

from demo.panels.home import Home
from demo.question import Question
from demo.tabs import TABS
from perceiver_zoo import export, load
from perceiver_zoo.pipeline import default_model
from tests.files import MAKERS, make

EVIDENCE = Question("class_evidence", 1, 2, "mean", "weights", "cat", "dog")
FOCUS = Question("focus", 3, 1, "mean", "scores", minus=2)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "served"))


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """A file a modality, and what its default model says of it."""
    folder = tmp_path_factory.mktemp("files")
    files = {modality: make(modality, folder) for modality in MAKERS}
    return {
        modality: (file, load(default_model(modality)).classify(file)) for modality, file in files.items()
    }


@pytest.mark.parametrize(
    ("modality", "kind"),
    [
        (modality, kind)
        for modality in MAKERS
        for kind, form in export.FORMATS.items()
        if modality in form.samples
    ],
)
def test_every_kind_of_every_modality_is_written(answered, modality, kind):
    file, result = answered[modality]
    for question in (Question("mean", 1, 2, "mean", "weights"), FOCUS):
        written, lines = Home().write(str(file), kind, result, *question)
        assert Path(written).stat().st_size > 100 and Path(written).name.startswith(file.stem)
        compile(lines, "lines", "exec")
        assert Path(written).name in lines


@pytest.mark.slow
def test_the_lines_write_the_same_numbers(answered, tmp_path):
    file, result = answered["image"]
    written, lines = Home().write(str(file), "numbers", result, *EVIDENCE)
    (tmp_path / file.name).write_bytes(file.read_bytes())
    subprocess.run([sys.executable, "-c", lines], cwd=tmp_path, check=True, timeout=150)
    with np.load(written) as here, np.load(tmp_path / Path(written).name) as there:
        assert set(here) == set(there)
        np.testing.assert_allclose(here["map"], there["map"], atol=1e-6)
        two = [result.map("class_evidence", look=1, label=name) for name in ("cat", "dog")]
        np.testing.assert_allclose(here["map"], two[0] - two[1], atol=1e-6)


def test_a_kind_an_answer_does_not_have_is_one_sentence(answered):
    file, result = answered["image"]
    with pytest.raises(gr.Error, match="This answer has no such file: there is no points of image"):
        Home().write(str(file), "points", result, *FOCUS)


@pytest.mark.parametrize("make_tab", [tab for tab in TABS if getattr(tab, "modality", "") in MAKERS])
def test_only_kinds_of_the_tabs_own_modality_are_offered(make_tab):
    home = Home()
    with gr.Blocks():
        home.build(make_tab())
    offered = {kind for _, kind in home.kind.choices}
    assert offered == {kind for kind, form in export.FORMATS.items() if make_tab.modality in form.samples}


def test_without_an_answer_there_is_one_sentence():
    with pytest.raises(gr.Error, match="drop a file first"):
        Home().write(None, "overlay", None, *FOCUS)
