"""Which frames a window holds, and which pixels a space-time patch."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.video import VideoLayout, VideoModality

MODALITY = VideoModality()


@pytest.mark.parametrize(
    ("times", "frames"),
    [
        (np.zeros(1), [[0] * 12]),
        (np.arange(4) / 8, [[0, 1, 2] + [3] * 9]),
        (np.arange(12) / 8, [list(range(12))]),
        (np.arange(23) / 16, [list(range(0, 23, 2))]),
        (np.arange(24) / 8, [list(range(12)), list(range(12, 24))]),
        (np.arange(18) / 8, [list(range(12)), list(range(6, 18))]),
        (3.0 + np.arange(12) / 8, [list(range(12))]),
    ],
    ids=["one frame", "short", "exact", "twice the rate", "two windows", "overlapping", "late start"],
)
def test_window_frames(times: np.ndarray, frames: list[list[int]]) -> None:
    assert MODALITY.window_frames(times).tolist() == frames


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.floats(0.01, 0.4), min_size=0, max_size=60))
def test_irregular_times_give_the_nearest_frames_and_cover_the_clip(steps: list[float]) -> None:
    times = np.cumsum([0.0, *steps])
    chosen = MODALITY.window_frames(times)
    span = 11 / 8
    assert 1 <= len(chosen) <= MODALITY.windows and chosen.shape[1] == 12
    assert (np.diff(chosen, axis=1) >= 0).all() and chosen[0, 0] == 0
    if times[-1] > span:
        assert chosen[-1, -1] == len(times) - 1
    starts = np.linspace(0, max(times[-1] - span, 0), len(chosen))
    assert len(chosen) == MODALITY.windows or (np.diff(starts) <= span + 1 / 8 + 1e-9).all()
    for start, window in zip(starts, chosen, strict=True):
        for step, frame in enumerate(window):
            moment = start + step / 8
            assert abs(times[frame] - moment) <= np.abs(times - moment).min() + 1e-9


@pytest.mark.parametrize(("height", "width"), [(48, 48), (48, 80), (90, 48)])
def test_a_patch_holds_exactly_its_pixels(height: int, width: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (12, height, width, 3), dtype=np.uint8)
    encoded = MODALITY.encode(VideoSample(frames, np.arange(12) / 8))
    left, top = (width - 48) // 2, (height - 48) // 2
    assert encoded.layout.box == (left, top, 48)
    features = encoded.features.reshape(11, 6, 6, 2, 8, 8, 3)
    for t, row, column in np.ndindex(11, 6, 6):
        y, x = top + row * 8, left + column * 8
        cut = frames[t : t + 2, y : y + 8, x : x + 8] / 255 * 2 - 1
        np.testing.assert_allclose(features[t, row, column], cut, atol=1e-6)
    place = encoded.positions.reshape(11, 6, 6, 3)[1, 5, 0]
    torch.testing.assert_close(place, torch.tensor([-0.8, 1.0, -1.0]))


def test_a_frame_is_shaded_by_every_patch_that_holds_it() -> None:
    layout = MODALITY.encode(VideoSample(np.zeros((12, 48, 48, 3), np.uint8), np.arange(12) / 8)).layout
    assert isinstance(layout, VideoLayout)
    grid = np.zeros((1, 11, 6, 6), np.float32)
    grid[0, 4, 2, 3] = 1
    shade = layout.by_frame(grid)
    assert shade.shape == (1, 12, 6, 6)
    assert {tuple(at): shade[tuple(at)] for at in np.argwhere(shade)} == {
        (0, 4, 2, 3): 0.5,
        (0, 5, 2, 3): 0.5,
    }
    assert layout.by_frame(np.full_like(grid, 3)).tolist() == np.full((1, 12, 6, 6), 3).tolist()


def test_patches_without_overlap_are_held_once() -> None:
    modality = VideoModality(stride=2)
    frames = np.zeros((12, 48, 48, 3), np.uint8)
    encoded = modality.encode(VideoSample(frames, np.arange(12) / 8))
    assert encoded.features.shape == (1, 216, 384) and encoded.layout.shape == (6, 6, 6)
    grid = np.arange(216, dtype=np.float32).reshape(1, 6, 6, 6)
    np.testing.assert_array_equal(encoded.layout.by_frame(grid), np.repeat(grid, 2, axis=1))


@pytest.mark.parametrize("size", [(2, 2), (6, 90), (200, 120)])
def test_any_size_is_read(size: tuple[int, int]) -> None:
    frames = np.full((3, *size, 3), 200, np.uint8)
    features = MODALITY.encode(VideoSample(frames, np.array([0, 0.3, 0.31]))).features
    assert features.shape == (1, 396, MODALITY.channels)
    torch.testing.assert_close(features, torch.full_like(features, 200 / 255 * 2 - 1))


def test_windows_hold_their_own_frames() -> None:
    frames = np.repeat(np.arange(30, dtype=np.uint8) * 8, 48 * 48 * 3).reshape(30, 48, 48, 3)
    encoded = MODALITY.encode(VideoSample(frames, np.arange(30) / 8))
    assert encoded.layout.frames.shape == (3, 12) and encoded.features.shape[:2] == (3, 396)
    seen = encoded.features.reshape(3, 11, 36, 2, 192).mean((2, 4))
    frames_of = np.stack([encoded.layout.frames[:, :-1], encoded.layout.frames[:, 1:]], axis=-1)
    np.testing.assert_allclose((seen + 1) / 2 * 255, frames_of * 8.0, atol=1e-3)


def test_patches_that_do_not_tile_are_refused() -> None:
    with pytest.raises(ValueError, match="do not tile"):
        VideoModality(frames=11, stride=2)
