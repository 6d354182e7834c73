"""Where a cloud stands and how large it is do not matter; which points are read does."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.base import InputArray
from perceiver_zoo.modalities.point_cloud import PointCloudModality, farthest_points


def encode(points: np.ndarray, count: int = 1024) -> InputArray:
    return PointCloudModality(count).encode(PointCloudSample(points.astype(np.float32)))


def cloud(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, 3))


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 999),
    count=st.integers(2, 1024),
    scale=st.floats(1e-3, 1e3),
    shift=st.lists(st.floats(-100, 100), min_size=3, max_size=3),
)
def test_place_and_size_do_not_matter(seed: int, count: int, scale: float, shift: list[float]) -> None:
    points = cloud(count, seed)
    here, there = encode(points), encode((points + np.array(shift)) * scale)
    np.testing.assert_allclose(here.positions, there.positions, atol=1e-4)
    radius = np.linalg.norm(here.positions[0], axis=1)
    np.testing.assert_allclose(here.positions[0].mean(0), 0, atol=1e-5)
    assert radius.max() == pytest.approx(1, abs=1e-5)


def test_a_cloud_far_from_the_origin_is_still_centred() -> None:
    points = cloud(1000) + 3000
    encoded = encode(points)
    np.testing.assert_allclose(encoded.positions, encode(points - 3000).positions, atol=1e-3)


@pytest.mark.parametrize("scale", [1e-42, 1e-30, 1e-20, 1.0, 1e15, 1e25, 3e37])
@pytest.mark.parametrize("count", [40, 1024])
def test_the_whole_range_of_floats_is_read_alike(scale: float, count: int) -> None:
    points = (
        np.round(cloud(100) * 400).clip(-1000, 1000) / 100
    )  # a denormal float keeps three digits of these
    encoded, usual = encode(points * scale, count), encode(points, count)
    if scale == 1e-42:
        assert encoded.positions.isfinite().all()
        assert np.linalg.norm(encoded.positions[0], axis=1).max() == pytest.approx(1, abs=1e-3)
    else:
        assert (encoded.layout.index == usual.layout.index).all()
        np.testing.assert_allclose(encoded.positions, usual.positions, atol=1e-4)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_coordinates_that_are_not_finite_are_refused(bad: float) -> None:
    points = cloud(10)
    points[3, 1] = bad
    with pytest.raises(MediaError, match=r"not finite numbers\.$"):
        encode(points)


@pytest.mark.parametrize("count", [1, 5, 2000])
def test_points_on_one_spot_lie_in_the_middle(count: int) -> None:
    encoded = encode(np.full((count, 3), 7.3))
    assert encoded.features.shape == (1, min(count, 1024), 0)
    np.testing.assert_allclose(encoded.positions, 0, atol=1e-6)


def test_layout_leads_back_to_the_samples_own_points() -> None:
    points = cloud(300) * 3 + 5
    encoded = encode(points, 50)
    layout = encoded.layout
    assert layout.shape == (50,)
    back = encoded.positions[0].numpy() * layout.scale + layout.center
    np.testing.assert_allclose(back, points[layout.index], atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), total=st.integers(1, 300), count=st.integers(1, 60))
def test_farthest_points_spread(seed: int, total: int, count: int) -> None:
    points = cloud(total, seed).astype(np.float32)
    index = farthest_points(points, count)
    assert len(index) == min(total, count) == len(set(index.tolist()))
    chosen = points[index].astype(np.float64)
    apart = np.linalg.norm(chosen[:, None] - chosen[None], axis=-1)[~np.eye(len(index), dtype=bool)]
    reach = np.linalg.norm(points[:, None] - chosen[None], axis=-1).min(axis=1).max()
    if len(index) > 1:  # no point left out is farther from the chosen than these are from each other
        assert reach <= apart.min() + 1e-5


def test_each_distinct_point_is_read_before_any_duplicate() -> None:
    points = np.repeat(cloud(5), 100, axis=0).astype(np.float32)
    index = farthest_points(points, 12)
    assert len(np.unique(points[index[:5]], axis=0)) == 5
    assert len(index) == 12


def test_all_points_are_read_when_there_are_few() -> None:
    assert farthest_points(cloud(30).astype(np.float32), 30).tolist() == list(range(30))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 999), count=st.integers(1, 60))
def test_neighbourhoods_go_with_their_points(seed: int, count: int) -> None:
    modality = PointCloudModality(64, neighbours=(4, 12))
    points = cloud(count, seed).astype(np.float32)
    order = np.random.default_rng(seed).permutation(count)
    here, there = (modality.encode(PointCloudSample(p)) for p in (points, points[order]))
    assert here.features.shape == (1, count, modality.channels) and here.features.isfinite().all()
    if count <= 64:  # all are read, in their own order
        np.testing.assert_allclose(here.features[0, order], there.features[0], atol=1e-4)


def test_a_neighbourhood_tells_flat_from_edge() -> None:
    side = np.stack(np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 9)), -1).reshape(-1, 2)
    flat = np.concatenate([side, np.zeros((81, 1))], axis=1)  # in the plane z = 0
    encoded = PointCloudModality(128, neighbours=(9,)).encode(PointCloudSample(flat.astype(np.float32)))
    spread, mean, moments = encoded.features[0].split((1, 3, 6), dim=-1)
    assert moments[:, 2].abs().max() < 1e-5 and mean[:, 2].abs().max() < 1e-5  # nothing along z
    np.testing.assert_allclose(moments[:, :3].sum(-1), 1, atol=1e-4)
    middle, corner = 40, 0
    assert mean[middle].norm() < 1e-4 < 0.5 < mean[corner].norm()
    assert spread[corner] > spread[middle]


def test_points_on_one_spot_have_a_neighbourhood_too() -> None:
    encoded = PointCloudModality(64, neighbours=(8,)).encode(PointCloudSample(np.ones((20, 3), np.float32)))
    assert encoded.features.isfinite().all()
