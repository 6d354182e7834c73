"""Which frames and which sound a window holds, in which order its elements stand, and the way back."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, AudiovisualModality, resampled, resize

MODALITY = AudiovisualModality()
# The same at a size that is quick to read: 4 frames of 8 x 8 pixels, 96 samples of sound a window.
SMALL = AudiovisualModality(frames=4, size=8, sound_rate=600, labels=5)
# What OpenCV 5.0 makes of the two pictures below: cv2.resize(pixels, (4, 4)).
WIDE = [
    43,
    80,
    117,
    205,
    18,
    55,
    175,
    212,
    25,
    113,
    150,
    187,
    54,
    91,
    128,
    216,
    29,
    66,
    186,
    223,
    36,
    125,
    162,
    199,
    65,
    102,
    139,
    227,
    40,
    77,
    198,
    235,
    48,
    136,
    173,
    210,
    76,
    113,
    150,
    43,
    52,
    89,
    209,
    50,
    59,
    147,
    184,
    81,
]
TINY = [
    0,
    37,
    74,
    69,
    106,
    143,
    152,
    93,
    130,
    222,
    3,
    40,
    19,
    56,
    93,
    89,
    126,
    123,
    148,
    113,
    110,
    177,
    22,
    59,
    58,
    95,
    132,
    127,
    164,
    81,
    138,
    151,
    68,
    88,
    61,
    98,
    77,
    114,
    151,
    146,
    183,
    60,
    133,
    170,
    47,
    43,
    80,
    117,
]


def clip(count: int, rate: float = 25.0, audio: AudioSample | None = None, side: int = 8) -> VideoSample:
    """Frames whose grey is twice their number."""
    frames = np.broadcast_to((np.arange(count) * 2)[:, None, None, None], (count, side, side, 3))
    return VideoSample(frames.astype(np.uint8), np.arange(count) / rate, audio)


def noise(seconds: float, rate: int, seed: int = 0) -> AudioSample:
    wave = np.random.default_rng(seed).uniform(-1, 1, round(seconds * rate))
    return AudioSample(wave.astype(np.float32), rate)


@pytest.mark.parametrize(
    ("times", "frames"),
    [
        (np.zeros(1), [[0] * 16]),
        (np.arange(5) / 25, [[0, 1, 2, 3] + [4] * 12]),
        (np.arange(16) / 25, [list(range(16))]),
        (np.arange(32) / 25, [list(range(16)), list(range(16, 32))]),
        (np.arange(48) / 25, [list(range(start, start + 16)) for start in (0, 16, 32)]),
        (np.arange(31) / 50, [list(range(0, 31, 2))]),
        (7.0 + np.arange(16) / 25, [list(range(16))]),
    ],
    ids=["one frame", "short", "exact", "two windows", "three windows", "twice the rate", "late start"],
)
def test_windows_of_sixteen_frames(times: np.ndarray, frames: list[list[int]]) -> None:
    sample = VideoSample(np.zeros((len(times), 2, 2, 3), np.uint8), times)
    layout = AudiovisualModality(size=4, sound_rate=100).encode(sample).layout
    assert isinstance(layout, AudiovisualLayout)
    assert layout.frames.tolist() == frames
    np.testing.assert_allclose(layout.starts, np.arange(len(frames)) * 0.64, atol=1e-9)


@settings(max_examples=50, deadline=None)
@given(steps=st.lists(st.floats(0.005, 0.4), min_size=0, max_size=80))
def test_windows_cover_a_clip_or_are_spread_evenly_over_it(steps: list[float]) -> None:
    times = np.cumsum([0.0, *steps])
    starts = MODALITY.window_starts(times)
    frames = MODALITY.window_frames(times, starts)
    assert 1 <= len(starts) <= MODALITY.windows and frames.shape == (len(starts), 16)
    assert starts[0] == 0 and frames[0, 0] == 0
    assert len(starts) == 1 or starts[-1] + 15 / 25 == pytest.approx(times[-1])
    gaps = np.diff(starts)
    assert len(gaps) == 0 or np.ptp(gaps) < 1e-9
    assert len(starts) == MODALITY.windows or (gaps <= 0.64 + 1e-5).all()
    moments = starts[:, None] + np.arange(16) / 25
    away = np.abs(times[frames] - moments)
    assert (away <= np.abs(times[None, None] - moments[..., None]).min(axis=-1) + 1e-9).all()


@pytest.mark.parametrize("length", [0.0, 0.3, 1.28, 3.0])
def test_every_window_hears_its_own_sound(length: float) -> None:
    sound = noise(length, 48_000) if length else None
    encoded = AudiovisualModality(size=4).encode(clip(32, audio=sound))
    heard = encoded.features["audio"].reshape(-1).numpy()  # type: ignore[index]
    expected = np.zeros(2 * 30_720, np.float32)
    if sound is not None:
        waveform = sound.waveform[: len(expected)]
        expected[: len(waveform)] = waveform
    np.testing.assert_array_equal(heard, expected)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 96_000])
def test_a_tone_of_another_rate_keeps_its_height_loudness_and_place(rate: int) -> None:
    wave = np.sin(2 * np.pi * 1000 * np.arange(3 * rate) / rate).astype(np.float32)
    found = resampled(AudioSample(wave, rate), 48_000, 1.25, 30_720)
    expected = np.sin(2 * np.pi * 1000 * (1.25 + np.arange(30_720) / 48_000))
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_what_a_lower_rate_cannot_hold_is_left_out() -> None:
    wave = np.sin(2 * np.pi * 40_000 * np.arange(96_000) / 96_000).astype(np.float32)
    assert np.abs(resampled(AudioSample(wave, 96_000), 48_000, 0.2, 4_800)).max() < 0.01


def test_outside_of_a_sound_is_silence() -> None:
    loud = AudioSample(np.ones(1_600, np.float32), 16_000)
    found = resampled(loud, 48_000, 0.0, 9_600)
    assert np.abs(found[100:4_700] - 1).max() < 0.01 and np.abs(found[4_900:]).max() < 1e-6
    assert not resampled(loud, 48_000, 5.0, 100).any() and not resampled(loud, 16_000, 5.0, 100).any()


def test_resizing_gives_the_numbers_of_opencv() -> None:
    wide = (np.arange(5 * 7 * 3) * 37 % 256).astype(np.uint8).reshape(5, 7, 3)
    tiny = (np.arange(2 * 3 * 3) * 37 % 256).astype(np.uint8).reshape(2, 3, 3)
    assert resize(wide, 4).ravel().tolist() == WIDE
    assert resize(tiny, 4).ravel().tolist() == TINY
    assert resize(wide[:4, :4], 4).tolist() == wide[:4, :4].tolist()


@pytest.mark.parametrize(("height", "width"), [(8, 8), (8, 14), (12, 8), (2, 30)])
def test_a_patch_holds_exactly_its_pixels(height: int, width: int) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (4, height, width, 3), dtype=np.uint8)
    encoded = SMALL.encode(VideoSample(frames, np.arange(4) / 25))
    side = min(height, width)
    left, top = (width - side) // 2, (height - side) // 2
    assert encoded.layout.box == (left, top, side)  # type: ignore[attr-defined]
    square = np.stack([resize(frame[top : top + side, left : left + side], 8) for frame in frames])
    image = encoded.features["image"].reshape(4, 2, 2, 4, 4, 3)  # type: ignore[index]
    for t, row, column in np.ndindex(4, 2, 2):
        cut = square[t, row * 4 : row * 4 + 4, column * 4 : column * 4 + 4] / 255
        np.testing.assert_allclose(image[t, row, column], cut, atol=1e-6)


def test_full_size_equals_transformers_preprocessors() -> None:
    """Order of the parts, channels within patches and positions, all at the released model's own size."""
    perceiver = pytest.importorskip("transformers.models.perceiver.modeling_perceiver")
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (16, 224, 224, 3), dtype=np.uint8)
    sample = VideoSample(frames, np.arange(16) / 25, noise(0.64, 48_000))
    encoded = MODALITY.encode(sample)
    ours, places = encoded.features, encoded.positions
    assert isinstance(ours, dict) and isinstance(places, dict)
    assert {name: tuple(part.shape) for name, part in ours.items()} == {
        "audio": (1, 1920, 16),
        "image": (1, 50_176, 48),
        "label": (1, 1, 700),
    }
    config = SimpleNamespace(num_labels=700)
    bands = {"num_bands": 1, "sine_only": False, "concat_pos": True}
    fourier = {"position_encoding_type": "fourier", "prep_type": "patches"}
    theirs = perceiver.PerceiverMultimodalPreprocessor(
        {
            "audio": perceiver.PerceiverAudioPreprocessor(
                config,
                samples_per_patch=16,
                fourier_position_encoding_kwargs=bands | {"max_resolution": (30_720,)},
                **fourier,
            ),
            "image": perceiver.PerceiverImagePreprocessor(
                config,
                spatial_downsample=4,
                temporal_downsample=1,
                fourier_position_encoding_kwargs=bands | {"max_resolution": (16, 56, 56)},
                **fourier,
            ),
            "label": perceiver.PerceiverOneHotPreprocessor(config),
        }
    )
    pixels = torch.from_numpy(frames).permute(0, 3, 1, 2)[None] / 255
    waves = torch.from_numpy(sample.audio.waveform)[None, :, None]  # type: ignore[union-attr]
    with torch.no_grad():
        joined, sizes, _ = theirs({"label": torch.zeros(1, 700), "image": pixels, "audio": waves})
    assert sizes == {"audio": 1920, "image": 50_176, "label": 1}
    audio, image, label = joined.split([1920, 50_176, 1], dim=1)
    for own, place, part in (
        (ours["audio"], places["audio"], audio),
        (ours["image"], places["image"], image),
    ):
        channels = own.shape[2]
        torch.testing.assert_close(own, part[..., :channels], atol=0, rtol=0)
        torch.testing.assert_close(place, part[..., channels : channels + place.shape[2]], atol=0, rtol=0)
    torch.testing.assert_close(ours["label"], label[..., :700], atol=0, rtol=0)
    assert encoded.layout.shape == (52_097,) == (joined.shape[1],)


def test_split_gives_every_part_its_own_weights() -> None:
    layout = SMALL.encode(clip(8)).layout
    assert isinstance(layout, AudiovisualLayout) and layout.shape == (6 + 16 + 1,)
    weights = np.arange(2 * 23).reshape(2, 23)
    parts = layout.split(weights)
    assert parts["audio"].tolist() == weights[:, :6].tolist()
    assert parts["image"].tolist() == weights[:, 6:22].reshape(2, 4, 2, 2).tolist()
    assert parts["label"].tolist() == weights[:, 22:].tolist()
    assert layout.split(weights[0])["image"].shape == (4, 2, 2)
    with pytest.raises(ValueError, match="24 weights do not fold"):
        layout.split(np.zeros(24))


def test_shares_are_of_all_windows_together() -> None:
    layout = SMALL.encode(clip(8)).layout
    assert isinstance(layout, AudiovisualLayout)
    weights = np.zeros((2, 23))
    weights[0, 3] = weights[1, 7] = 1
    assert layout.shares(weights) == {"audio": 0.5, "image": 0.5, "label": 0}
    weights[1, 22] = 2
    assert layout.shares(weights) == {"audio": 0.25, "image": 0.25, "label": 0.5}
    assert layout.shares(weights * 0) == {"audio": 0, "image": 0, "label": 0}


def test_the_picture_alone_is_a_video_layout() -> None:
    layout = SMALL.encode(clip(8)).layout
    assert isinstance(layout, AudiovisualLayout)
    video = layout.video
    assert (video.grid, video.patch, video.stride, video.box) == ((4, 2, 2), (1, 4, 4), 1, (0, 0, 8))
    grid = np.random.default_rng(0).random((2, 4, 2, 2), np.float32)
    np.testing.assert_array_equal(video.by_frame(grid), grid)


def test_frames_come_back_as_they_went_in() -> None:
    frames = np.arange(4 * 8 * 8 * 3).reshape(1, 4, 8, 8, 3) % 256
    back = SMALL.frames_back(torch.from_numpy(frames / 255).float())
    assert back.dtype == np.uint8 and back.tolist() == frames.tolist()
    assert SMALL.frames_back(np.array([-3.0, 0.5, 7.0])).tolist() == [0, 128, 255]


def test_sound_comes_back_window_after_window() -> None:
    encoded = SMALL.encode(clip(8, audio=noise(0.32, 600)))
    sound = SMALL.sound_back(encoded.features["audio"].flatten(1))  # type: ignore[index]
    assert sound.rate == 600 and sound.waveform.dtype == np.float32
    np.testing.assert_array_equal(sound.waveform, noise(0.32, 600).waveform)
    assert SMALL.sound_back(np.full((1, 96), 3.0)).waveform.max() == 1


def test_a_sound_alone_has_a_black_picture() -> None:
    wave = np.sin(np.arange(48_000) / 9).astype(np.float32)
    modality = AudiovisualModality(size=16)
    encoded = modality.encode(AudioSample(wave, 48_000))
    assert (encoded.features["image"] == 0).all()
    torch.testing.assert_close(encoded.features["audio"][0].flatten(), torch.from_numpy(wave[:30_720]))
    waves = encoded.layout.waves
    assert waves.shape == (1920,) and waves.starts.tolist() == encoded.layout.starts.tolist()
