"""Videos: frames on a steady grid with their true times, upright, with their sound; and back again."""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from media_making import check_sample, encode_frames, moving_frames, tone, with_cover
from PIL import Image

from perceiver_zoo.media import AudioSample, MediaError, write_video
from perceiver_zoo.media.video import read_video


def numbered(count: int, height: int = 32, width: int = 48) -> np.ndarray:
    """Frames whose grey tells their number."""
    return np.broadcast_to((np.arange(count) * 4)[:, None, None, None], (count, height, width, 3)).astype(
        np.uint8
    )


def numbers_of(frames: np.ndarray) -> np.ndarray:
    return np.rint(frames.mean(axis=(1, 2, 3)) / 4).astype(int)


def test_frames_are_those_nearest_to_the_grid(tmp_path: Path) -> None:
    write_video(tmp_path / "fast.mp4", numbered(60), 30)
    sample = read_video(tmp_path / "fast.mp4", fps=10)
    assert numbers_of(sample.frames).tolist() == list(range(0, 60, 3))
    np.testing.assert_allclose(sample.times, np.arange(20) / 10, atol=1e-3)


def test_a_slow_source_repeats_no_frame(tmp_path: Path) -> None:
    write_video(tmp_path / "slow.mp4", numbered(10), 5)
    sample = read_video(tmp_path / "slow.mp4", fps=12)
    assert numbers_of(sample.frames).tolist() == list(range(10))
    np.testing.assert_allclose(sample.times, np.arange(10) / 5, atol=1e-3)


@pytest.mark.parametrize("rate", [12, 12.5, 24, 25, 29.97, 60])
def test_usual_rates_come_out_steady(tmp_path: Path, rate: float) -> None:
    write_video(tmp_path / "rate.mp4", numbered(round(2 * rate), 16, 16), rate)
    sample = read_video(tmp_path / "rate.mp4", fps=12)
    assert 23 <= len(sample.frames) <= 25
    assert np.diff(sample.times).max() <= 1 / 12 + 1 / rate
    np.testing.assert_allclose(sample.times, np.arange(len(sample.times)) / 12, atol=0.5 / rate + 2e-3)


def test_uneven_times_are_kept(tmp_path: Path) -> None:
    times = [Fraction(number, 100) for number in (0, 3, 50, 52, 54, 200)]
    sample = read_video(encode_frames(tmp_path / "uneven.mkv", numbered(6), times, "mpeg4"), fps=10)
    np.testing.assert_allclose(sample.times, [0, 0.03, 0.5, 0.54, 2.0], atol=1e-3)
    assert numbers_of(sample.frames).tolist() == [0, 1, 2, 4, 5]


def test_times_start_at_the_first_frame(tmp_path: Path) -> None:
    times = [5 + Fraction(number, 10) for number in range(5)]
    sample = read_video(encode_frames(tmp_path / "late.mkv", numbered(5), times, "mpeg4"))
    np.testing.assert_allclose(sample.times, np.arange(5) / 10, atol=1e-3)


def test_length_and_size_are_bounded_and_even(tmp_path: Path) -> None:
    write_video(tmp_path / "large.mp4", moving_frames(30, 202, 410), 10)
    sample = read_video(tmp_path / "large.mp4", max_seconds=1.0, max_side=101)
    assert sample.frames.shape == (10, 50, 100, 3)


def test_one_frame_is_legal(tmp_path: Path) -> None:
    write_video(tmp_path / "one.mp4", numbered(1), 25)
    sample = read_video(tmp_path / "one.mp4")
    assert len(sample.frames) == 1 and sample.times.tolist() == [0.0] and sample.audio is None


def turned(content: bytes, matrix: tuple[int, ...]) -> bytes:
    """The same MP4 with another display matrix in the header of its first track."""
    at = content.index(b"tkhd") + 44
    return content[:at] + struct.pack("!9i", *matrix) + content[at + 36 :]


@pytest.mark.parametrize(
    ("matrix", "quarter_turns"),
    [((0, 1, 0, -1, 0, 0), -1), ((-1, 0, 0, 0, -1, 0), 2), ((0, -1, 0, 1, 0, 0), 1)],
)
def test_phone_videos_are_turned_upright(tmp_path: Path, matrix: tuple[int, ...], quarter_turns: int) -> None:
    frames = np.zeros((4, 48, 80, 3), np.uint8)
    frames[:, :24, :40] = (255, 0, 0)
    frames[:, 24:, 40:] = (0, 0, 255)
    write_video(tmp_path / "plain.mp4", frames, 10)
    content = turned((tmp_path / "plain.mp4").read_bytes(), (*(65536 * m for m in matrix), 0, 0, 1 << 30))
    (tmp_path / "turned.mp4").write_bytes(content)
    sample = read_video(tmp_path / "turned.mp4")
    wanted = np.rot90(frames[0], quarter_turns)
    assert sample.frames[0].shape == wanted.shape
    assert np.abs(sample.frames[0].astype(int) - wanted).mean() < 8


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "wide.mkv"), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(2)
        for pixels in numbered(3, 64, 64):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        container.mux(stream.encode(None))
    assert read_video(tmp_path / "wide.mkv").frames.shape[1:3] == (64, 128)


def test_gif_frames_lie_on_white(tmp_path: Path) -> None:
    stills = [Image.new("RGBA", (8, 8), (0, 0, 0, 0)) for _ in range(3)]
    for number, still in enumerate(stills):
        still.putpixel((number, 0), (255, 0, 0, 255))
    stills[0].save(tmp_path / "clear.gif", save_all=True, append_images=stills[1:], duration=200, disposal=2)
    sample = read_video(tmp_path / "clear.gif")
    assert len(sample.frames) == 3
    assert sample.frames[0, 7, 7].tolist() == [255, 255, 255]
    assert sample.frames[0, 0, 0].tolist() == [255, 0, 0]


def test_colours_survive_writing_and_reading(tmp_path: Path) -> None:
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255), (0, 0, 0), (128, 64, 200)]
    frames = np.array(colors, np.uint8)[:, None, None].repeat(64, axis=1).repeat(64, axis=2)
    write_video(tmp_path / "colors.mp4", frames, 2)
    sample = read_video(tmp_path / "colors.mp4")
    np.testing.assert_allclose(sample.frames.mean(axis=(1, 2)), colors, atol=6)


def test_sound_comes_along_in_step(tmp_path: Path) -> None:
    waveform = np.zeros(32000, np.float32)
    waveform[16000:20000] = tone(0.25, 16000)
    write_video(tmp_path / "click.mp4", numbered(20), 10, AudioSample(waveform, 16000))
    audio = read_video(tmp_path / "click.mp4").audio
    assert audio is not None and audio.rate == 48000
    onset = np.flatnonzero(np.abs(audio.waveform) > 0.1)[0] / 48000
    assert onset == pytest.approx(1.0, abs=0.02)


def test_of_several_channels_the_first_is_heard(tmp_path: Path) -> None:
    with av.open(str(tmp_path / "stereo.mkv"), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=48000, layout="stereo")
        for number, pixels in enumerate(numbered(10, 32, 32)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            container.mux(video.encode(frame))
        left = (tone(1.0, 48000) * 32767).astype(np.int16)
        both = np.stack([left, -left], axis=1).reshape(1, -1)  # the mean of which is silence
        sound = av.AudioFrame.from_ndarray(both, format="s16", layout="stereo")
        sound.sample_rate, sound.pts, sound.time_base = 48000, 0, Fraction(1, 48000)
        container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    found = read_video(tmp_path / "stereo.mkv").audio
    assert found is not None and found.rate == 48000
    np.testing.assert_allclose(found.waveform, left / 32768, atol=1e-3)


@pytest.mark.parametrize("delay", [-0.5, 0.5])
def test_sound_that_starts_apart_from_the_pictures_stays_in_step(tmp_path: Path, delay: float) -> None:
    with av.open(str(tmp_path / "apart.mkv"), "w") as container:
        video = container.add_stream("mpeg4", rate=10)
        video.width, video.height, video.pix_fmt = 32, 32, "yuv420p"
        audio = container.add_stream("pcm_s16le", rate=16000, layout="mono")
        for number, pixels in enumerate(numbered(10, 32, 32)):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = number + 10, Fraction(1, 10)
            container.mux(video.encode(frame))
        sound = av.AudioFrame.from_ndarray(
            (tone(1.0, 16000) * 32767).astype(np.int16)[None], format="s16", layout="mono"
        )
        sound.sample_rate, sound.pts, sound.time_base = 16000, round((1 + delay) * 16000), Fraction(1, 16000)
        container.mux(audio.encode(sound))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))
    found = read_video(tmp_path / "apart.mkv").audio
    assert found is not None
    assert found.seconds == pytest.approx(1 + delay, abs=0.01)
    assert (np.abs(found.waveform[:21000]).max() < 0.01) == (delay > 0)


def test_written_files_are_what_browsers_play(tmp_path: Path) -> None:
    write_video(tmp_path / "odd.mp4", moving_frames(5, 33, 47), 12.5, AudioSample(tone(0.4, 16000), 16000))
    with av.open(str(tmp_path / "odd.mp4")) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert (stream.width, stream.height, stream.average_rate) == (48, 34, Fraction(25, 2))
        assert container.streams.audio[0].codec_context.name == "aac"
    content = (tmp_path / "odd.mp4").read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("shape", [(0, 4, 4, 3), (2, 4, 4), (2, 4, 4, 4)])
def test_writing_other_shapes_is_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match=r"\[T, H, W, 3\]"):
        write_video(tmp_path / "no.mp4", np.zeros(shape, np.uint8), 10)


def test_cover_art_is_no_video(tmp_path: Path) -> None:
    path = with_cover(tmp_path / "song.mp3")
    with av.open(str(path)) as container:
        assert len(container.streams.video) == 1
    with pytest.raises(MediaError, match=r"song\.mp3.*no moving pictures"):
        read_video(path)


def test_a_cut_video_keeps_what_decodes(tmp_path: Path) -> None:
    times = [Fraction(number, 10) for number in range(40)]
    path = encode_frames(tmp_path / "cut.mkv", moving_frames(40), times, "mpeg4")
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 2 // 3])
    sample = read_video(path)
    check_sample(sample)
    assert 5 < len(sample.frames) < 40


def test_frames_of_monstrous_size_are_refused(tmp_path: Path) -> None:
    Image.new("P", (4, 4)).save(tmp_path / "small.gif")
    content = bytearray((tmp_path / "small.gif").read_bytes())
    content[6:10] = struct.pack("<HH", 60000, 60000)
    (tmp_path / "monster.gif").write_bytes(content)
    with pytest.raises(MediaError, match=r"monster\.gif"):
        read_video(tmp_path / "monster.gif")
