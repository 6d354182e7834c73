"""Sounds: one channel at the asked rate, from any container, in range."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest
from media_making import check_sample, encode_sound, gradient, moving_frames, tone
from PIL import Image

from perceiver_zoo.media import AudioSample, MediaError, write_video
from perceiver_zoo.media.audio import read_audio


def loudest_pitch(sample: AudioSample) -> float:
    spectrum = np.abs(np.fft.rfft(sample.waveform * np.hanning(len(sample.waveform))))
    return float(np.fft.rfftfreq(len(sample.waveform), 1 / sample.rate)[spectrum.argmax()])


def write_float_wav(path: Path, samples: np.ndarray, rate: int = 16000) -> Path:
    return encode_sound(path, samples[None], rate, "pcm_f32le")


@pytest.mark.parametrize(
    ("name", "codec", "rate"),
    [
        ("a.wav", "pcm_s16le", 44100),
        ("a.wav", "pcm_s24le", 96000),
        ("a.wav", "pcm_u8", 8000),
        ("a.aiff", "pcm_s16be", 22050),
        ("a.flac", "flac", 48000),
        ("a.mp3", "libmp3lame", 44100),
        ("a.ogg", "libopus", 48000),
        ("a.webm", "libopus", 48000),
        ("a.m4a", "aac", 44100),
        ("a.mkv", "ac3", 48000),
    ],
)
def test_every_format_keeps_pitch_length_and_loudness(
    tmp_path: Path, name: str, codec: str, rate: int
) -> None:
    path = encode_sound(tmp_path / name, np.stack([tone(1.0, rate)] * 2), rate, codec)
    sample = read_audio(path)
    check_sample(sample)
    assert sample.rate == 16000
    assert sample.seconds == pytest.approx(1.0, abs=0.08)
    assert loudest_pitch(sample) == pytest.approx(440, abs=3)
    assert np.abs(sample.waveform[4000:12000]).max() == pytest.approx(0.5, abs=0.05)


def test_channels_are_averaged(tmp_path: Path) -> None:
    left = tone(0.5, 16000, loudness=0.8)
    both = read_audio(encode_sound(tmp_path / "one_side.wav", np.stack([left, 0 * left]), 16000, "pcm_s16le"))
    np.testing.assert_allclose(both.waveform, left / 2, atol=1e-3)
    opposite = read_audio(
        encode_sound(tmp_path / "opposite.wav", np.stack([left, -left]), 16000, "pcm_s16le")
    )
    assert np.abs(opposite.waveform).max() < 1e-3


def test_six_channels(tmp_path: Path) -> None:
    path = encode_sound(tmp_path / "six.wav", np.stack([tone(0.2, 48000)] * 6), 48000, "pcm_s16le")
    assert loudest_pitch(read_audio(path)) == pytest.approx(440, abs=5)


def test_rate_and_length_are_the_callers(tmp_path: Path) -> None:
    path = encode_sound(tmp_path / "long.wav", tone(3.0, 8000)[None], 8000, "pcm_s16le")
    sample = read_audio(path, rate=48000, max_seconds=1.5)
    assert (sample.rate, len(sample.waveform)) == (48000, 72000)


def test_the_sound_of_a_video(tmp_path: Path) -> None:
    write_video(tmp_path / "clip.mp4", moving_frames(10), 10, AudioSample(tone(1.0, 16000), 16000))
    assert loudest_pitch(read_audio(tmp_path / "clip.mp4")) == pytest.approx(440, abs=3)


def test_silence_is_legal(tmp_path: Path) -> None:
    sample = read_audio(
        encode_sound(tmp_path / "silent.wav", np.zeros((1, 16000), np.float32), 16000, "pcm_s16le")
    )
    assert not sample.waveform.any()


def test_louder_than_full_scale_is_brought_down_whole(tmp_path: Path) -> None:
    loud = tone(0.5, 16000, loudness=4.0)
    sample = read_audio(write_float_wav(tmp_path / "loud.wav", loud))
    np.testing.assert_allclose(sample.waveform, loud / 4, atol=1e-3)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_samples_that_are_not_numbers_are_refused(tmp_path: Path, bad: float) -> None:
    samples = tone(0.2, 16000)
    samples[100] = bad
    with pytest.raises(MediaError, match="not numbers"):
        read_audio(write_float_wav(tmp_path / "nan.wav", samples))


def test_a_video_without_sound_is_refused(tmp_path: Path) -> None:
    write_video(tmp_path / "mute.mp4", moving_frames(5), 10)
    with pytest.raises(MediaError, match=r"mute\.mp4.*no sound track"):
        read_audio(tmp_path / "mute.mp4")


def test_a_header_without_sound_is_refused(tmp_path: Path) -> None:
    with wave.open(str(tmp_path / "nothing.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
    with pytest.raises(MediaError, match=r"nothing\.wav"):
        read_audio(tmp_path / "nothing.wav")


def test_a_cut_file_keeps_what_decodes(tmp_path: Path) -> None:
    for name, codec in (("a.wav", "pcm_s16le"), ("a.mp3", "libmp3lame"), ("a.flac", "flac")):
        path = encode_sound(tmp_path / name, tone(2.0, 44100)[None], 44100, codec)
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
        assert 0.5 < read_audio(path).seconds < 1.3, name


@pytest.mark.parametrize(
    "playlist", ["#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\n{}\n", "ffconcat version 1.0\nfile {}\n"]
)
@pytest.mark.parametrize("name", ["list.m3u8", "list.mp3"])
def test_playlists_open_nothing(tmp_path: Path, playlist: str, name: str) -> None:
    secret = encode_sound(tmp_path / "secret.wav", tone(1.0, 16000)[None], 16000, "pcm_s16le")
    (tmp_path / name).write_text(playlist.format(secret))
    with pytest.raises(MediaError):
        read_audio(tmp_path / name)


def test_a_picture_is_no_sound(tmp_path: Path) -> None:
    Image.fromarray(gradient(9, 9)).save(tmp_path / "picture.png")
    with pytest.raises(MediaError, match="accepted are WAV"):
        read_audio(tmp_path / "picture.png")
