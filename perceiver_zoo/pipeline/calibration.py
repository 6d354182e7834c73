"""Making a probability mean what it says: one temperature a model, measured by `perceiver-zoo calibrate`."""

from __future__ import annotations

from typing import Any

import numpy as np


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Probabilities [..., classes] at another temperature (Guo et al. 2017, section 4.2); their order stays.

    p ** (1 / T), normalised, is the softmax of the logits divided by T. It is taken of the mean over the windows, where
    a temperature within each window could change which class is first.
    """
    logs = np.log(np.maximum(probabilities.astype(np.float64), 1e-30)) / temperature
    powers = np.exp(logs - logs.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def temperature_of(config: dict[str, Any]) -> float:
    """What a model's config.json says; 1 where nothing was measured."""
    return config["card"].get("calibration", {}).get("temperature", 1.0)
