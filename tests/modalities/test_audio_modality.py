"""Tones light their band, clicks their moment, windows cover the whole sound."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.base import InputArray

RATE = 16_000
MODALITY = AudioModality()
SHORT = AudioModality(seconds=0.5)  # six columns of 80 ms


def sound(wave: np.ndarray) -> AudioSample:
    return AudioSample(wave.astype(np.float32), RATE)


def tone(hertz: float, seconds: float) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * hertz * np.arange(round(seconds * RATE)) / RATE)


def loudness(encoded: InputArray) -> np.ndarray:
    """Mean log-mel of every element [W, rows, columns]."""
    return encoded.layout.fold(encoded.features.mean(dim=-1))


@settings(max_examples=25, deadline=None)
@given(row=st.integers(0, 7), within=st.floats(0.15, 0.85))
def test_a_tone_lights_the_row_whose_edges_hold_it(row: int, within: float) -> None:
    low, high = MODALITY.edges[row : row + 2]
    hertz = low + within * (high - low)
    assert loudness(MODALITY.encode(sound(tone(hertz, 0.6))))[0].mean(axis=1).argmax() == row


def test_edges_run_from_zero_to_half_the_rate_on_the_mel_scale() -> None:
    mel = 2595 * np.log10(1 + np.array(MODALITY.edges) / 700)
    assert (MODALITY.edges[0], len(MODALITY.edges)) == (0, MODALITY.rows + 1)
    assert MODALITY.edges[-1] == pytest.approx(RATE / 2, rel=1e-4)
    np.testing.assert_allclose(np.diff(mel), mel[-1] / MODALITY.rows, rtol=1e-3)


@pytest.mark.parametrize("column", [0, 1, 4, 7])
def test_a_click_lights_the_column_of_its_moment(column: int) -> None:
    wave = np.zeros(8 * MODALITY.step)
    wave[column * MODALITY.step + MODALITY.step // 2] = 1.0
    encoded = MODALITY.encode(sound(wave))
    assert encoded.layout.shape == (8, 8)
    assert (loudness(encoded)[0].argmax(axis=1) == column).all()


@pytest.mark.parametrize(
    "wave", [np.zeros(RATE), np.zeros(0), np.full(RATE, 1e-7)], ids=["zeros", "empty", "faint"]
)
def test_silence_is_refused_in_a_sentence(wave: np.ndarray) -> None:
    with pytest.raises(MediaError, match=r"^This sound is silent: .*\.$"):
        MODALITY.encode(sound(wave))


def test_another_rate_is_refused() -> None:
    with pytest.raises(ValueError, match="sound at 8000 Hz, the model reads 16000 Hz"):
        MODALITY.encode(AudioSample(np.ones(100, np.float32), 8000))


@settings(max_examples=40, deadline=None)
@given(samples=st.integers(1, 9_000) | st.integers(1, 80_000))
@example(7679)
@example(7680)
@example(7681)
@example(7680 + 1279)
@example(7680 + 1280)
def test_windows_cover_the_whole_sound_without_gaps(samples: int) -> None:
    wave = np.random.default_rng(samples).uniform(-1, 1, samples)
    encoded = SHORT.encode(sound(wave))
    layout, windows = encoded.layout, encoded.features.shape[0]
    assert len(layout.starts) == windows <= SHORT.windows
    assert encoded.features.shape[1] == np.prod(layout.shape) == encoded.positions.shape[1]
    assert encoded.positions.abs().max() <= 1
    begin = np.round(layout.starts * RATE).astype(int)
    length = round(layout.seconds * RATE)
    assert (
        begin[0] == 0 and begin[-1] + length > samples - SHORT.step
    )  # less than one element may be left over
    assert (begin[-1] + length == samples) or windows == 1
    if samples <= SHORT.windows * length:
        assert (np.diff(begin) <= length).all()
    for window in {0, windows - 1}:  # each window's features are those of that very stretch
        cut = np.zeros(length, np.float32)
        piece = (wave / np.abs(wave).max())[begin[window] : begin[window] + length]
        cut[: len(piece)] = piece
        expected = SHORT.features(torch.from_numpy(cut)[None])[0]
        torch.testing.assert_close(encoded.features[window], expected, atol=1e-4, rtol=0)


@pytest.mark.parametrize(("seconds", "columns"), [(0.01, 1), (0.08, 1), (0.4, 5), (4.96, 62), (30.0, 62)])
def test_shorter_sounds_have_fewer_elements(seconds: float, columns: int) -> None:
    encoded = MODALITY.encode(sound(tone(440, seconds)))
    assert encoded.layout.shape == (8, columns)
    assert encoded.features.shape[1:] == (8 * columns, MODALITY.channels)


def test_a_short_sound_sits_in_the_middle_of_the_window() -> None:
    times = MODALITY.encode(sound(tone(440, 0.8))).positions[0, :10, 1]
    assert times.mean().abs() <= 1 / MODALITY.columns + 1e-6
    torch.testing.assert_close(times.diff(), torch.full((9,), 2 / MODALITY.columns))


@pytest.mark.parametrize("gain", [1e-3, 0.1, 1.9])
def test_loudness_does_not_matter(gain: float) -> None:
    wave = np.random.default_rng(0).uniform(-0.5, 0.5, 8000)
    same = MODALITY.encode(sound(wave * gain)).features
    torch.testing.assert_close(same, MODALITY.encode(sound(wave)).features, atol=1e-3, rtol=0)


def test_patches_are_bins_by_hops_low_rows_first() -> None:
    mel = torch.arange(64 * 24.0).reshape(1, 64, 24)  # value = bin * 24 + hop
    patches = MODALITY.patches(mel)[0].reshape(8, 3, 8, 8)
    for row, column in [(0, 0), (0, 2), (7, 1), (3, 2)]:
        cut = mel[0, row * 8 : row * 8 + 8, column * 8 : column * 8 + 8]
        torch.testing.assert_close(patches[row, column], cut)


def test_raw_elements_are_slices_of_the_waveform() -> None:
    modality = AudioModality(raw=True, seconds=1.0)
    wave = np.random.default_rng(0).uniform(-1, 1, 3 * modality.step).astype(np.float32)
    encoded = modality.encode(sound(wave))
    assert encoded.layout.shape == (1, 3) and modality.channels == modality.step
    np.testing.assert_allclose(encoded.features[0].flatten(), wave / np.abs(wave).max(), atol=1e-6)
    assert encoded.positions[0, :, 0].tolist() == [0, 0, 0]
