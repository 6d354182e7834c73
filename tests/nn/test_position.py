"""Fourier position features against the formula, written out once more with NumPy."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.nn import FourierConfig, FourierFeatures


def features_by_hand(positions: np.ndarray, bands: int, max_resolution: tuple[float, ...]) -> np.ndarray:
    """One position at a time: raw, then every sine axis by axis, then every cosine."""
    rows = []
    for point in positions:
        angles = [
            np.pi * x * (1 + k * (top / 2 - 1) / (bands - 1))
            for x, top in zip(point, max_resolution, strict=True)
            for k in range(bands)
        ]
        rows.append([*point, *np.sin(angles), *np.cos(angles)])
    return np.array(rows)


@settings(max_examples=20, deadline=None)
@given(axes=st.integers(1, 4), bands=st.integers(2, 12), seed=st.integers(0, 999))
def test_features_are_the_papers_formula(axes: int, bands: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    positions = rng.uniform(-1, 1, (7, axes))
    tops = tuple(rng.integers(2, 65, axes).astype(float).tolist())
    config = FourierConfig(bands, tops)
    got = FourierFeatures(config)(torch.from_numpy(positions).float())
    assert got.shape == (7, config.channels)
    np.testing.assert_allclose(got, features_by_hand(positions, bands, tops), atol=2e-5)


def test_order_is_raw_then_sines_then_cosines_axis_by_axis() -> None:
    at_half = FourierFeatures(FourierConfig(2, (4, 8)))(torch.tensor([[0.5, 0.0]]))
    # axis 0 has frequencies 1 and 2, axis 1 frequencies 1 and 4
    raw, sines, cosines = [0.5, 0.0], [1.0, 0.0, 0.0, 0.0], [0.0, -1.0, 1.0, 1.0]
    torch.testing.assert_close(at_half, torch.tensor([[*raw, *sines, *cosines]]), atol=1e-6, rtol=0)


def test_angles_are_exact_even_for_half_precision_positions() -> None:
    features = FourierFeatures(FourierConfig(64, (224,)))
    position = torch.tensor([[0.7265625]])  # fits bf16
    torch.testing.assert_close(features(position.bfloat16()), features(position), atol=0, rtol=0)


def test_positions_of_another_dimension_are_refused() -> None:
    with pytest.raises(ValueError, match="positions have 3 axes, the model reads 2"):
        FourierFeatures(FourierConfig(4, (8, 8)))(torch.zeros(1, 5, 3))
