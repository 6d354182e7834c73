"""The command with the models that are bundled, in a process of its own, as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from perceiver_zoo.zoo.registry import MODALITY_ORDER, assets, list_models

WEIGHTS = assets() / "weights"
EXAMPLES = sorted((assets() / "examples").glob("*/*"))
pytestmark = pytest.mark.skipif(
    not list(WEIGHTS.glob("*/model.safetensors")), reason="no bundled weights in assets/weights yet"
)


def test_list(command):
    done = command("list", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    listed = json.loads(done.stdout)
    assert [row["name"] for row in listed] == list_models()
    assert {row["modality"] for row in listed} == set(MODALITY_ORDER)
    assert all(row["licence"] and row["trained_on"] and row["parameters"] > 10_000 for row in listed)


@pytest.mark.slow
def test_every_example_is_answered(command):
    done = command("classify", "--json", "--top", "99", *EXAMPLES)
    assert (done.returncode, done.stderr) == (0, "")
    said = [json.loads(line) for line in done.stdout.splitlines()]
    assert [Path(row["file"]) for row in said] == EXAMPLES
    for row in said:
        assert row["modality"] == Path(row["file"]).parent.name
        assert sum(at["probability"] for at in row["labels"]) == pytest.approx(1, abs=1e-3)


def test_a_map_of_an_example(command, examples, tmp_path):
    done = command("attend", examples["image"], "-o", tmp_path / "map.png", "--look", "1", "--latent", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "look 1 of " in done.stdout
    assert (tmp_path / "map.png").stat().st_size > 10_000
