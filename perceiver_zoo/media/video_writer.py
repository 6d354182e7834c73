"""Videos, written so that every browser plays them."""

from __future__ import annotations

import os
from fractions import Fraction

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import OutputContainer
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from perceiver_zoo.media.sample import AudioSample

# In order of how many browsers play them inside MP4; which ones exist depends on how FFmpeg was built.
_CODECS = {
    "libx264": {"crf": "20", "preset": "veryfast"},
    "libopenh264": {"b": "4M"},
    "libvpx-vp9": {"crf": "31", "b": "0", "deadline": "realtime", "cpu-used": "5"},
}
_BT601 = 6
_AUDIO_BLOCK = 1024


def write_video(
    path: str | os.PathLike[str], frames: NDArray[np.uint8], fps: float, audio: AudioSample | None = None
) -> None:
    """Writes uint8 RGB frames `[T, H, W, 3]` at `fps`, and a sound if given, as MP4 that starts to play at once.

    Odd sides are made even by repeating the last row or column. Raises ValueError for other shapes or no frame.
    """
    if frames.ndim != 4 or frames.shape[3] != 3 or frames.dtype != np.uint8 or 0 in frames.shape:
        raise ValueError(f"frames must be uint8 [T, H, W, 3], not {frames.dtype} {list(frames.shape)}")
    height, width = frames.shape[1:3]
    frames = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    with av.open(os.fspath(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        # Every track must be known before the first packet is written.
        video_stream = _add_video(container, frames, fps)
        audio_stream = None
        if audio is not None:
            audio_stream = container.add_stream("aac", rate=audio.rate, layout="mono")
        for number, pixels in enumerate(frames):
            frame = VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")
            frame = frame.reformat(
                format="yuv420p", dst_colorspace=Colorspace.ITU601, dst_color_range=ColorRange.MPEG
            )
            frame.pts, frame.time_base = number, video_stream.codec_context.time_base
            container.mux(video_stream.encode(frame))
        container.mux(video_stream.encode(None))
        if audio is not None and audio_stream is not None:
            _write_audio(container, audio_stream, audio)


def _add_video(container: OutputContainer, frames: NDArray[np.uint8], fps: float) -> VideoStream:
    name = next((codec for codec in _CODECS if _can_encode(codec)), None)
    if name is None:
        raise RuntimeError(f"this build of PyAV has none of the encoders {', '.join(_CODECS)}")
    rate = Fraction(fps).limit_denominator(1001)
    stream = container.add_stream(name, rate=rate, options=_CODECS[name])
    assert isinstance(stream, VideoStream)
    stream.height, stream.width = frames.shape[1:3]
    stream.pix_fmt = "yuv420p"
    # Without the tag a browser guesses the colours' meaning from the frame size.
    stream.codec_context.colorspace, stream.codec_context.color_range = _BT601, ColorRange.MPEG
    stream.codec_context.time_base = 1 / rate
    return stream


def _can_encode(codec: str) -> bool:
    try:
        return av.Codec(codec, "w").is_encoder
    except ValueError:
        return False


def _write_audio(container: OutputContainer, stream: AudioStream, audio: AudioSample) -> None:
    for start in range(0, len(audio.waveform), _AUDIO_BLOCK):
        block = np.ascontiguousarray(audio.waveform[None, start : start + _AUDIO_BLOCK], dtype=np.float32)
        frame = AudioFrame.from_ndarray(block, format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = audio.rate, start, Fraction(1, audio.rate)
        container.mux(stream.encode(frame))
    container.mux(stream.encode(None))
