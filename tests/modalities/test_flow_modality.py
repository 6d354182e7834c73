"""Which pixels an element holds, how pictures are cut into tiles, and how tiles become one flow again."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.flow import FlowLayout, FlowModality

MODALITY = FlowModality()
# The same in tiles that are quick to read.
SMALL = FlowModality(size=(24, 32), overlap=4)
SIDES = st.integers(1, 150)


def clip(height: int, width: int, count: int = 2) -> VideoSample:
    frames = np.random.default_rng(0).integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    return VideoSample(frames, np.arange(count) / 25)


def layout_of(height: int, width: int, modality: FlowModality = SMALL) -> FlowLayout:
    layout = modality.encode(clip(height, width)).layout
    assert isinstance(layout, FlowLayout)
    return layout


def cut(whole: np.ndarray, layout: FlowLayout) -> np.ndarray:
    """A field over the scaled picture in its tiles."""
    h, w = layout.size
    return np.stack([whole[top : top + h, left : left + w] for top, left in layout.corners])


def patches_of(frames: torch.Tensor) -> torch.Tensor:
    """Frames [2, 3, h, w] -> [1, 2, 27, h, w]: the 3 x 3 pixels around each, as transformers' own test makes them."""
    padded = torch.nn.functional.pad(frames, (1, 1, 1, 1))
    height, width = frames.shape[2:]
    shifted = [padded[:, :, y : y + height, x : x + width] for y in range(3) for x in range(3)]
    return torch.cat(shifted, dim=1)[None]


@pytest.mark.parametrize("size", [(6, 9), (368, 496)])
def test_features_equal_what_transformers_feeds_its_linear_layer(size: tuple[int, int]) -> None:
    perceiver = pytest.importorskip("transformers.models.perceiver.modeling_perceiver")
    sample = clip(*size)
    encoded = FlowModality(size=size, overlap=2).encode(sample)
    theirs = perceiver.PerceiverImagePreprocessor(
        SimpleNamespace(),
        prep_type="patches",
        spatial_downsample=1,
        temporal_downsample=2,
        conv_after_patching=True,
        conv_after_patching_in_channels=54,
        fourier_position_encoding_kwargs={
            "num_bands": 1,
            "max_resolution": size,
            "sine_only": False,
            "concat_pos": True,
        },
    )
    theirs.conv_after_patches = torch.nn.Identity()
    frames = torch.from_numpy(sample.frames).permute(0, 3, 1, 2) / 255 * 2 - 1
    with torch.no_grad():
        expected, _, _ = theirs(patches_of(frames))
    assert encoded.features.shape == (1, size[0] * size[1], 54)  # type: ignore[union-attr]
    torch.testing.assert_close(encoded.features, expected[..., :54], atol=0, rtol=0)
    torch.testing.assert_close(encoded.positions, expected[..., 54:56], atol=0, rtol=0)


def test_an_element_holds_its_neighbours_in_both_frames_and_zeros_around_the_picture() -> None:
    sample = clip(24, 32)
    features = SMALL.encode(sample).features.reshape(24, 32, 2, 3, 3, 3)  # type: ignore[union-attr]
    around = sample.frames[:, 9:12, 19:22] / 255 * 2 - 1
    np.testing.assert_allclose(features[10, 20], around, atol=1e-6)
    assert not features[0, :, :, 0].any() and not features[:, 31, :, :, 2].any()
    np.testing.assert_allclose(features[0, 0, :, 1, 1], sample.frames[:, 0, 0] / 255 * 2 - 1, atol=1e-6)


@settings(max_examples=100, deadline=None)
@given(height=st.integers(1, 4000), width=st.integers(1, 4000), most=st.integers(1, 9))
def test_tiles_cover_every_pixel_with_overlap_and_are_not_too_many(
    height: int, width: int, most: int
) -> None:
    modality = FlowModality(tiles=most)
    scaled = modality.scaled(height, width)
    for axis in (0, 1):
        starts, size = modality.starts(axis, scaled[axis]), modality.size[axis]
        assert starts[0] == 0 and starts[-1] + size == scaled[axis]
        steps = np.diff(starts)
        assert (steps > 0).all() and (steps <= size - 20).all()
    assert len(modality.starts(0, scaled[0])) * len(modality.starts(1, scaled[1])) <= most
    fits = max(368 / height, 496 / width) <= 1
    assert not fits or (scaled[0] <= height and scaled[1] <= width)


@pytest.mark.parametrize(
    ("picture", "scaled"),
    [
        ((368, 496), (368, 496)),
        ((716, 972), (716, 972)),
        ((700, 600), (700, 600)),
        ((184, 248), (368, 496)),
        ((202, 360), (368, 656)),
        ((1432, 1944), (716, 972)),
        ((2, 360), (368, 1924)),
        ((1, 1), (496, 496)),
    ],
)
def test_pictures_are_scaled_as_little_as_can_be(picture: tuple[int, int], scaled: tuple[int, int]) -> None:
    assert MODALITY.scaled(*picture) == scaled


@settings(max_examples=40, deadline=None)
@given(height=SIDES, width=SIDES, most=st.integers(1, 6))
def test_a_movement_of_the_whole_picture_is_merged_to_itself(height: int, width: int, most: int) -> None:
    layout = layout_of(height, width, FlowModality(size=(24, 32), overlap=4, tiles=most))
    ratio = np.array([layout.scaled[1] / width, layout.scaled[0] / height])
    flow = np.ones((len(layout.corners), 24, 32, 2)) * [3, -2] * ratio
    merged = layout.merge(flow)
    assert merged.shape == (height, width, 2) and merged.dtype == np.float32
    np.testing.assert_allclose(merged, np.broadcast_to([3, -2], merged.shape), rtol=1e-4)


def test_tiles_that_agree_are_merged_to_what_they_are_cut_from() -> None:
    layout = layout_of(44, 60)
    assert layout.scaled == (44, 60) and len(layout.corners) == 4
    field = np.random.default_rng(0).normal(size=(44, 60, 2)).astype(np.float32)
    np.testing.assert_allclose(layout.merge(cut(field, layout)), field, atol=1e-5)


def test_where_tiles_differ_the_one_whose_edge_is_farther_counts_more() -> None:
    layout = layout_of(24, 50)
    assert layout.corners == ((0, 0), (0, 18))
    merged = layout.merge(np.stack([np.zeros((24, 32, 2)), np.ones((24, 32, 2))]))[12, :, 0]
    assert (merged[:18] == 0).all() and (merged[32:] == 1).all() and (np.diff(merged) >= 0).all()
    # Column 20 is 12 pixels from the first tile's end and 3 from the second's beginning, both counted from 1.
    assert merged[20] == pytest.approx(3 / (3 + 12))


def test_flow_is_in_pixels_of_the_sample() -> None:
    layout = layout_of(12, 16)
    assert layout.scaled == (24, 32)
    assert layout.merge(np.full((1, 24, 32, 2), 4.0)).mean() == pytest.approx(2)
    long = layout_of(6, 400)
    assert long.scaled == (24, 32 + 3 * 28)
    merged = long.merge(np.ones((4, 24, 32, 2)))
    np.testing.assert_allclose(merged[0, 0], [400 / 116, 6 / 24], rtol=1e-5)


def test_other_shapes_are_not_merged() -> None:
    with pytest.raises(ValueError, match="not 1 tiles"):
        layout_of(24, 32).merge(np.zeros((2, 24, 32, 2)))


def test_tiles_that_were_not_asked_are_left_out() -> None:
    layout = layout_of(24, 50)
    grid = np.stack([np.full((24, 32), 5.0), np.full((24, 32), np.nan)])
    spread = layout.spread(grid)
    assert (spread[:, :32] == 5).all() and np.isnan(spread[:, 32:]).all()


@settings(max_examples=60, deadline=None)
@given(height=SIDES, width=SIDES, data=st.data())
def test_a_pixel_has_an_element_that_covers_it(height: int, width: int, data: st.DataObject) -> None:
    layout = layout_of(height, width)
    y, x = data.draw(st.integers(0, height - 1)), data.draw(st.integers(0, width - 1))
    tile, row, column = layout.cell_of(y, x)
    top, left = layout.corners[tile]
    high, wide = height / layout.scaled[0], width / layout.scaled[1]
    assert abs((top + row + 0.5) * high - (y + 0.5)) <= high / 2 + 1e-9
    assert abs((left + column + 0.5) * wide - (x + 0.5)) <= wide / 2 + 1e-9
    box = layout.boxes[tile]
    assert box[0] <= x + 0.5 <= box[0] + box[2] and box[1] <= y + 0.5 <= box[1] + box[3]


def test_a_pixel_is_asked_of_the_tile_it_lies_deepest_in() -> None:
    layout = layout_of(24, 50)
    assert layout.cell_of(12, 20) == (0, 12, 20) and layout.cell_of(12, 30) == (1, 12, 12)
    assert layout.cell_of(23.9, 49.9) == (1, 23, 31)
    for y, x in ((-1, 0), (24, 0), (0, 50)):
        with pytest.raises(ValueError, match="outside a picture of 24 x 50"):
            layout.cell_of(y, x)


@pytest.mark.parametrize(("count", "middle"), [(2, 0), (3, 0), (4, 1), (5, 1), (20, 9)])
def test_the_two_middle_frames_are_compared(count: int, middle: int) -> None:
    sample = clip(24, 32, count)
    by_default, asked = SMALL.encode(sample), SMALL.encode(sample, first=middle)
    assert by_default.layout.frames == (middle, middle + 1)  # type: ignore[attr-defined]
    assert torch.equal(by_default.features, asked.features)  # type: ignore[arg-type]
    last = SMALL.encode(sample, first=count - 2).features.reshape(768, 2, 9, 3)  # type: ignore[union-attr]
    expected = sample.frames[-2:].reshape(2, 768, 3).transpose(1, 0, 2) / 255 * 2 - 1
    np.testing.assert_allclose(last[:, :, 4], expected, atol=1e-6)


def test_frames_that_do_not_exist_are_refused() -> None:
    with pytest.raises(MediaError, match="one frame only"):
        SMALL.encode(clip(24, 32, 1))
    for first in (-1, 2):
        with pytest.raises(ValueError, match=r"the clip has frames 0\.\.2"):
            SMALL.encode(clip(24, 32, 3), first=first)


def test_large_pictures_lose_fine_texture_and_keep_their_colours() -> None:
    frames = np.zeros((2, 96, 128, 3), np.uint8)
    frames[:, ::2] = 200
    features = FlowModality(size=(24, 32), overlap=4, tiles=1).encode(VideoSample(frames, np.arange(2.0)))
    own = features.features.reshape(24, 32, 2, 9, 3)[2:-2, 2:-2, :, 4]  # type: ignore[union-attr]
    torch.testing.assert_close(own, torch.full_like(own, 100 / 255 * 2 - 1), atol=0.02, rtol=0)
