"""What holds for every modality alike."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest
import torch

from perceiver_zoo.modalities import MODALITIES, build_modality
from perceiver_zoo.modalities.base import grid_positions
from tests.modalities.sample_making import AXES, MODALITY_NAMES, modality_of, sample_of


def test_there_are_seven_modalities() -> None:
    assert MODALITY_NAMES == ("image", "audio", "video", "point_cloud")
    assert tuple(MODALITIES) == (*MODALITY_NAMES, "audiovisual", "flow", "text")


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_an_input_array_is_well_formed(name: str) -> None:
    modality = modality_of(name)
    encoded = modality.encode(sample_of(name))
    windows, elements, channels = encoded.features.shape
    assert channels == modality.channels
    assert encoded.positions.shape[0] in (1, windows)
    assert encoded.positions.shape[1:] == (elements, AXES[name])
    assert encoded.features.dtype == encoded.positions.dtype == torch.float32
    assert encoded.features.isfinite().all() and encoded.positions.abs().max() <= 1 + 1e-6
    assert np.prod(encoded.layout.shape) == elements
    assert modality.unit


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_encoding_twice_is_the_same_and_leaves_the_sample_alone(name: str) -> None:
    modality, sample = modality_of(name), sample_of(name)
    first, second = modality.encode(sample), modality.encode(sample)
    assert torch.equal(first.features, second.features) and torch.equal(first.positions, second.positions)
    for field, value in vars(sample_of(name)).items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(getattr(sample, field), value)


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_fold_keeps_element_order_and_refuses_other_counts(name: str) -> None:
    layout = modality_of(name).encode(sample_of(name)).layout
    count = int(np.prod(layout.shape))
    folded = layout.fold(torch.arange(2 * count).reshape(2, count))
    assert folded.shape == (2, *layout.shape) and folded.dtype == np.float32
    assert folded.ravel().tolist() == list(range(2 * count))
    with pytest.raises(ValueError, match=f"{count + 1} weights do not fold"):
        layout.fold(np.zeros(count + 1))


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_a_modality_survives_json(name: str) -> None:
    modality = modality_of(name)
    assert build_modality(name, json.loads(json.dumps(asdict(modality)))) == modality


def test_grid_positions_fill_the_square_row_by_row() -> None:
    assert grid_positions(2, 3)[0].tolist() == [[-1, -1], [-1, 0], [-1, 1], [1, -1], [1, 0], [1, 1]]
    assert grid_positions(1, 2)[0].tolist() == [[0, -1], [0, 1]]
