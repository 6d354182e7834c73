"""Videos, read with PyAV."""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
from av.error import FFmpegError
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Interpolation, VideoReformatter
from av.video.stream import VideoStream
from numpy.typing import NDArray

from perceiver_zoo.media import container
from perceiver_zoo.media.audio import SHORTEST_SECONDS, in_range, waveform_of
from perceiver_zoo.media.error import MediaError, checked_file, decoding, shown_name
from perceiver_zoo.media.sample import AudioSample, VideoSample

ACCEPTED = "MP4, MOV, WebM, MKV, AVI, animated GIF and other common video formats"
# What DeepMind's model of sound and picture hears; FFmpeg resamples better than is worth doing later.
AUDIO_RATE = 48000
_FALLBACK_FPS = 25.0


def read_video(
    path: str | os.PathLike[str], fps: float = 16.0, max_seconds: float = 20, max_side: int = 360
) -> VideoSample:
    """Reads the first `max_seconds` of a video: the frames nearest to a steady `fps`, and its sound.

    Of the sound the first channel, at 48 kHz.

    Gives uint8 RGB frames `[T, H, W, 3]`, upright, square in their pixels, with the longer side at most `max_side`
    and both sides even. No frame is repeated: a slower source gives fewer frames, `times` are their true times in
    seconds. Of a damaged file what can be decoded is kept. Raises MediaError if there are no moving pictures.
    """
    file = checked_file(path)
    with decoding(file, "a video", ACCEPTED), container.opened(file) as opened:
        stream = container.video_stream(opened)
        if stream is None:
            raise MediaError(f"{shown_name(file)} has no moving pictures; accepted are {ACCEPTED}.")
        timed = _timed(container.video_frames(opened, stream), stream)
        start, times, frames = 0.0, [], []
        # One for all frames, because each would set itself up anew.
        scaler, size = VideoReformatter(), None
        for time, frame in _nearest_to_grid(timed, fps, max_seconds):
            if size is None:
                start, size = time, _target_size(frame, stream, max_side)
            times.append(time - start)
            frames.append(_upright_pixels(frame, size, scaler))
        has_sound = container.audio_stream(opened) is not None
    if not frames:
        raise MediaError(f"{shown_name(file)} holds no frame that can be decoded; accepted are {ACCEPTED}.")
    audio = _sound(file, start, max_seconds) if has_sound else None
    return VideoSample(np.stack(frames), np.array(times, np.float64), audio)


def _timed(frames: Iterable[VideoFrame], stream: VideoStream) -> Iterator[tuple[float, VideoFrame]]:
    """Each frame with its time in seconds; frames that do not come later than the one before are left out."""
    step = 1 / float(stream.average_rate or stream.base_rate or _FALLBACK_FPS)
    last = -math.inf
    for frame in frames:
        time = frame.time
        if time is None:
            time = last + step if math.isfinite(last) else 0.0
        if time > last:
            yield time, frame
            last = time


def _nearest_to_grid(
    timed: Iterable[tuple[float, VideoFrame]], fps: float, max_seconds: float
) -> Iterator[tuple[float, VideoFrame]]:
    """The frames nearest to first, first + 1/fps, first + 2/fps ..., each at most once."""
    before: tuple[float, VideoFrame] | None = None
    first, wanted, given, step = 0.0, 0, -math.inf, 0.0
    for current in timed:
        if before is None:
            first = current[0]
        elif current[0] - first >= max_seconds:
            break
        else:
            step = current[0] - before[0]
        while (point := first + wanted / fps) <= current[0]:
            nearest = before if before is not None and point - before[0] < current[0] - point else current
            if nearest[0] > given:
                yield nearest
                given = nearest[0]
            wanted += 1
        before = current
    # The last frame has no later one beside it; its place is half a step of the source around it too.
    if before is not None and before[0] > given and first + wanted / fps - before[0] <= step / 2:
        yield before


def _target_size(frame: VideoFrame, stream: VideoStream, max_side: int) -> tuple[int, int]:
    """Width and height to scale the stored frame to, before it is turned upright."""
    aspect = float(stream.sample_aspect_ratio or 1) or 1.0
    width, height = frame.width * min(max(aspect, 0.1), 10), float(frame.height)
    scale = min(1.0, max_side / max(width, height))
    return _even(width * scale, max_side), _even(height * scale, max_side)


def _even(side: float, most: int) -> int:
    return min(max(2, 2 * round(side / 2)), max(2, most - most % 2))


def _upright_pixels(frame: VideoFrame, size: tuple[int, int], scaler: VideoReformatter) -> NDArray[np.uint8]:
    clear = any(part.is_alpha for part in frame.format.components)
    pixels = scaler.reformat(
        frame,
        *size,
        format="rgba" if clear else "rgb24",
        interpolation=Interpolation.AREA,
        dst_color_range=ColorRange.JPEG,
    ).to_ndarray()
    if clear:
        alpha = pixels[..., 3:].astype(np.uint16)
        pixels = ((pixels[..., :3] * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
    # Both count quarter turns counter-clockwise; other angles are not something a camera writes.
    return np.ascontiguousarray(np.rot90(pixels, round(frame.rotation / 90) % 4), dtype=np.uint8)


def _sound(file: Path, start: float, max_seconds: float) -> AudioSample | None:
    """The sound that goes with the frames from time `start` on, or None where none of it can be decoded."""
    try:
        with container.opened(file) as opened:
            stream = container.audio_stream(opened)
            if stream is None:
                return None
            # The first channel alone, as DeepMind's notebook has it for the model that hears a video.
            waveform, audio_start = waveform_of(
                container.audio_frames(opened, stream), AUDIO_RATE, max_seconds, channels=1
            )
    except (FFmpegError, ValueError):
        return None
    offset = round((audio_start - start) * AUDIO_RATE)
    limit = round(max_seconds * AUDIO_RATE)
    waveform = np.pad(waveform, (min(offset, limit), 0))[:limit] if offset > 0 else waveform[-offset:]
    if len(waveform) < SHORTEST_SECONDS * AUDIO_RATE or not np.isfinite(waveform).all():
        return None
    return AudioSample(in_range(waveform), AUDIO_RATE)
