"""Messages: what goes in comes out, and nothing else is accepted."""

from __future__ import annotations

import io
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perceiver_zoo.media import AudioSample, ImageSample, PointCloudSample, Sample, VideoSample, wire

SOUND = AudioSample(np.linspace(-1, 1, 7, dtype=np.float32), 16000)
FRAMES = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
POINTS = np.ones((5, 3), np.float32)
SAMPLES = [
    ImageSample(FRAMES[0]),
    ImageSample(FRAMES[0, ::-1, ::-1]),
    SOUND,
    VideoSample(FRAMES, np.array([0.0, 0.5]), None),
    VideoSample(FRAMES, np.array([0.0, 0.5]), SOUND),
    PointCloudSample(POINTS, None),
    PointCloudSample(POINTS, (POINTS * 7).astype(np.uint8)),
]


def message(header: dict[str, object], body: bytes = b"") -> io.BytesIO:
    text = json.dumps(header).encode()
    return io.BytesIO(struct.pack("!I", len(text)) + text + body)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.modality)
def test_samples_come_back_whole(sample: Sample) -> None:
    stream = io.BytesIO()
    wire.send(stream, *wire.packed(sample))
    stream.seek(0)
    back = wire.unpacked(*wire.receive(stream))
    assert type(back) is type(sample)
    for name, value in wire.packed(sample)[1].items():
        np.testing.assert_array_equal(wire.packed(back)[1][name], value)
    assert wire.packed(back)[0] == wire.packed(sample)[0]


@pytest.mark.parametrize(
    "listed",
    [
        ["pixels", "object", [1, 1, 3]],
        ["pixels", "float64", [1, 1, 3]],
        ["pixels", "uint8", [1, 3]],
        ["pixels", "uint8", [-1, 1, 3]],
        ["pixels", "uint8", [1.5, 1, 3]],
        ["pixels", "uint8", [2**20, 2**20, 3]],
        ["points", "float32", [1, 3]],
    ],
)
def test_unexpected_arrays_are_refused_unread(listed: list[object]) -> None:
    with pytest.raises(ValueError, match=r"unexpected|too large"):
        wire.receive(message({"modality": "image", "arrays": [listed]}, bytes(100)))


def test_a_missing_array_is_refused() -> None:
    for modality in ("image", "audio", "video", "point_cloud", "smell"):
        header, arrays = wire.receive(message({"modality": modality, "arrays": []}))
        with pytest.raises((KeyError, ValueError)):
            wire.unpacked(header, arrays)


@given(st.data())
def test_a_cut_message_is_an_end_of_file(data: st.DataObject) -> None:
    stream = io.BytesIO()
    wire.send(stream, *wire.packed(SAMPLES[4]))
    content = stream.getvalue()
    cut = data.draw(st.integers(0, len(content) - 1))
    with pytest.raises(EOFError):
        wire.receive(io.BytesIO(content[:cut]))
