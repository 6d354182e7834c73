"""Movement as colours, and a flow model's map over its first frame."""

from __future__ import annotations

import numpy as np
import pytest

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.flow import FlowLayout, FlowModality
from perceiver_zoo.views import Span, draw_flow, draw_flow_map, flow_wheel
from perceiver_zoo.views.flow import longest

MODALITY = FlowModality(size=(24, 32), overlap=4)


def colour_of(right: float, down: float, most: float | None = 24.0) -> list[int]:
    return draw_flow(np.array([[[right, down]]]), most)[0, 0].tolist()


@pytest.mark.parametrize(
    ("movement", "colour"),
    [
        ((24, 0), [255, 0, 0]),
        ((0, 24), [128, 255, 0]),
        ((-24, 0), [0, 255, 255]),
        ((0, -24), [128, 0, 255]),
        ((0, 0), [255, 255, 255]),
        ((12, 0), [255, 128, 128]),
        ((500, 0), [255, 0, 0]),
    ],
)
def test_hue_is_the_direction_and_saturation_the_length(
    movement: tuple[float, float], colour: list[int]
) -> None:
    assert colour_of(*movement) == colour


def test_the_scale_may_be_set_or_be_the_flow_s_own() -> None:
    assert colour_of(6, 0, most=6) == colour_of(3, 0, most=None) == [255, 0, 0]
    assert colour_of(0, 0, most=None) == [255, 255, 255]
    flow = np.random.default_rng(0).normal(size=(5, 7, 2))
    np.testing.assert_array_equal(draw_flow(flow, None), draw_flow(flow, longest(flow)))
    assert longest(np.array([[[3.0, 4.0], [1.0, 1.0]]])) == 5


def test_the_wheel_shows_the_colour_of_each_direction() -> None:
    wheel = flow_wheel(12.0, size=96)
    assert wheel.shape == (116, 96, 3) and wheel.dtype == np.uint8
    for y, x, right, down in ((48, 94, 1, 0), (94, 48, 0, 1), (48, 1, -1, 0), (1, 48, 0, -1)):
        assert np.abs(wheel[y, x] - np.array(colour_of(right * 23.5, down * 23.5))).max() < 14
    assert wheel[48, 48].min() > 245 and wheel[0, 0].tolist() == [22, 24, 29]
    assert (flow_wheel(12.0)[96:] != flow_wheel(24.0)[96:]).any()


@pytest.mark.parametrize(("height", "width"), [(24, 32), (40, 80), (12, 16), (100, 30)])
def test_weight_at_an_element_is_drawn_at_its_pixel(height: int, width: int) -> None:
    sample = VideoSample(np.full((2, height, width, 3), 90, np.uint8), np.arange(2.0))
    layout = MODALITY.encode(sample).layout
    assert isinstance(layout, FlowLayout)
    grid = np.zeros((len(layout.corners), 24, 32), np.float32)
    y, x = height // 3, width * 2 // 3
    tile, row, column = layout.cell_of(y, x)
    grid[tile, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2] = 1
    blank = draw_flow_map(sample, layout, grid * 0, Span(0, 1))
    drawn = draw_flow_map(sample, layout, grid, Span(0, 1))
    assert drawn.shape == (height, width, 3) and drawn.dtype == np.uint8
    changed = np.argwhere((drawn != blank).any(axis=-1))
    high, wide = height / layout.scaled[0], width / layout.scaled[1]
    assert np.abs(changed - [y, x]).max() <= 2 + 3 * max(high, wide)
    assert (changed == [y, x]).all(axis=1).any()


def test_tiles_that_were_not_asked_are_darkened() -> None:
    sample = VideoSample(np.full((2, 24, 50, 3), 120, np.uint8), np.arange(2.0))
    layout = MODALITY.encode(sample).layout
    assert isinstance(layout, FlowLayout)
    grid = np.stack([np.zeros((24, 32)), np.full((24, 32), np.nan)])
    drawn = draw_flow_map(sample, layout, grid, Span(0, 1))
    assert drawn[:, 32:].max() < drawn[:, :32].min()
