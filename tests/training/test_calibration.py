"""A temperature found again, and what it must not change."""

from __future__ import annotations

import json

import numpy as np
import pytest

from perceiver_zoo.pipeline.calibration import temperature_of, tempered
from perceiver_zoo.training.calibration import fitted_temperature, write_calibration
from perceiver_zoo.training.evaluate import calibration_error


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(logits / true)])
    found = fitted_temperature(softmax(logits), labels)
    assert found == pytest.approx(true, rel=0.05)
    assert calibration_error(tempered(softmax(logits), found), labels) < 0.015


def test_a_temperature_divides_the_logits_and_keeps_their_order() -> None:
    logits = np.random.default_rng(1).normal(0, 4, (100, 7))
    for temperature in (0.3, 1.0, 3.0):
        changed = tempered(softmax(logits).astype(np.float32), temperature)
        np.testing.assert_allclose(changed, softmax(logits / temperature), atol=1e-4)
        np.testing.assert_allclose(changed.sum(1), 1)
        assert (changed.argmax(1) == logits.argmax(1)).all()


def test_it_travels_in_the_card(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"card": {"licence": "mit"}}')
    assert temperature_of({"card": {}}) == 1.0
    write_calibration(tmp_path, {"temperature": 0.7, "n": 3})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["card"]["licence"] == "mit" and temperature_of(config) == 0.7
