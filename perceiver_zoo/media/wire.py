"""Messages between a process and its worker: a JSON header, then raw arrays. Nothing in them can run code."""

from __future__ import annotations

import json
import math
import struct
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from perceiver_zoo.media.sample import AudioSample, ImageSample, PointCloudSample, Sample, VideoSample

Arrays = dict[str, NDArray[Any]]
MAX_HEADER_BYTES = 2**20
MAX_ARRAY_BYTES = 2**31
# What each modality's arrays must look like: the receiver does not trust the process that met the file.
_ARRAYS = {
    "image": {"pixels": ("uint8", 3)},
    "audio": {"waveform": ("float32", 1)},
    "video": {"frames": ("uint8", 4), "times": ("float64", 1), "waveform": ("float32", 1)},
    "point_cloud": {"points": ("float32", 2), "colors": ("uint8", 2)},
}


def send(stream: IO[bytes], header: dict[str, Any], arrays: Arrays | None = None) -> None:
    """Writes one message. Raises OSError if nobody reads."""
    arrays = arrays or {}
    listed = [[name, array.dtype.name, list(array.shape)] for name, array in arrays.items()]
    text = json.dumps({**header, "arrays": listed}).encode("ascii")
    stream.write(struct.pack("!I", len(text)) + text)
    for array in arrays.values():
        stream.write(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[dict[str, Any], Arrays]:
    """Reads one message. Raises EOFError if the stream ends, ValueError if it is no message of this form."""
    (size,) = struct.unpack("!I", _exactly(stream, np.empty(4, np.uint8)).tobytes())
    if size > MAX_HEADER_BYTES:
        raise ValueError("the header is too long")
    header = json.loads(_exactly(stream, np.empty(size, np.uint8)).tobytes())
    known = _ARRAYS.get(header.get("modality"), {})
    arrays: Arrays = {}
    for name, dtype, shape in header.pop("arrays"):
        if known.get(name) != (dtype, len(shape)) or any(type(side) is not int or side < 0 for side in shape):
            raise ValueError(f"unexpected array {name} {dtype} {shape}")
        if math.prod(shape) * np.dtype(dtype).itemsize > MAX_ARRAY_BYTES:
            raise ValueError(f"the array {name} is too large")
        arrays[name] = np.empty(shape, dtype)
        _exactly(stream, arrays[name].reshape(-1).view(np.uint8))
    return header, arrays


def packed(sample: Sample) -> tuple[dict[str, Any], Arrays]:
    """A sample as header and arrays; `unpacked` is the way back."""
    match sample:
        case ImageSample():
            return {"modality": "image"}, {"pixels": sample.pixels}
        case AudioSample():
            return {"modality": "audio", "rate": sample.rate}, {"waveform": sample.waveform}
        case VideoSample(audio=None):
            return {"modality": "video"}, {"frames": sample.frames, "times": sample.times}
        case VideoSample(audio=AudioSample() as audio):
            arrays = {"frames": sample.frames, "times": sample.times, "waveform": audio.waveform}
            return {"modality": "video", "rate": audio.rate}, arrays
        case PointCloudSample():
            colors = {} if sample.colors is None else {"colors": sample.colors}
            return {"modality": "point_cloud"}, {"points": sample.points, **colors}
    raise TypeError(f"not a sample: {type(sample).__name__}")


def unpacked(header: dict[str, Any], arrays: Arrays) -> Sample:
    """The sample of a message. Raises KeyError or ValueError where a part is missing."""
    audio = AudioSample(arrays["waveform"], int(header["rate"])) if "waveform" in arrays else None
    match header["modality"]:
        case "image":
            return ImageSample(arrays["pixels"])
        case "audio" if audio is not None:
            return audio
        case "video":
            return VideoSample(arrays["frames"], arrays["times"], audio)
        case "point_cloud":
            return PointCloudSample(arrays["points"], arrays.get("colors"))
    raise ValueError("no sample in the message")


def _exactly(stream: IO[bytes], into: NDArray[np.uint8]) -> NDArray[np.uint8]:
    view, at = into.data, 0
    while at < len(into):
        # Streams opened for bytes have it, though their common type does not say so.
        count: int = stream.readinto(view[at:])  # pyright: ignore[reportAttributeAccessIssue]
        if not count:
            raise EOFError("the stream ended inside a message")
        at += count
    return into
