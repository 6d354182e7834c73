"""Real media files of every kind, written once for all tests of this folder."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

# The helpers lie beside the tests; this finds them however the tests are imported.
sys.path.insert(0, str(Path(__file__).parent))

from media_making import (
    TRIANGLES,
    VERTICES,
    encode_frames,
    encode_sound,
    glb_bytes,
    gltf_scene,
    gradient,
    mesh_ply,
    moving_frames,
    rows_of,
    stl_bytes,
    tone,
)

from perceiver_zoo.media import AudioSample, write_point_cloud, write_video


def _write_pictures(folder: Path) -> None:
    picture = Image.fromarray(gradient(60, 80))
    for suffix in ("jpg", "png", "webp", "tiff", "bmp", "avif", "jp2"):
        picture.save(folder / f"image.{suffix}")
    stills = [Image.fromarray(frame) for frame in moving_frames(6)]
    stills[0].save(folder / "video.gif", save_all=True, append_images=stills[1:], duration=100)
    stills[0].save(folder / "image.gif")


def _write_sounds(folder: Path) -> None:
    for suffix, codec, rate in (
        ("wav", "pcm_s16le", 44100),
        ("mp3", "libmp3lame", 44100),
        ("flac", "flac", 22050),
        ("ogg", "libopus", 48000),
        ("m4a", "aac", 44100),
    ):
        encode_sound(folder / f"audio.{suffix}", np.stack([tone(0.6, rate)] * 2), rate, codec)


def _write_clips(folder: Path) -> None:
    frames = moving_frames(20)
    write_video(folder / "video.mp4", frames, 20, AudioSample(tone(1.0, 16000), 16000))
    times = [Fraction(number, 20) for number in range(20)]
    encode_frames(folder / "video.webm", frames, times, "libvpx", deadline="realtime")
    encode_frames(folder / "video.mkv", frames, times, "mpeg4")


def _write_shapes(folder: Path) -> None:
    points = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
    colors = (np.arange(900).reshape(300, 3) % 256).astype(np.uint8)
    scene, binary = gltf_scene("data:application/octet-stream;base64,")
    scene["buffers"][0]["uri"] += base64.b64encode(binary).decode()
    write_point_cloud(folder / "point_cloud.ply", points, colors)
    np.save(folder / "point_cloud.npy", np.hstack([points, colors]))
    np.savez_compressed(folder / "point_cloud.npz", points=points, label=np.array(3))
    pcd = "# .PCD v0.7\nVERSION 0.7\nFIELDS x y z\nSIZE 4 4 4\nTYPE F F F\nCOUNT 1 1 1\nWIDTH 4\nHEIGHT 1\n"
    texts = {
        "obj": rows_of(VERTICES, "v ") + rows_of(TRIANGLES + 1, "f "),
        "off": "OFF\n4 4 0\n" + rows_of(VERTICES) + rows_of(TRIANGLES, "3 "),
        "xyz": rows_of(points),
        "pts": "300\n" + rows_of(np.hstack([points, np.ones((300, 1)), colors])),
        "gltf": json.dumps(scene),
        "pcd": pcd + "POINTS 4\nDATA ascii\n" + rows_of(VERTICES),
    }
    for suffix, text in texts.items():
        (folder / f"point_cloud.{suffix}").write_text(text)
    (folder / "point_cloud.glb").write_bytes(glb_bytes())
    (folder / "point_cloud.stl").write_bytes(stl_bytes())
    (folder / "point_cloud_mesh.ply").write_bytes(mesh_ply())


@pytest.fixture(scope="session")
def media_files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """One small file of every format; the name starts with the modality that it is to be told as."""
    folder = tmp_path_factory.mktemp("media")
    writers: list[Callable[[Path], None]] = [_write_pictures, _write_sounds, _write_clips, _write_shapes]
    for write in writers:
        write(folder)
    return sorted(folder.iterdir())
