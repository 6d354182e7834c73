"""Telling the modality: from the content, whatever the name says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from media_making import encode_sound, moving_frames, tone, with_cover
from PIL import Image

from perceiver_zoo.media import AudioSample, MediaError, write_video
from perceiver_zoo.media.sniff import modality_of


def test_every_format_is_told(media_files: list[Path]) -> None:
    told = {path.name: modality_of(path) for path in media_files}
    assert all(name.startswith(modality) for name, modality in told.items()), told


@pytest.mark.parametrize("name", ["file", "file.txt", "file.mp3", "file.png"])
def test_the_name_does_not_matter_where_the_content_tells(
    media_files: list[Path], tmp_path: Path, name: str
) -> None:
    for path in media_files:
        if path.suffix in (".obj", ".xyz", ".pts"):
            continue
        (tmp_path / name).write_bytes(path.read_bytes())
        assert path.name.startswith(modality_of(tmp_path / name)), path.name


def test_cover_art_leaves_a_song_audio(tmp_path: Path) -> None:
    assert modality_of(with_cover(tmp_path / "song.mp3")) == "audio"


def test_one_still_frame_with_sound_is_audio_and_without_is_video(tmp_path: Path) -> None:
    write_video(tmp_path / "still.mp4", moving_frames(1), 1, AudioSample(tone(1.0, 16000), 16000))
    write_video(tmp_path / "mute.mp4", moving_frames(1), 1)
    assert modality_of(tmp_path / "still.mp4") == "audio"
    assert modality_of(tmp_path / "mute.mp4") == "video"


def test_animations_are_video_where_they_can_be_decoded_as_such(tmp_path: Path) -> None:
    stills = [Image.fromarray(frame) for frame in moving_frames(3)]
    for name, modality in (("a.gif", "video"), ("a.png", "video"), ("a.webp", "image"), ("a.tiff", "image")):
        stills[0].save(tmp_path / name, save_all=True, append_images=stills[1:], duration=50)
        assert modality_of(tmp_path / name) == modality


def test_a_matroska_with_sound_only_is_audio(tmp_path: Path) -> None:
    assert (
        modality_of(encode_sound(tmp_path / "sound.mkv", tone(0.5, 48000)[None], 48000, "libopus")) == "audio"
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("noise.bin", np.random.default_rng(0).bytes(20000)),
        ("noise.mp3", np.random.default_rng(1).bytes(20000)),
        ("text.txt", b"hello, world\n" * 100),
        ("page.html", b"<!doctype html><html></html>"),
        ("paper.pdf", b"%PDF-1.7\n"),
        ("zip.zip", b"PK\x05\x06" + bytes(18)),
        ("zeros", bytes(5000)),
        ("binary.xyz", b"\0\1\2\3" * 100),
        ("one", b"x"),
    ],
)
def test_unknown_content_is_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=r"accepted are pictures, sounds, videos and 3D shapes"):
        modality_of(tmp_path / name)
