"""How true each lens is, against areas added up by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from perceiver_zoo.pipeline import Pipeline, curves
from perceiver_zoo.training.faithfulness import figures, measure, stratified, write_faithfulness
from tests.training import test_evaluate

pipeline = test_evaluate.pipeline  # a model of three sounds, and the task it is measured on


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("count", [1, 3, 4, 7, 50])
def test_classes_are_drawn_alike_while_they_last(count: int, seed: int) -> None:
    labels = np.array([0] * 6 + [1] * 2 + [2] * 4)
    chosen = stratified(labels, count, np.random.default_rng(seed))
    assert chosen == sorted(set(chosen)) and len(chosen) == min(count, 12)
    drawn = np.bincount(labels[chosen], minlength=3)
    most = drawn.max()
    assert (drawn >= np.minimum([6, 2, 4], most - 1)).all()


def test_another_seed_draws_other_samples() -> None:
    labels = np.zeros(100, int)
    one, same, other = (stratified(labels, 5, np.random.default_rng(seed)) for seed in (0, 0, 1))
    assert one == same != other


def test_the_gap_is_what_is_gained_at_both_ends() -> None:
    first = {"deletion": 0.1, "random_deletion": 0.4, "insertion": 0.6, "random_insertion": 0.5}
    second = {"deletion": 0.3, "random_deletion": 0.3, "insertion": 0.4, "random_insertion": 0.4}
    found = figures([first, second])  # gaps of 0.4 and 0: their mean, and their spread over the root of two
    assert found == {
        "deletion": 0.2,
        "random_deletion": 0.35,
        "insertion": 0.5,
        "random_insertion": 0.45,
        "gap": 0.2,
        "error": 0.2,
    }
    assert figures([first])["error"] == 0


def test_lenses_are_measured_at_the_last_look_of_the_drawn_samples(
    pipeline: Pipeline, tmp_path: Path
) -> None:
    measured = measure(pipeline, tmp_path, samples=3, steps=4, seed=2)
    assert {key: measured[key] for key in ("model", "split", "n", "seed", "steps", "look")} == {
        "model": "tiny",
        "split": "all there are",
        "n": 3,
        "seed": 2,
        "steps": 4,
        "look": 1,
    }
    held = list(test_evaluate.Sounds(tmp_path, pipeline.modality).held_out())
    chosen = stratified(np.array([label for _, label, _ in held]), 3, np.random.default_rng(2))
    assert sorted(held[i][1] for i in chosen) == [0, 1, 2]
    assert set(measured["lenses"]) == {"mean", "focus", "rollout", "class_evidence", "gradient"}
    for lens in ("mean", "class_evidence"):
        areas = []
        for i in chosen:
            result = pipeline.classify(held[i][0])
            drawn = curves(pipeline, result, result.weights(lens, look=1), steps=4, seed=2 + i)
            areas.append(drawn.areas)
        assert measured["lenses"][lens] == figures(areas)
    assert measured["lenses"]["mean"] != measured["lenses"]["class_evidence"]


def test_it_is_written_beside_the_weights(tmp_path: Path) -> None:
    write_faithfulness(tmp_path, {"split": "a – b", "lenses": {}})
    text = (tmp_path / "faithfulness.json").read_text(encoding="utf-8")
    assert json.loads(text) == {"split": "a – b", "lenses": {}} and text.endswith("}\n") and "–" in text
