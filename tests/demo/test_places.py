"""A click finds the element that lies there, and its mark covers the cell that was clicked."""

from __future__ import annotations

import numpy as np
import pytest

from demo.views import places
from demo.views.bases import column_edges, sound_cells
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioLayout, AudioModality
from perceiver_zoo.modalities.audiovisual import WaveLayout
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views.audiovisual import by_column


@pytest.fixture
def overlapping() -> tuple[AudioSample, AudioLayout]:
    sample = AudioSample(np.random.default_rng(0).uniform(-1, 1, 23_040).astype(np.float32), 16_000)
    return sample, AudioModality(seconds=0.96).encode(sample).layout  # type: ignore[return-value]


def test_every_patch_of_sound_is_shown_where_its_mark_lies(overlapping):
    sample, layout = overlapping
    edges = column_edges(layout, 1.44) / 1.44
    rows, columns = layout.grid
    for window in range(2):
        for index in range(rows * columns):
            grid = np.zeros((2, rows * columns))
            grid[window, index] = 1
            row, column = np.nonzero(sound_cells(sample, layout, grid.reshape(2, rows, columns))[0] > 0)
            left, top, right, bottom = places.sound_mark(sample, layout, (window, index))["box"]
            assert np.allclose([edges[column.min()], edges[column.max() + 1]], [left, right], atol=1e-5)
            assert np.allclose([row.min() / rows, (row.max() + 1) / rows], [top, bottom])


def test_a_clicked_bin_is_an_element_that_covers_it(overlapping):
    sample, layout = overlapping
    edges = column_edges(layout, 1.44)
    found = set()
    for row in range(layout.grid[0]):
        for column in range(len(edges) - 1):
            element = places.sound_element(sample, layout, [0, row, column])
            left, top, right, bottom = places.sound_mark(sample, layout, element)["box"]
            assert left - 1e-5 <= edges[column] / 1.44 and edges[column + 1] / 1.44 <= right + 1e-5
            assert (top, bottom) == pytest.approx((row / layout.grid[0], (row + 1) / layout.grid[0]))
            found.add(element[0])
    assert found == {0, 1}


def test_where_windows_overlap_cells_hold_the_mean(overlapping):
    sample, layout = overlapping
    shape = (1, *layout.grid)
    cells = sound_cells(sample, layout, np.concatenate([np.zeros(shape), np.ones(shape)]))[0]
    assert set(np.unique(cells)) == {0.0, 0.5, 1.0} and cells[0, 0] == 0 and cells[0, -1] == 1


@pytest.mark.parametrize(
    ("starts", "means"), [([0.0], [0, 1, 2]), ([0.0, 1 / 3 + 1e-5], [0, 1, 0.5, 1, 1.5, 1, 2])]
)
def test_cells_that_begin_at_no_round_moment_hold_what_was_read_there(starts, means):
    """Also very narrow ones, and after the end of a sound that is shorter than the window."""
    sample = AudioSample(np.zeros(8000, np.float32), 16_000)
    layout = AudioLayout((1, 3), (0.0, 8000.0), np.array(starts), 1.0)
    grid = np.tile(np.arange(3.0), (len(starts), 1, 1))
    assert sound_cells(sample, layout, grid)[0, 0].tolist() == means


def test_what_no_window_read_has_no_value():
    sample = AudioSample(np.zeros(16_000, np.float32), 16_000)
    layout = AudioLayout((2, 2), (0.0, 100.0, 8000.0), np.array([0.0, 0.75]), 0.25)
    cells = sound_cells(sample, layout, np.ones((2, 2, 2)))[0]
    assert np.isnan(cells[0]).tolist() == [False, False, True, False, False]
    with pytest.raises(KeyError):
        places.sound_element(sample, layout, [0, 0, 2])


def test_pixels_and_patches_come_back():
    image = ImageLayout(4, (0, 0, 4))
    assert places.image_element(image, [0, 1, 2]) == (0, 6)
    assert places.image_mark(image, (0, 6))["box"] == [0.5, 0.25, 0.75, 0.5]
    clip = VideoLayout((3, 2, 2), (2, 8, 8), 1, (0, 0, 16), np.arange(8).reshape(2, 4))
    for frame in range(8):
        window, index = places.clip_element(clip, [frame, 1, 0])
        first, last = places.clip_mark(clip, (window, index))["frames"]
        assert window == frame // 4 and first <= frame < last
        assert clip.by_frame(np.eye(12)[index].reshape(1, 3, 2, 2))[0, frame % 4, 1, 0] > 0


@pytest.mark.parametrize("patches", [1920, 700, 960])
def test_a_column_of_a_waveform_holds_the_patch_that_is_picked(patches):
    layout = WaveLayout(patches, np.array([0.0, 1.0]), 0.64)
    for column in range(0, 960, 37):
        window, index = places.wave_element(layout, [0, 1, column])
        assert window == 1 and by_column(np.eye(patches)[index])[column] == 1
        left, top, right, bottom = places.wave_mark(layout, (window, index))["box"]
        assert (top, bottom) == (0.5, 1.0) and left <= (column + 1) / 960 and right >= column / 960
