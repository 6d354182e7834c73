"""Colours, spans and what a view does with odd sizes."""

from __future__ import annotations

import numpy as np
import pytest

from perceiver_zoo.media.sample import AudioSample, ImageSample, VideoSample
from perceiver_zoo.modalities.audio import AudioLayout, AudioModality
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.views import (
    Span,
    caption,
    colours,
    draw_clip,
    draw_contact_sheet,
    draw_image,
    draw_sound,
    overlay,
    span_of,
    with_caption,
)
from perceiver_zoo.views.colour import enlarge
from perceiver_zoo.views.sound import HEIGHT, LEFT, WIDTH


def brightness(colour: np.ndarray) -> np.ndarray:
    return colour.astype(float) @ [0.299, 0.587, 0.114]


def test_more_weight_is_a_brighter_colour() -> None:
    scale = colours(np.linspace(0, 1, 200))
    assert scale.dtype == np.uint8 and (np.diff(brightness(scale)) > -1).all()
    assert (scale[0].tolist(), scale[-1].tolist()) == ([13, 8, 135], [240, 249, 33])


def test_more_weight_covers_more_of_the_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (1, 500, 3), dtype=np.uint8)
    left = [
        overlay(pixels, np.full((1, 500), shade)).astype(float).std(1).mean()
        for shade in (0.0, 0.1, 0.5, 1.0)
    ]
    assert left == sorted(left, reverse=True) and left[-1] > 0


@pytest.mark.parametrize(("scale", "span"), [("weights", Span(0.0, 0.75)), ("scores", Span(-2.0, 0.75))])
def test_spans_reach_from_zero_or_the_least_to_the_most(scale: str, span: Span) -> None:
    values = np.array([[-2.0, np.nan, 0.75]] if scale == "scores" else [[0.25, np.nan, 0.75]])
    assert span_of(values, scale) == span
    shade = span.shade(values)
    assert shade[0, 1] == 0 and shade[0, 2] == 1 and (shade >= 0).all()


def test_a_flat_map_has_no_shade() -> None:
    assert (Span(0.3, 0.3).shade(np.full((2, 2), 0.3)) == 0).all()


@pytest.mark.parametrize(("height", "width"), [(3, 5), (9, 10), (48, 64), (7, 4)])
def test_enlarged_elements_keep_hard_edges_and_their_place(height: int, width: int) -> None:
    grid = np.arange(6).reshape(1, 2, 3)
    large = enlarge(grid, height, width)[0]
    for y in range(height):
        for x in range(width):
            assert large[y, x] == grid[0, y * 2 // height, x * 3 // width]


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 7), (7, 1), (3, 1024), (1024, 1), (479, 481), (700, 600)]
)
def test_pictures_of_any_size_are_drawn_in_their_own_shape(height: int, width: int) -> None:
    sample = ImageSample(np.full((height, width, 3), 120, np.uint8))
    encoded = ImageModality(size=8).encode(sample)
    drawn = draw_image(sample, encoded.layout, np.ones((1, 8, 8), np.float32) / 64, Span(0, 1 / 64))
    assert drawn.dtype == np.uint8 and drawn.shape[2] == 3
    assert drawn.size <= 3 * 2048 * 1024  # a sliver is not blown up without end
    assert drawn.shape[0] / height == pytest.approx(drawn.shape[1] / width, rel=0.01)


def test_what_was_not_read_is_darker_than_what_was() -> None:
    sample = ImageSample(np.full((480, 640, 3), 120, np.uint8))
    encoded = ImageModality(size=8).encode(sample)
    drawn = draw_image(sample, encoded.layout, np.zeros((1, 8, 8), np.float32), Span(0, 1))
    left, _, side = encoded.layout.box
    outside = np.delete(drawn, slice(left, left + side), axis=1)
    assert outside.shape[1] == 160 and outside.max() < drawn[:, left : left + side].min()


@pytest.mark.parametrize(("height", "width"), [(2, 360), (360, 2), (48, 48), (240, 360)])
def test_clips_of_any_size_are_drawn_in_their_own_shape(height: int, width: int) -> None:
    sample = VideoSample(np.full((3, height, width, 3), 120, np.uint8), np.arange(3) / 8)
    encoded = VideoModality(frames=4).encode(sample)
    drawn = draw_clip(sample, encoded.layout, np.ones((1, *encoded.layout.shape), np.float32), Span(0, 1))
    assert drawn.shape[0] == 4 and drawn.shape[1] * width == drawn.shape[2] * height
    assert drawn[0].size <= 3 * 1280 * 1280


def test_overlapping_windows_are_averaged() -> None:
    rate = 16_000
    sample = AudioSample(np.random.default_rng(0).uniform(-1, 1, int(1.44 * rate)).astype(np.float32), rate)
    layout = AudioModality(seconds=0.96).encode(sample).layout
    assert layout.starts.tolist() == [0.0, 0.48]
    whole = AudioLayout(layout.grid, layout.hertz, np.array([0.0]), 1.44)
    blank, first, second, half, both = (
        draw_sound(sample, where, np.array(shades)[:, None, None] * np.ones(layout.shape), Span(0, 1))
        for where, shades in ((whole, [0]), (layout, [1, 0]), (layout, [0, 1]), (whole, [0.5]), (whole, [1]))
    )
    left, right = LEFT + WIDTH // 3, LEFT + WIDTH * 2 // 3
    start, middle, end = slice(LEFT, left - 2), slice(left + 2, right - 2), slice(right + 2, LEFT + WIDTH)
    for drawn, parts in ((first, (both, half, blank)), (second, (blank, half, both))):
        for columns, expected in zip((start, middle, end), parts, strict=True):
            assert (drawn[10 : 10 + HEIGHT, columns] == expected[10 : 10 + HEIGHT, columns]).all()
    assert (half != both).any() and (half != blank).any()


def test_a_contact_sheet_shows_frames_row_by_row() -> None:
    frames = np.repeat(np.arange(1, 6, dtype=np.uint8), 2 * 3 * 3).reshape(5, 2, 3, 3)
    sheet = draw_contact_sheet(frames, columns=2)
    assert sheet.shape == (6, 6, 3)
    assert sheet[::2, ::3, 0].tolist() == [[1, 2], [3, 4], [5, 0]]


def test_a_caption_counts_from_one_and_leaves_the_picture_alone() -> None:
    line = caption("m", 3, lens="latent", look=1, head=None, scale="weights", latent=4)
    assert line == "m, look 2 of 3, latent 5, mean over heads, attention after the softmax"
    assert "mean over latents, head 1, scores before" in caption(
        "m", 3, lens="mean", look=0, head=0, scale="scores"
    )
    picture = np.random.default_rng(0).integers(0, 256, (50, 700, 3), dtype=np.uint8)
    drawn = with_caption(picture, line, Span(0, 1))
    assert drawn.shape[1] == 700 and drawn.shape[0] > 50 and (drawn[:50] == picture).all()


def test_a_signed_map_is_neutral_at_zero_and_covers_most_at_both_ends() -> None:
    values = np.array([[-2.0, 0.0, 2.0, np.nan]])
    span = span_of(values, "weights")
    assert (span.low, span.high, span.signed) == (-2, 2, True) and not span_of(abs(values), "weights").signed
    shade = span.shade(values)
    assert shade.tolist() == [[0, 0.5, 1, 0.5]]
    least, zero, most, unread = colours(shade, signed=True)[0].astype(int)
    assert np.ptp(zero) < 3 and (unread == zero).all()
    assert least[2] > least[1] and most[0] > most[2]  # purple, orange
    grey = np.full((1, 4, 3), 90, np.uint8)
    change = np.abs(overlay(grey, shade, signed=True).astype(int) - 90).max(axis=2)[0]
    assert change[1] == change[3] < min(change[0], change[2])
