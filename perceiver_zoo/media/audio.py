"""Sounds, read with PyAV from any audio or video container."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator

import numpy as np
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from numpy.typing import NDArray

from perceiver_zoo.media import container
from perceiver_zoo.media.error import MediaError, checked_file, decoding, shown_name
from perceiver_zoo.media.sample import AudioSample

ACCEPTED = "WAV, MP3, FLAC, OGG, Opus, M4A and other common sound formats, and video files with sound"
SHORTEST_SECONDS = 0.02


def read_audio(path: str | os.PathLike[str], rate: int = 16000, max_seconds: float = 60) -> AudioSample:
    """Reads a sound, or the sound of a video, as one channel (the mean of all) at `rate` samples a second.

    Gives a float32 waveform `[L]` in [-1, 1] with the first `max_seconds` of it; louder than full scale is brought
    down as a whole. Silence is legal. Of a damaged file what can be decoded is kept. Raises MediaError if there is
    no sound track, less than 0.02 s of sound, or samples that are not numbers.
    """
    file = checked_file(path)
    with decoding(file, "a sound", ACCEPTED), container.opened(file) as opened:
        stream = container.audio_stream(opened)
        if stream is None:
            raise MediaError(f"{shown_name(file)} has no sound track; accepted are {ACCEPTED}.")
        waveform, _ = waveform_of(container.audio_frames(opened, stream), rate, max_seconds)
    if len(waveform) < SHORTEST_SECONDS * rate:
        raise MediaError(f"{shown_name(file)} holds no sound that can be decoded; accepted are {ACCEPTED}.")
    if not np.isfinite(waveform).all():
        raise MediaError(f"{shown_name(file)} holds samples that are not numbers; save the sound again.")
    return AudioSample(in_range(waveform), rate)


def waveform_of(
    frames: Iterable[AudioFrame], rate: int, max_seconds: float, channels: int | None = None
) -> tuple[NDArray[np.float32], float]:
    """The mean of the first `channels` (None: of all) at `rate`, float32 `[L]`, and the second at which it starts."""
    wanted = round(max_seconds * rate)
    parts: list[NDArray[np.float32]] = []
    start, have = 0.0, 0
    for frame in _resampled(frames, rate):
        if not parts:
            start = frame.time or 0.0
        # Mixed here, because FFmpeg's own mix to mono is not the mean: two equal channels would come out louder.
        parts.append(frame.to_ndarray()[:channels].mean(axis=0, dtype=np.float32))
        have += len(parts[-1])
        if have >= wanted:
            break
    return np.concatenate(parts)[:wanted] if parts else np.zeros(0, np.float32), start


def in_range(waveform: NDArray[np.float32]) -> NDArray[np.float32]:
    """Brings a waveform that passes full scale down as a whole, so that nothing is clipped."""
    peak = float(np.abs(waveform).max(initial=0.0))
    return waveform if peak <= 1 else np.clip(waveform / np.float32(peak), -1, 1)


def _resampled(frames: Iterable[AudioFrame], rate: int) -> Iterator[AudioFrame]:
    """Every frame at `rate`, in planar float; a new resampler wherever the track changes its own format."""
    resampler, kind = None, None
    for frame in frames:
        if (found := (frame.format.name, frame.layout.name, frame.sample_rate)) != kind:
            if resampler is not None:
                yield from resampler.resample(None)
            resampler, kind = AudioResampler(format="fltp", layout=frame.layout, rate=rate), found
        assert resampler is not None
        yield from resampler.resample(frame)
    if resampler is not None:
        yield from resampler.resample(None)
