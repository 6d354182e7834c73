"""A window's waveform with the weights of its patches, and the picture's part over its frames."""

from __future__ import annotations

import numpy as np
import pytest

from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, AudiovisualModality
from perceiver_zoo.views import Span, draw_clip, draw_waves
from perceiver_zoo.views.audiovisual import GAP, LEFT, ROW, WIDTH, by_column

MODALITY = AudiovisualModality(size=16)


def sample_of(count: int, audio: AudioSample | None) -> VideoSample:
    return VideoSample(np.full((count, 16, 16, 3), 90, np.uint8), np.arange(count) / 25, audio)


def encoded(sample: VideoSample) -> AudiovisualLayout:
    layout = MODALITY.encode(sample).layout
    assert isinstance(layout, AudiovisualLayout)
    return layout


def rows(picture: np.ndarray) -> list[np.ndarray]:
    """The pictures of the windows, without margins."""
    tops = range(0, picture.shape[0] - 24, ROW + GAP)
    return [picture[top : top + ROW, LEFT : LEFT + WIDTH] for top in tops]


@pytest.mark.parametrize(("window", "patch"), [(0, 0), (0, 700), (1, 1300), (1, 1919)])
def test_a_patch_is_drawn_at_its_place_in_its_window(window: int, patch: int) -> None:
    sample = sample_of(32, None)
    layout = encoded(sample)
    weights = np.zeros((2, 1920), np.float32)
    blank = rows(draw_waves(sample, layout, weights, Span(0, 1)))
    weights[window, patch] = 1
    drawn = rows(draw_waves(sample, layout, weights, Span(0, 1)))
    changed = (drawn[window] != blank[window]).any(axis=-1)
    assert np.flatnonzero(changed.any(axis=0)).tolist() == [patch // 2] and changed[:, patch // 2].all()
    assert (drawn[1 - window] == blank[1 - window]).all()


@pytest.mark.parametrize("rate", [500, 16_000, 48_000])
def test_the_waveform_is_that_of_the_window(rate: int) -> None:
    wave = np.zeros(rate * 2, np.float32)
    wave[round(0.96 * rate) :] = np.tile([0.5, -0.5], rate)[: len(wave) - round(0.96 * rate)]
    sample = sample_of(32, AudioSample(wave, rate))
    first, second = rows(draw_waves(sample, encoded(sample), np.zeros((2, 1920)), Span(0, 1)))
    light = [(row[..., 0] > 120).sum(axis=0) for row in (first, second)]
    middle = WIDTH // 2
    assert (light[0] <= 2).all() and (light[1][: middle - 4] <= 2).all()
    # From the middle on the sound jumps with every sample, and a low rate has one only every third column.
    assert (light[1][middle + 4 :].reshape(-1, 4).max(axis=1) == ROW).all()


def test_a_sound_that_ends_early_or_is_silent_is_a_flat_line() -> None:
    for audio in (None, AudioSample(np.zeros(9_600, np.float32), 48_000)):
        sample = sample_of(32, audio)
        for row in rows(draw_waves(sample, encoded(sample), np.zeros((2, 1920)), Span(0, 1))):
            assert 1 <= (row[..., 0] > 120).sum(axis=0).max() <= 2


def test_no_weight_is_lost_between_columns() -> None:
    shade = np.random.default_rng(0).random(1920)
    assert by_column(shade).tolist() == shade.reshape(WIDTH, 2).max(axis=1).tolist()
    assert by_column(shade[:240]).tolist() == shade[:240].repeat(4).tolist()


def test_the_picture_s_part_is_drawn_over_its_frames() -> None:
    sample = sample_of(32, None)
    layout = encoded(sample)
    weights = np.zeros((2, *layout.shape), np.float32)
    weights[1, layout.sound + 5 * 16 + 2 * 4 + 3] = 1
    image = layout.split(weights)["image"]
    drawn, blank = (draw_clip(sample, layout.video, part, Span(0, 1)) for part in (image, image * 0))
    changed = np.argwhere((drawn != blank).any(axis=-1))
    zoom = drawn.shape[1] / 16
    assert set(changed[:, 0]) == {16 + 5}
    assert (changed[:, 1:].min(axis=0) / zoom).tolist() == [8, 12]
    assert ((changed[:, 1:].max(axis=0) + 1) / zoom).tolist() == [12, 16]
