"""The sound's part of a map of sound and picture, over the waveform; the picture's part is drawn by `clip`."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, WaveLayout
from perceiver_zoo.views.colour import Span, overlay

WIDTH, ROW, GAP, LEFT = 960, 96, 8, 64  # pixels of a window's waveform, between two, and of the margin


def draw_waves(
    sample: VideoSample | AudioSample, layout: AudiovisualLayout | WaveLayout, weights: np.ndarray, span: Span
) -> np.ndarray:
    """Map [W, patches] of the sound over its waveform, a row a window, RGB uint8.

    A window is as wide as the picture, with its start in the clip at the left. Where several patches fall on one column
    of pixels, the one with the most weight is shown. A clip without sound has a flat line.
    """
    height = len(weights) * (ROW + GAP) - GAP
    canvas = Image.new("RGB", (LEFT + WIDTH, height + 24), "#16181d")
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(14)
    sounds = levelled(cuts(sample if isinstance(sample, AudioSample) else sample.audio, layout))
    for number, (sound, shade) in enumerate(zip(sounds, span.shade(weights), strict=True)):
        grey = np.repeat(waveform(sound)[..., None], 3, axis=2)
        picture = overlay(grey, np.broadcast_to(by_column(shade), (ROW, WIDTH)))
        top = number * (ROW + GAP)
        canvas.paste(Image.fromarray(picture), (LEFT, top))
        at = f"{layout.starts[number]:.2f} s"
        draw.text((LEFT - 6, top + ROW // 2), at, fill="#c9ccd3", font=font, anchor="rm")
    for part in range(5):
        x, anchor = LEFT + part * WIDTH // 4, "lt" if part == 0 else "rt" if part == 4 else "mt"
        text = f"+{layout.seconds * part / 4:.2f} s"
        draw.text((x, height + 6), text, fill="#c9ccd3", font=font, anchor=anchor)
    return np.asarray(canvas)


def cuts(audio: AudioSample | None, layout: AudiovisualLayout | WaveLayout) -> np.ndarray:
    """The sound of each window, float32 [W, samples] at its own rate."""
    if audio is None:
        return np.zeros((len(layout.starts), WIDTH), np.float32)
    count = max(1, round(layout.seconds * audio.rate))
    wave = np.pad(audio.waveform, (0, count))
    last = len(wave) - count
    firsts = [min(round(start * audio.rate), last) for start in layout.starts.tolist()]
    return np.stack([wave[first : first + count] for first in firsts])


def levelled(sounds: np.ndarray) -> np.ndarray:
    """Sounds [W, samples] with the loudest of them all at 1."""
    return sounds / max(float(np.abs(sounds).max()), 1e-3)


def by_column(values: np.ndarray) -> np.ndarray:
    """Values [..., patches] -> [..., WIDTH], the most of the patches on each column; a patch may be wider than one."""
    return np.maximum.reduceat(values, np.arange(WIDTH) * values.shape[-1] // WIDTH, axis=-1)


def waveform(sound: np.ndarray) -> np.ndarray:
    """Sound [samples] in -1..1 -> grey uint8 [ROW, WIDTH], light from its least to its most in each column."""
    first = np.arange(WIDTH) * len(sound) // WIDTH
    most, least = np.maximum.reduceat(sound, first), np.minimum.reduceat(sound, first)
    # Each column reaches to the one before, so that the line has no gaps.
    top, bottom = most.copy(), least.copy()
    top[1:], bottom[1:] = np.maximum(most[1:], least[:-1]), np.minimum(least[1:], most[:-1])
    level = np.linspace(1, -1, ROW)[:, None]
    half = 1.01 / (ROW - 1)  # of a pixel, so that silence has a line
    inside = (level <= top + half) & (level >= bottom - half)
    return np.where(inside, 235, 40).astype(np.uint8)
