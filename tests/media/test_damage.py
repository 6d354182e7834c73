"""Files from strangers: damaged, empty, misnamed, out of reach. Each is a sample or one clear sentence."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import numpy as np
import pytest
from media_making import check_sample
from PIL import Image

from perceiver_zoo import media
from perceiver_zoo.media import MediaError, write_point_cloud
from perceiver_zoo.media.error import MAX_FILE_BYTES, shown_name


def sample_or_sentence(path: Path, modality: media.Modality | None = None) -> None:
    try:
        check_sample(media.read(path, modality, time_limit=20))
    except MediaError as error:
        check_sentence(str(error), path)


def check_sentence(message: str, path: Path) -> None:
    assert shown_name(path) in message
    assert message.endswith(".") and "\n" not in message and len(message) < 300
    assert "takes more than" not in message


def test_files_cut_anywhere(media_files: list[Path], tmp_path: Path) -> None:
    for path in media_files:
        content = path.read_bytes()
        for share in (0.002, 0.05, 0.3, 0.6, 0.9, 0.999):
            cut = tmp_path / path.name
            cut.write_bytes(content[: max(1, int(len(content) * share))])
            sample_or_sentence(cut)


def test_files_with_random_damage(media_files: list[Path], tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for path in media_files:
        content = np.frombuffer(path.read_bytes(), np.uint8)
        for turn in range(6):
            damaged = content.copy()
            # Headers are short and matter most, so half of the damage goes there.
            reach = min(len(damaged), 128) if turn % 2 else len(damaged)
            at = random.integers(0, reach, 1 + turn)
            damaged[at] = random.integers(0, 256, len(at))
            (tmp_path / path.name).write_bytes(damaged.tobytes())
            sample_or_sentence(tmp_path / path.name)


@pytest.mark.parametrize("modality", ["image", "audio", "video", "point_cloud"])
def test_every_file_as_every_modality(media_files: list[Path], modality: media.Modality) -> None:
    for path in media_files:
        sample_or_sentence(path, modality)


@pytest.mark.parametrize(
    "suffix",
    ["png", "wav", "mp4", "ply", "obj", "stl", "off", "glb", "gltf", "npy", "npz", "xyz", "pcd", "pts", ""],
)
@pytest.mark.parametrize("content", [b"", b"\n", b"hello", b"\0" * 300, b"{}", b"PK\x03\x04", b"\xff" * 300])
def test_nonsense_under_any_extension(tmp_path: Path, suffix: str, content: bytes) -> None:
    path = tmp_path / f"nonsense.{suffix}"
    path.write_bytes(content)
    with pytest.raises(MediaError) as caught:
        media.read(path)
    check_sentence(str(caught.value), path)


NAMES = [
    "naïve résumé.png",
    "图像.png",
    "تصویر.png",
    "תמונה.png",
    "👩‍👩‍👧.png",
    "two\nlines\r.png",
    "quote\"s and 'more'.png",
    "http:picture.png",
    "%03d.png",
    "-rf *.png",
    "<b>bold.png",
    "\u202egnp.exe.png",
    " .png",
    "x" * 240 + ".png",
]


@pytest.mark.skipif(sys.platform == "win32", reason="not all are names there")
@pytest.mark.parametrize("name", NAMES)
def test_names_in_any_script(tmp_path: Path, name: str) -> None:
    good, bad = tmp_path / name, tmp_path / f"bad {name[-200:]}"
    Image.new("RGB", (4, 4)).save(good)
    check_sample(media.read(good))
    bad.write_bytes(b"nonsense")
    with pytest.raises(MediaError) as caught:
        media.read(bad)
    check_sentence(str(caught.value), bad)
    assert "\u202e" not in str(caught.value)


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes there only")
def test_names_that_are_no_text(tmp_path: Path, media_files: list[Path]) -> None:
    for path in media_files:
        strange = tmp_path / os.fsdecode(b"\xff\xfe." + path.suffix[1:].encode())
        strange.write_bytes(path.read_bytes())
        assert path.name.startswith(media.read(strange).modality)
        strange.write_bytes(b"nonsense")
        with pytest.raises(MediaError) as caught:
            media.read(strange)
        str(caught.value).encode()


def test_files_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "folder.png").mkdir()
    cases = {
        tmp_path / "folder.png": "folder",
        tmp_path / "missing.png": "no file",
        Path("a\0b"): "cannot be opened",
    }
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.png")
        cases[tmp_path / "pipe.png"] = "not an ordinary file"
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    cases[tmp_path / "loop.png"] = "cannot be opened"
    (tmp_path / "huge.png").touch()
    os.truncate(tmp_path / "huge.png", MAX_FILE_BYTES + 1)
    cases[tmp_path / "huge.png"] = "at most 512 MiB"
    for path, words in cases.items():
        with pytest.raises(MediaError, match=words) as caught:
            media.read(path)
        check_sentence(str(caught.value), path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="everything is readable")
def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    (tmp_path / "locked.png").write_bytes(b"x")
    (tmp_path / "locked.png").chmod(0)
    with pytest.raises(MediaError, match="may not be read"):
        media.read(tmp_path / "locked.png")


def test_a_cut_cloud_has_no_made_up_points(tmp_path: Path) -> None:
    points = np.random.default_rng(0).normal(size=(100, 3)) + 5
    write_point_cloud(tmp_path / "cut.ply", points)
    content = (tmp_path / "cut.ply").read_bytes()
    (tmp_path / "cut.ply").write_bytes(content[: -12 * 40])
    sample = media.read(tmp_path / "cut.ply")
    assert isinstance(sample, media.PointCloudSample)
    assert len(sample.points) <= 60 and np.abs(sample.points - 5).max() < 6
