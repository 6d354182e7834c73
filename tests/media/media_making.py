"""Writers of real media files for the tests, and the check that every sample must pass."""

from __future__ import annotations

import json
import struct
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.stream import VideoStream
from PIL import Image

from perceiver_zoo.media import AudioSample, ImageSample, PointCloudSample, Sample, VideoSample

VERTICES = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]], np.float32)
TRIANGLES = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.uint32)


def gradient(height: int, width: int) -> np.ndarray:
    rows, columns = np.mgrid[0:height, 0:width]
    return np.stack([rows * 255 // height, columns * 255 // width, (rows + columns) % 256], axis=2).astype(
        np.uint8
    )


def tone(seconds: float, rate: int, pitch: float = 440.0, loudness: float = 0.5) -> np.ndarray:
    times = np.arange(round(seconds * rate)) / rate
    return (loudness * np.sin(2 * np.pi * pitch * times)).astype(np.float32)


def moving_frames(count: int, height: int = 48, width: int = 64) -> np.ndarray:
    frames = np.repeat(gradient(height, width)[None], count, axis=0)
    for number, frame in enumerate(frames):
        frame[:, : 1 + number % width] = (250, 20, 20)
    return frames


def encode_sound(path: Path, channels: np.ndarray, rate: int, codec: str, **options: str) -> Path:
    """Writes float channels `[C, L]` with a codec, in the container that the name asks for."""
    layout = {1: "mono", 2: "stereo", 6: "5.1"}[len(channels)]
    with av.open(str(path), "w", options=options) as container:
        stream = container.add_stream(codec, rate=rate, layout=layout)
        assert isinstance(stream, AudioStream)
        for start in range(0, channels.shape[1], 960):
            block = np.ascontiguousarray(channels[:, start : start + 960], dtype=np.float32)
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout=layout)
            frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def with_cover(path: Path) -> Path:
    """An MP3 with a picture in its tag."""
    encode_sound(path, tone(0.5, 44100)[None], 44100, "libmp3lame", id3v2_version="0", write_xing="0")
    Image.new("RGB", (32, 32), "red").save(path.with_suffix(".jpg"))
    frame = b"\0image/jpeg\0\x03\0" + path.with_suffix(".jpg").read_bytes()
    frame = b"APIC" + struct.pack("!IH", len(frame), 0) + frame
    size = bytes((len(frame) >> shift) & 0x7F for shift in (21, 14, 7, 0))
    path.write_bytes(b"ID3\x03\0\0" + size + frame + path.read_bytes())
    return path


def encode_frames(path: Path, frames: np.ndarray, times: list[Fraction], codec: str, **options: str) -> Path:
    """Writes frames at any times, in the container that the name asks for."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30, options=options)
        assert isinstance(stream, VideoStream)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for pixels, time in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format="yuv420p")
            frame.pts, frame.time_base = round(time * 1000), Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def gltf_scene(uri: str | None) -> tuple[dict, bytes]:
    """A tetrahedron as a glTF scene, with its binary part; without an address for it the scene is for GLB."""
    binary = TRIANGLES.tobytes() + VERTICES.tobytes()
    buffer = {"byteLength": len(binary)} | ({"uri": uri} if uri else {})
    scene = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0, "translation": [10, 0, 0]}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 1}, "indices": 0, "material": 0}]}],
        "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
        "textures": [{"source": 0}],
        "images": [{"uri": "../secret.png"}],
        "buffers": [buffer],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": TRIANGLES.nbytes},
            {"buffer": 0, "byteOffset": TRIANGLES.nbytes, "byteLength": VERTICES.nbytes},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5125, "count": 12, "type": "SCALAR"},
            {
                "bufferView": 1,
                "componentType": 5126,
                "count": 4,
                "type": "VEC3",
                "min": [0] * 3,
                "max": [1] * 3,
            },
        ],
    }
    return scene, binary


def glb_bytes() -> bytes:
    scene, binary = gltf_scene(None)
    text = json.dumps(scene).encode()
    text += b" " * (-len(text) % 4)
    chunks = (
        struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    )
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def mesh_ply() -> bytes:
    header = "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\nproperty float z\n"
    header += "element face 4\nproperty list uchar int vertex_indices\nend_header\n"
    return (header + rows_of(VERTICES) + rows_of(TRIANGLES, "3 ")).encode()


def rows_of(values: np.ndarray, prefix: str = "") -> str:
    return "".join(prefix + " ".join(map(str, row.tolist())) + "\n" for row in values)


def stl_bytes() -> bytes:
    faces = b"".join(
        np.zeros(3, "<f4").tobytes() + VERTICES[face].astype("<f4").tobytes() + b"\0\0" for face in TRIANGLES
    )
    return bytes(80) + struct.pack("<I", len(TRIANGLES)) + faces


def check_sample(sample: Sample) -> None:
    """What every sample promises, whatever file it came from."""
    match sample:
        case ImageSample(pixels=pixels):
            assert pixels.dtype == np.uint8
            assert pixels.ndim == 3 and pixels.shape[2] == 3
            assert 1 <= max(pixels.shape[:2]) <= 1024
        case AudioSample(waveform=waveform):
            assert waveform.dtype == np.float32 and waveform.ndim == 1
            assert sample.seconds >= 0.02
            assert np.abs(waveform).max() <= 1
        case VideoSample(frames=frames, times=times, audio=audio):
            assert frames.dtype == np.uint8 and frames.shape[3] == 3
            assert frames.shape[1] % 2 == frames.shape[2] % 2 == 0
            assert times.dtype == np.float64 and len(times) == len(frames) > 0
            assert times[0] == 0 and (np.diff(times) > 0).all()
            if audio is not None:
                check_sample(audio)
        case PointCloudSample(points=points, colors=colors):
            assert points.dtype == np.float32 and points.shape[1] == 3 and len(points) > 0
            assert np.isfinite(points).all()
            assert colors is None or (colors.dtype == np.uint8 and colors.shape == points.shape)
