"""`perceiver-zoo evaluate`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from perceiver_zoo.cli import main


@pytest.fixture
def weights(tiny_zoo, tmp_path) -> Path:
    """A copy of the tiny image model that a test may write to, not yet measured."""
    folder = shutil.copytree(tiny_zoo / "weights/tiny.image", tmp_path / "mine")
    (folder / "metrics.json").unlink()
    return folder


def evaluate(weights, data, *more: str) -> int:
    return main(["evaluate", "--weights", str(weights), "--data", str(data), *more])


def test_writes_then_compares(weights, data, capsys):
    assert evaluate(weights, data) == 0
    assert capsys.readouterr().out.endswith("; no metrics.json to compare with\n")
    assert evaluate(weights, data, "--write") == 0
    assert capsys.readouterr().out.endswith("; written to metrics.json\n")
    assert evaluate(weights, data) == 0
    line = capsys.readouterr().out
    assert line.endswith("; equal to metrics.json\n")

    measured = json.loads((weights / "metrics.json").read_text())
    assert line.startswith(f"mine: CIFAR-10 test, n 20, top-1 {measured['top1']:.0%}".rstrip("%"))
    assert "mean class accuracy" in line
    assert "top-1 by part: cifar10 " in line

    measured["top1"] += 0.05
    (weights / "metrics.json").write_text(json.dumps(measured))
    assert evaluate(weights, data) == 1
    assert capsys.readouterr().out.endswith("; differs from metrics.json in top1\n")


def test_a_model_by_name(tiny_zoo, data, capsys):
    # Its metrics.json holds the figures of random answers.
    assert main(["evaluate", "tiny.image", "--data", str(data)]) == 1
    line = capsys.readouterr().out
    assert line.startswith("tiny.image: CIFAR-10 test, n 20, ")
    assert "; differs from metrics.json in split, n, " in line


@pytest.mark.parametrize("words", [[], ["--all", "tiny.image"], ["tiny.image", "--weights", "x"]])
def test_exactly_one_way_to_choose(words, tiny_zoo, data, capsys):
    assert main(["evaluate", "--data", str(data), *words]) == 2
    assert "one of the three" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nobody"], "there is no model 'nobody'"),
        (["--weights", "nowhere"], "there is no model in the folder nowhere"),
        (["tiny.audio"], "tiny.audio has no recipe"),
    ],
)
def test_what_cannot_be_measured(words, sentence, tiny_zoo, data, capsys):
    assert main(["evaluate", "--data", str(data), *words]) == 2
    assert sentence in capsys.readouterr().err
