"""`perceiver-zoo faithfulness`, and how it, `card` and `download` choose models."""

from __future__ import annotations

import json
import shutil

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.zoo import find
from perceiver_zoo.zoo.registry import best_lens, read_faithfulness


@pytest.fixture
def measurable(tiny_zoo, tmp_path, monkeypatch):
    """The tiny image model alone, in a zoo that a test may write to."""
    import importlib

    registry = importlib.import_module("perceiver_zoo.zoo.registry")
    folder = shutil.copytree(tiny_zoo / "weights/tiny.image", tmp_path / "weights/tiny.image")
    monkeypatch.setattr(registry, "assets", lambda: tmp_path)
    registry.registry.cache_clear()
    return folder


def test_every_lens_is_measured_and_written_beside_the_weights(measurable, data, capsys):
    assert main(["faithfulness", "--all", "--samples", "2", "--data", str(data)]) == 0
    written = json.loads((measurable / "faithfulness.json").read_text(encoding="utf-8"))
    assert (written["n"], written["split"], written["look"]) == (2, "CIFAR-10 test", 1)
    assert written["sha256"] == find("tiny.image").sha256 and read_faithfulness("tiny.image") == written
    assert set(written["lenses"]) == {"mean", "focus", "rollout", "class_evidence", "gradient"}
    head, names, *rows, last = capsys.readouterr().out.splitlines()
    assert head == "tiny.image: CIFAR-10 test, n 2, look 2"
    columns = ["deletion", "random_deletion", "insertion", "random_insertion", "gap", "error"]
    assert len(names.split()) == len(columns) + 1
    for row, (name, own) in zip(rows, written["lenses"].items(), strict=True):
        lens, *figures = row.split()
        assert lens == name
        assert [float(figure) for figure in figures] == [own[column] for column in columns]
    best = best_lens(written) or "none is clearly better than random"
    assert last == f"the lens that earns it: {best}"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["tiny.audio"], "tiny.audio has no recipe"),
        (["nobody"], "there is no model 'nobody'"),
        (["tiny.image", "--data", "nowhere"], "there is no data folder nowhere"),
        (["tiny.image", "--samples", "0"], "'0' is not a whole number from 1 up"),
    ],
)
def test_what_cannot_be_measured(words, sentence, tiny_zoo, data, capsys):
    assert main(["faithfulness", "--data", str(data), *words]) == 2
    assert sentence in capsys.readouterr().err


def test_data_that_are_not_there(tiny_zoo, tmp_path, capsys):
    assert main(["faithfulness", "tiny.image", "--data", str(tmp_path)]) == 2
    assert "cifar10_test.npz is missing" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["faithfulness", "card", "download"])
@pytest.mark.parametrize("words", [[], ["tiny.image", "--all"]])
def test_models_are_named_or_all_are_meant(command, words, tiny_zoo, capsys):
    assert main([command, *words]) == 2
    assert "name the models, or say --all: one of the two" in capsys.readouterr().err


def test_a_model_named_twice_is_taken_once(tiny_zoo, capsys):
    assert main(["download", "tiny.image", "tiny.audio", "tiny.image"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["tiny.image", "tiny.audio"]
