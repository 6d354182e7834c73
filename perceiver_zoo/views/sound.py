"""A sound's map, over its mel spectrogram."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioLayout, AudioModality
from perceiver_zoo.views.colour import Span, enlarge, overlay

WIDTH, HEIGHT, LEFT, BOTTOM = 960, 384, 64, 30  # pixels of the spectrogram, and of its margins
RANGE = 80.0  # decibels from the loudest bin to black


def draw_sound(sample: AudioSample, layout: AudioLayout, grid: np.ndarray, span: Span) -> np.ndarray:
    """Map [W, rows, columns] over the spectrogram of the whole sample with axes in hertz and seconds, RGB uint8.

    Where windows overlap, their weights are averaged.
    """
    seconds = max(sample.seconds, layout.seconds)
    grey = spectrogram(sample, seconds)
    heat = heat_of(layout, span.shade(grid), seconds, HEIGHT, WIDTH)
    return with_axes(overlay(np.repeat(grey[..., None], 3, axis=2), heat, span.signed), layout, seconds)


def heat_of(layout: AudioLayout, shade: np.ndarray, seconds: float, height: int, width: int) -> np.ndarray:
    """Shades [W, rows, columns] of the windows where they lie in `seconds` of sound: [height, width]."""
    heat, count = np.zeros((height, width)), np.zeros(width)
    for start, window in zip(layout.starts, shade, strict=True):
        first = min(width - 1, round(start / seconds * width))
        last = max(first + 1, min(width, round((start + layout.seconds) / seconds * width)))
        heat[:, first:last] += enlarge(window[::-1], height, last - first)  # low frequencies at the bottom
        count[first:last] += 1
    return heat / np.maximum(count, 1)


def spectrogram(sample: AudioSample, seconds: float) -> np.ndarray:
    """Log-mel spectrogram of the sample padded to `seconds`, grey uint8 [HEIGHT, WIDTH], low at the bottom."""
    modality = AudioModality(rate=sample.rate, mels=96, fft=1024)
    wave = np.pad(sample.waveform, (0, max(0, round(seconds * sample.rate) - len(sample.waveform))))
    decibel = modality.log_mel(torch.from_numpy(wave)[None])[0].numpy() * modality.std * 10 / np.log(10)
    grey = np.clip((decibel - decibel.max()) / RANGE + 1, 0, 1)[::-1]
    image = Image.fromarray((grey * 255).astype(np.uint8)).resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    return np.asarray(image)


def with_axes(picture: np.ndarray, layout: AudioLayout, seconds: float) -> np.ndarray:
    """Add ticks in hertz on the left and in seconds below."""
    canvas = Image.new("RGB", (WIDTH + LEFT + 16, HEIGHT + BOTTOM + 10), "#16181d")
    canvas.paste(Image.fromarray(picture), (LEFT, 10))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    for at, text in hertz_ticks(layout):
        draw.text((LEFT - 6, 10 + round(at * HEIGHT)), text, fill="#c9ccd3", font=font, anchor="rm")
    for at, text in second_ticks(seconds):
        draw.text((LEFT + round(at * WIDTH), HEIGHT + 16), text, fill="#c9ccd3", font=font, anchor="mt")
    return np.asarray(canvas)


def hertz_ticks(layout: AudioLayout) -> list[tuple[float, str]]:
    """Where frequencies lie on the mel axis, 0 at the top to 1 at the bottom, with their names."""
    top = np.log10(1 + layout.hertz[-1] / 700)
    shares = {hertz: float(np.log10(1 + hertz / 700) / top) for hertz in (250, 500, 1000, 2000, 4000, 8000)}
    return [(1 - share, hertz_name(hertz)) for hertz, share in shares.items() if share <= 1]


def hertz_name(hertz: float) -> str:
    return f"{hertz / 1000:.3g} kHz" if hertz >= 1000 else f"{hertz:.0f} Hz"


def second_ticks(seconds: float) -> list[tuple[float, str]]:
    """Where moments lie on the time axis, 0 at the left to 1 at the right, with their names."""
    step = next(s for s in (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60) if seconds / s <= 10 or s == 60)
    return [(i * step / seconds, f"{i * step:g} s") for i in range(int(seconds / step + 1e-9) + 1)]
