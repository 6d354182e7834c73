"""Sounds as phones, rooms and codecs leave them."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.random import Generator

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.training.packed import decode_mono

CODECS = {  # by the ending of the file: encoder, sample format, rate in Hz
    "wav": ("pcm_s16le", "s16", None),
    "mp3": ("libmp3lame", "fltp", 44_100),
    "ogg": ("libopus", "flt", 48_000),
}


def again(sample: AudioSample, wave: np.ndarray) -> AudioSample:
    """The same sound with another waveform, kept in [-1, 1] by its level alone."""
    return AudioSample((wave / max(1.0, float(np.abs(wave).max()))).astype(np.float32), sample.rate)


def noise(rng: Generator, sample: AudioSample, ratio: float) -> AudioSample:
    """Pink noise, `ratio` dB below the sound's own power."""
    spectrum = np.fft.rfft(rng.normal(size=len(sample.waveform)))
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1.0), len(sample.waveform))
    power = np.mean(sample.waveform.astype(np.float64) ** 2)
    pink *= np.sqrt(power / max(np.mean(pink**2), 1e-12)) * 10 ** (-ratio / 20)
    return again(sample, sample.waveform + pink)


def reverb(rng: Generator, sample: AudioSample, seconds: float) -> AudioSample:
    """A room that takes `seconds` to fall by 60 dB: noise that decays, below the direct sound."""
    length = max(2, int(seconds * sample.rate))
    tail = rng.normal(size=length) * 10 ** (-3 * np.arange(length) / length)
    tail *= 0.7 / np.sqrt(np.sum(tail**2))
    tail[0] = 1.0
    size = len(sample.waveform) + length
    wave = np.fft.irfft(np.fft.rfft(sample.waveform, size) * np.fft.rfft(tail, size), size)
    return again(sample, wave[: len(sample.waveform)])


def level(rng: Generator, sample: AudioSample, decibel: float) -> AudioSample:
    return AudioSample((sample.waveform * 10 ** (decibel / 20)).astype(np.float32), sample.rate)


def clip(rng: Generator, sample: AudioSample, times: float) -> AudioSample:
    """Recorded `times` too loud: what is above full scale is lost."""
    loud = sample.waveform / max(float(np.abs(sample.waveform).max()), 1e-5) * times
    return AudioSample(loud.clip(-1, 1).astype(np.float32), sample.rate)


def rate(rng: Generator, sample: AudioSample, hertz: int) -> AudioSample:
    """Through a WAV file of another rate."""
    return decoded(encoded(sample, "wav", hertz), sample)


def mp3(rng: Generator, sample: AudioSample, kilobits: int) -> AudioSample:
    return decoded(encoded(sample, "mp3", kilobits=kilobits), sample)


def opus(rng: Generator, sample: AudioSample, kilobits: int) -> AudioSample:
    return decoded(encoded(sample, "ogg", kilobits=kilobits), sample)


def decoded(file: io.BytesIO, sample: AudioSample) -> AudioSample:
    return AudioSample(decode_mono(file, sample.rate), sample.rate)


def encoded(sample: AudioSample, ending: str, hertz: int | None = None, kilobits: int = 0) -> io.BytesIO:
    """A file with that sound."""
    codec, form, own = CODECS[ending]
    file = io.BytesIO()
    with av.open(file, "w", format=ending) as container:
        stream = container.add_stream(codec, rate=hertz or own or sample.rate, layout="mono")
        if kilobits:
            stream.bit_rate = kilobits * 1000
        frame = av.AudioFrame.from_ndarray(sample.waveform[None], format="fltp", layout="mono")
        frame.rate = sample.rate
        resampler = av.AudioResampler(form, "mono", stream.rate, frame_size=stream.frame_size or 0)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    file.seek(0)
    return file


CHANGES = [
    ("noise, dB below the sound", noise, (20, 10, 5, 0)),
    ("reverb, seconds", reverb, (0.3, 0.8)),
    ("sample rate, Hz", rate, (8_000, 22_050, 44_100)),
    ("level, dB", level, (-30, -12)),
    ("recorded too loud, times", clip, (2, 8)),
    ("MP3, kbit/s", mp3, (32, 96)),
    ("Opus, kbit/s", opus, (12, 48)),
]
