"""A clip's map, over its frames."""

from __future__ import annotations

import numpy as np
from PIL import Image

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views.colour import Span, desaturate, enlarge, overlay

# A smaller clip is enlarged to SMALLEST pixels on its shorter side, a sliver to no more than LARGEST on its longer.
SMALLEST, LARGEST = 120, 1280


def draw_clip(sample: VideoSample, layout: VideoLayout, grid: np.ndarray, span: Span) -> np.ndarray:
    """Map [W, t, h, w] over the frames the model read, window after window: RGB uint8 [W * T, H, W, 3]."""
    windows, count = layout.frames.shape
    shade = layout.by_frame(span.shade(grid)).reshape(windows * count, *grid.shape[2:])
    return np.stack(
        [
            draw_frame(sample.frames[i], layout.box, s, span.signed)
            for i, s in zip(layout.frames.flat, shade, strict=True)
        ]
    )


def draw_frame(
    pixels: np.ndarray, box: tuple[int, int, int], shade: np.ndarray, signed: bool = False
) -> np.ndarray:
    """Shades [h, w] over the square of one frame that was read; the rest is darkened."""
    left, top, side = box
    zoom = max(1, min(-(-SMALLEST // side), LARGEST // max(pixels.shape)))
    if zoom > 1:
        size = pixels.shape[1] * zoom, pixels.shape[0] * zoom
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
        left, top, side = left * zoom, top * zoom, side * zoom
    drawn = (desaturate(pixels) * 0.35).astype(np.uint8)
    inside = (slice(top, top + side), slice(left, left + side))
    drawn[inside] = overlay(pixels[inside], enlarge(shade, side, side), signed)
    return drawn


def draw_contact_sheet(frames: np.ndarray, columns: int = 4) -> np.ndarray:
    """Frames [T, H, W, 3] side by side in rows, RGB uint8."""
    spare = -len(frames) % columns
    frames = np.concatenate([frames, np.zeros((spare, *frames.shape[1:]), np.uint8)])
    rows = frames.reshape(-1, columns, *frames.shape[1:])
    return rows.transpose(0, 2, 1, 3, 4).reshape(-1, columns * frames.shape[2], 3)
