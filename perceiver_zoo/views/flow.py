"""Optical flow as colours: the hue is where a pixel goes, the saturation how far; and a flow model's map."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.flow import FlowLayout
from perceiver_zoo.views.colour import Span, desaturate, overlay

# Pixels at which colours are full in DeepMind's colab.
COLAB_MOST = 24.0


def longest(flow: np.ndarray) -> float:
    """The longest movement in a flow [H, W, 2], in pixels."""
    return float(np.linalg.norm(flow, axis=-1).max())


def draw_flow(flow: np.ndarray, most: float | None = COLAB_MOST) -> np.ndarray:
    """Flow [H, W, 2] as (right, down) in pixels -> RGB uint8 [H, W, 3].

    Hue, saturation, value as in DeepMind's colab: hue is the direction (red right, yellow-green down, cyan left, violet
    up), saturation the length / `most`, at most 1, value always 1; what stands still is white. `most` is in pixels, 24
    in the colab; None takes the flow's own longest movement. (The colab shows the picture with red and blue swapped.)
    """
    most = longest(flow) if most is None else most
    turn = np.arctan2(flow[..., 1], flow[..., 0]) / (2 * np.pi)
    saturation = np.clip(np.linalg.norm(flow, axis=-1) / (most or 1.0), 0, 1)
    corners = (turn[..., None] * 6 + np.array([0, 4, 2])) % 6
    full = np.clip(np.abs(corners - 3) - 1, 0, 1)
    return ((1 - saturation[..., None] * (1 - full)) * 255 + 0.5).astype(np.uint8)


def flow_wheel(most: float = COLAB_MOST, size: int = 96) -> np.ndarray:
    """Legend of `draw_flow`: the colour of every movement up to `most` pixels, RGB uint8 [size + 20, size, 3]."""
    y, x = (np.mgrid[:size, :size] + 0.5) / size * 2 - 1
    wheel = draw_flow(np.stack([x, y], axis=-1), 1.0)
    wheel[x**2 + y**2 > 1] = (22, 24, 29)
    canvas = Image.new("RGB", (size, size + 20), "#16181d")
    canvas.paste(Image.fromarray(wheel))
    text, font = f"{most:.3g} pixels", ImageFont.load_default(12)
    ImageDraw.Draw(canvas).text((size / 2, size + 4), text, fill="#c9ccd3", font=font, anchor="mt")
    return np.asarray(canvas)


def draw_flow_map(sample: VideoSample, layout: FlowLayout, grid: np.ndarray, span: Span) -> np.ndarray:
    """Map [tiles, h, w] over the first of the two frames, RGB uint8 [H, W, 3].

    Tiles of NaN were not asked; what lies in those alone is darkened.
    """
    pixels, weights = sample.frames[layout.frames[0]], layout.spread(grid)
    drawn = overlay(pixels, span.shade(weights))
    unasked = np.isnan(weights)
    drawn[unasked] = desaturate(pixels[unasked]) * 0.35
    return drawn
