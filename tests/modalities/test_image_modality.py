"""Pixels, their places and the crop they come from."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.image import ImageModality


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


@settings(max_examples=25, deadline=None)
@given(height=st.integers(1, 40), width=st.integers(1, 40), neighbourhood=st.sampled_from([1, 3, 5]))
def test_any_picture_becomes_its_centre_square(height: int, width: int, neighbourhood: int) -> None:
    modality = ImageModality(size=6, neighbourhood=neighbourhood)
    encoded = modality.encode(ImageSample(picture(height, width)))
    left, top, side = encoded.layout.box
    assert side == min(height, width)
    assert abs(left - (width - side - left)) <= 1 and abs(top - (height - side - top)) <= 1
    assert encoded.features.shape == (1, 36, modality.channels) == (1, 36, 3 * neighbourhood**2)
    assert encoded.features.dtype == torch.float32 and encoded.features.abs().max() <= 1
    assert encoded.positions.shape == (1, 36, 2) and encoded.layout.shape == (6, 6)


def test_elements_are_pixels_row_by_row_with_places_down_and_across() -> None:
    pixels = picture(4, 7)
    encoded = ImageModality(size=4).encode(ImageSample(pixels))
    for row in range(4):
        for column in range(4):
            element = row * 4 + column
            place = torch.tensor([row / 3 * 2 - 1, column / 3 * 2 - 1])
            torch.testing.assert_close(encoded.positions[0, element], place)
            colour = (
                pixels[row, column + 1] / 255 * 2 - 1
            )  # seven columns lose one on the left, two on the right
            np.testing.assert_allclose(encoded.features[0, element], colour, atol=1e-6)


@pytest.mark.parametrize("neighbourhood", [3, 5])
def test_an_element_carries_the_colours_around_it(neighbourhood: int) -> None:
    pixels = picture(7, 7)
    alone = ImageModality(size=7).encode(ImageSample(pixels)).features[0]
    around = ImageModality(size=7, neighbourhood=neighbourhood).encode(ImageSample(pixels)).features[0]
    window = around.reshape(7, 7, 3, neighbourhood, neighbourhood)
    reach = neighbourhood // 2
    torch.testing.assert_close(window[..., reach, reach].reshape(49, 3), alone)
    colours = alone.reshape(7, 7, 3)
    for y in range(reach, 7 - reach):
        for x in range(reach, 7 - reach):
            cut = colours[y - reach : y + reach + 1, x - reach : x + reach + 1]
            torch.testing.assert_close(window[y, x].permute(1, 2, 0), cut)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (64, 48)])
def test_one_colour_stays_one_colour(height: int, width: int) -> None:
    pixels = np.full((height, width, 3), (255, 0, 51), np.uint8)
    features = ImageModality(size=5, neighbourhood=3).encode(ImageSample(pixels)).features
    expected = torch.tensor([1.0, -1.0, -0.6]).repeat_interleave(9).expand(1, 25, 27)
    torch.testing.assert_close(features, expected)


def test_a_model_of_one_pixel_sits_in_the_middle() -> None:
    encoded = ImageModality(size=1).encode(ImageSample(picture(3, 3)))
    assert encoded.positions.tolist() == [[[0.0, 0.0]]]
