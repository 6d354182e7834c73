"""Every bundled model is small, measured as it lies there, and answers."""

from __future__ import annotations

import json

import numpy as np
import pytest

from perceiver_zoo.pipeline import load
from perceiver_zoo.training.recipes import RECIPES
from perceiver_zoo.zoo import find, list_models
from tests.modalities.sample_making import sample_of

NAMES = [name for name in list_models() if find(name).folder]
pytestmark = pytest.mark.skipif(not NAMES, reason="no weights are bundled yet below assets/weights")
each = pytest.mark.parametrize("name", NAMES or ["none"])


@each
def test_the_file_is_small_and_is_the_one_that_was_measured(name: str) -> None:
    entry = find(name)
    assert entry.size < 8_000_000
    assert entry.metrics, "metrics.json is missing: run perceiver-zoo evaluate"
    assert entry.metrics["sha256"] == entry.sha256
    assert (entry.metrics["model"], entry.metrics["modality"]) == (name, entry.modality)
    assert entry.licence and entry.config["card"]["recipe"] in RECIPES


@each
def test_the_measured_figures_agree_with_each_other(name: str) -> None:
    metrics, classes = find(name).metrics, len(find(name).labels)
    confusion = np.array(metrics["confusion"])
    assert confusion.shape == (classes, classes) and confusion.sum() == metrics["n"] > 0
    assert metrics["top1"] == pytest.approx(np.trace(confusion) / metrics["n"], abs=1e-4)
    assert 1.5 / classes < metrics["top1"] <= metrics["top5"] <= 1
    assert 0 < metrics["mean_class_accuracy"] <= 1 and 0 <= metrics["calibration_error"] <= 1
    assert metrics["split"]
    assert sum(part["n"] for part in metrics["parts"].values()) == metrics["n"]
    right = sum(part["n"] * part["top1"] for part in metrics["parts"].values())
    assert right / metrics["n"] == pytest.approx(metrics["top1"], abs=2e-4)


@each
def test_it_looks_at_least_twice_and_answers(name: str) -> None:
    pipeline = load(name, device="cpu")
    entry, network = pipeline.entry, pipeline.network
    assert len(network.config.looks) >= 2
    assert len(entry.labels) == len(set(entry.labels)) == network.readout.linear.out_features
    assert all(p.isfinite().all() for p in network.parameters())
    result = pipeline.classify(sample_of(entry.modality))
    np.testing.assert_allclose(result.probabilities.sum(1), 1, atol=1e-5)
    for look in range(len(network.config.looks)):
        np.testing.assert_allclose(result.weights(look=look).sum(1), 1, atol=1e-4)


@each
def test_its_recipe_rebuilds_its_network(name: str) -> None:
    entry = find(name)
    recipe = RECIPES[entry.config["card"]["recipe"]]
    rebuilt = json.loads(json.dumps(recipe.config(len(entry.labels)).to_dict()))
    assert (rebuilt, recipe.steps) == (entry.config["network"], entry.config["card"]["steps"])
