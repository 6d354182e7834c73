"""Changes of samples: the same for the same seed, of the promised kind, and real."""

from __future__ import annotations

import json

import numpy as np
import pytest

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.training.changes import CHANGES, audio, point_cloud, video
from perceiver_zoo.training.robustness import drawn, write_robustness
from tests.modalities.sample_making import sample_of

EACH = [(m, change, level) for m, ways in CHANGES.items() for _, change, levels in ways for level in levels]
FIELD = {"image": "pixels", "audio": "waveform", "video": "frames", "point_cloud": "points"}


@pytest.mark.parametrize(("modality", "change", "level"), EACH)
def test_a_change_is_seeded_and_leaves_a_sample(modality, change, level):
    sample = sample_of(modality)
    before = getattr(sample, FIELD[modality]).copy()
    first, second = (
        getattr(change(np.random.default_rng(3), sample, level), FIELD[modality]) for _ in range(2)
    )
    if change is not video.compress:  # x264 does not always repeat itself
        np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(getattr(sample, FIELD[modality]), before)
    assert (first.dtype == before.dtype and first.shape[2:] == before.shape[2:]) or modality in (
        "image",
        "video",
    )
    assert np.isfinite(first).all() and len(first)
    assert first.shape != before.shape or np.any(first != before)


def test_noise_has_the_ratio_it_says():
    sample = AudioSample(0.2 * np.sin(np.arange(16_000) * 0.1).astype(np.float32), 16_000)
    added = audio.noise(np.random.default_rng(0), sample, 10).waveform - sample.waveform
    ratio = 10 * np.log10(np.mean(sample.waveform**2) / np.mean(added**2))
    assert ratio == pytest.approx(10, abs=0.1)


@pytest.mark.parametrize("rate", [8_000, 44_100])
def test_another_sample_rate_keeps_the_tone_and_the_length(rate):
    sample = AudioSample(
        0.3 * np.sin(2 * np.pi * 440 * np.arange(32_000) / 16_000).astype(np.float32), 16_000
    )
    again = audio.rate(np.random.default_rng(0), sample, rate)
    assert again.rate == 16_000 and len(again.waveform) == pytest.approx(32_000, abs=200)
    loudest = np.argmax(np.abs(np.fft.rfft(again.waveform))) * 16_000 / len(again.waveform)
    assert loudest == pytest.approx(440, abs=2)


def test_a_tilt_keeps_the_shape():
    sample = sample_of("point_cloud")
    tilted = point_cloud.tilt(np.random.default_rng(0), sample, 30).points
    np.testing.assert_allclose(
        np.linalg.norm(tilted[1:] - tilted[0], axis=1),
        np.linalg.norm(sample.points[1:] - sample.points[0], axis=1),
        atol=1e-4,
    )


def test_the_same_samples_are_drawn_each_time():
    assert drawn(list(range(100)), 10) == drawn(list(range(100)), 10) == sorted(drawn(list(range(100)), 10))
    assert drawn([1, 2], 10) == [1, 2]


def test_the_file_is_json(tmp_path):
    rows = [{"change": "none", "level": "", "top1": 0.5}, {"change": "noise", "level": 3, "top1": 0.25}]
    write_robustness(tmp_path, {"model": "m", "n": 4, "rows": rows})
    assert json.loads((tmp_path / "robustness.json").read_text()) == {"model": "m", "n": 4, "rows": rows}
