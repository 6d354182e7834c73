"""A planted probe: something plain at a known place, a key that matches it, and the map and view that must show it.

Nothing here knows how elements are ordered: the place is told from the sample alone, at the start and at the end.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media.sample import AudioSample, ImageSample, PointCloudSample, VideoSample
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.base import InputArray
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.modalities.point_cloud import PointCloudModality
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.views import cloud_of, colours, draw_clip, draw_cloud, draw_image, draw_sound, span_of
from perceiver_zoo.views.sound import BOTTOM, HEIGHT, LEFT, WIDTH
from tests.lenses.trace_making import probe

RED = (255, 0, 0)


def looked_at(encoded: InputArray, likeness: torch.Tensor, lens: str) -> np.ndarray:
    """Folded map of a look that finds the elements of greatest likeness."""
    return encoded.layout.fold(LENSES[lens](probe(likeness)))


def redness(colour: torch.Tensor) -> torch.Tensor:
    return colour[..., 0] - colour[..., 1] - colour[..., 2]


def box_of(changed: np.ndarray) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of a filled rectangle of True; fails for any other shape."""
    rows, columns = np.flatnonzero(changed.any(1)), np.flatnonzero(changed.any(0))
    top, bottom, left, right = rows[0], rows[-1] + 1, columns[0], columns[-1] + 1
    assert changed[top:bottom, left:right].all() and changed.sum() == (bottom - top) * (right - left)
    return int(top), int(bottom), int(left), int(right)


def coloured(drawn: np.ndarray, blank: np.ndarray) -> np.ndarray:
    return (drawn != blank).any(axis=-1)


@pytest.mark.parametrize("lens", ["mean", "latent"])
@pytest.mark.parametrize(
    ("height", "width", "row", "column", "neighbourhood"),
    [(30, 50, 4, 7, 1), (50, 30, 0, 9, 1), (30, 30, 9, 0, 3), (33, 62, 5, 2, 3), (1000, 1300, 3, 8, 1)],
)
def test_image(height: int, width: int, row: int, column: int, neighbourhood: int, lens: str) -> None:
    pixels = np.full((height, width, 3), 90, np.uint8)
    side = min(height, width)
    cell = side / 10
    left, top = (width - side) // 2, (height - side) // 2
    y = [top + round(row * cell), top + round((row + 1) * cell)]
    x = [left + round(column * cell), left + round((column + 1) * cell)]
    pixels[slice(*y), slice(*x)] = RED
    sample = ImageSample(pixels)
    encoded = ImageModality(size=10, neighbourhood=neighbourhood).encode(sample)
    own = encoded.features.reshape(1, 100, 3, -1)[..., neighbourhood**2 // 2]
    grid = looked_at(encoded, redness(own), lens)
    assert np.unravel_index(grid[0].argmax(), (10, 10)) == (row, column)
    assert grid[0, row, column] > 0.99
    span = span_of(grid, "weights")
    drawn = draw_image(sample, encoded.layout, grid, span)
    zoom = drawn.shape[0] / height
    assert zoom == pytest.approx(drawn.shape[1] / width, rel=0.01)
    seen = box_of(coloured(drawn, draw_image(sample, encoded.layout, grid * 0, span)))
    assert seen == pytest.approx([edge * zoom for edge in (*y, *x)], abs=zoom)


@pytest.mark.parametrize("lens", ["mean", "latent"])
@pytest.mark.parametrize(
    ("second", "seconds", "hertz"),
    [(0.52, 0.8, 150), (3.56, 4.96, 1000), (8.36, 9.92, 3000), (1.96, 9.92, 7000)],
)
def test_sound(second: float, seconds: float, hertz: float, lens: str) -> None:
    """A tone of one element's length; `second` is its middle."""
    rate, modality = 16_000, AudioModality()
    times = np.arange(round(seconds * rate)) / rate
    wave = np.where(np.abs(times - second) < 0.04, np.sin(2 * np.pi * hertz * times), 0)
    sample = AudioSample(wave.astype(np.float32), rate)
    encoded = modality.encode(sample)
    grid = looked_at(encoded, encoded.features.mean(-1), lens)
    window = int(encoded.features.mean((1, 2)).argmax())
    row, column = np.unravel_index(grid[window].argmax(), encoded.layout.shape)
    assert encoded.layout.hertz[row] < hertz < encoded.layout.hertz[row + 1]
    begin = encoded.layout.starts[window] + column * 0.08
    assert begin < second < begin + 0.08
    grid[np.arange(len(grid)) != window] = 0  # the other windows are silent: they have nothing to find
    span = span_of(grid, "weights")
    drawn = draw_sound(sample, encoded.layout, grid, span)
    blank = draw_sound(sample, encoded.layout, grid * 0, span)
    assert drawn.shape == blank.shape == (HEIGHT + BOTTOM + 10, WIDTH + LEFT + 16, 3)
    top, bottom, left, right = box_of(coloured(drawn, blank))
    share = np.log10(1 + hertz / 700) / np.log10(1 + 8000 / 700)
    y, x = 10 + HEIGHT * (1 - share), LEFT + second / seconds * WIDTH
    assert top < y < bottom and left < x < right
    assert bottom - top == HEIGHT / 8
    assert right - left == pytest.approx(0.08 / seconds * WIDTH, abs=1.5)
    drawn_sound = blank.sum(-1, dtype=int)[10 : 10 + HEIGHT, LEFT : LEFT + WIDTH]
    at = np.argwhere(drawn_sound >= drawn_sound.max() - 3).mean(0) + np.array([10, LEFT])
    # the tone itself lies there too
    assert abs(at[0] - y) < 8 and abs(at[1] - x) < 0.04 / seconds * WIDTH + 4


@pytest.mark.parametrize("lens", ["mean", "latent"])
@pytest.mark.parametrize(
    ("times", "red", "cell", "height", "width"),
    [
        (np.arange(12) / 8, [4, 5], (2, 2, 3), 48, 64),
        (np.arange(12) / 8, [0, 1], (0, 5, 0), 250, 240),
        (np.arange(24) / 16, [8, 9, 10, 11], (2, 0, 5), 48, 48),
        (np.array([0, 9, 27, 35, 52, 61, 77, 85, 103, 109, 127, 137]) / 100, [8, 9], (4, 1, 4), 96, 48),
    ],
    ids=["exact", "corner", "two windows", "irregular"],
)
def test_clip(times: np.ndarray, red: list[int], cell: tuple, height: int, width: int, lens: str) -> None:
    _, row, column = cell
    frames = np.full((len(times), height, width, 3), 90, np.uint8)
    side = min(height, width)
    part = side // 6
    top, left = (height - side) // 2 + row * part, (width - side) // 2 + column * part
    frames[red, top : top + part, left : left + part] = RED
    sample = VideoSample(frames, times)
    modality = VideoModality(stride=2)  # so that the red lies in one patch alone
    encoded = modality.encode(sample)
    features = encoded.features.unflatten(-1, (-1, 3)).mean(-2)
    grid = looked_at(encoded, redness(features), lens)
    for window in grid:
        assert np.unravel_index(window.argmax(), window.shape) == cell
    span = span_of(grid, "weights")
    drawn, blank = (draw_clip(sample, encoded.layout, g, span) for g in (grid, grid * 0))
    shown = encoded.layout.frames.ravel()
    assert len(drawn) == len(shown) == 12 * len(grid)
    zoom = drawn.shape[1] / height
    for picture, empty, frame in zip(drawn, blank, shown, strict=True):
        changed = coloured(picture, empty)
        assert changed.any() == (frame in red)
        if frame in red:
            assert box_of(changed) == tuple(round(e * zoom) for e in (top, top + part, left, left + part))


@pytest.mark.parametrize("lens", ["mean", "latent"])
@pytest.mark.parametrize("count", [100, 1000])
@pytest.mark.parametrize("shift", [0.0, 40.0])
def test_cloud(count: int, shift: float, lens: str) -> None:
    points = np.random.default_rng(0).uniform(-1, 1, (300, 3)) + shift
    points[137] = np.array([0, 3, 2]) + shift
    sample = PointCloudSample(points.astype(np.float32))
    encoded = PointCloudModality(count).encode(sample)
    grid = looked_at(encoded, encoded.positions @ torch.tensor([0.0, 1.0, 1.0]), lens)
    at = int(grid[0].argmax())
    assert encoded.layout.index[at] == 137
    cloud = cloud_of(sample, encoded.layout, grid, span_of(grid, "weights"))
    assert len(cloud.points) == min(300, count)
    np.testing.assert_allclose(cloud.points[at], points[137], atol=1e-5)
    np.testing.assert_allclose(cloud.unit, encoded.positions[0], atol=1e-4)
    top, rest = colours(np.ones(1))[0], np.delete(cloud.colors, at, axis=0)
    assert (cloud.colors[at] == top).all() and (rest == colours(np.zeros(1))[0]).all()
    # from the x axis, y runs right and z up
    ys, xs = np.nonzero((draw_cloud(cloud, 200, azimuth=0, elevation=0) == top).all(-1))
    _, right, up = cloud.unit[at]
    assert (xs.mean(), ys.mean()) == pytest.approx((100 + right * 92, 100 - up * 92), abs=1.5)
