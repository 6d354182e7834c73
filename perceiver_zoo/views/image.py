"""An image's map, over its pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.views.colour import Span, desaturate, enlarge, overlay

# A smaller picture is enlarged to SMALLEST pixels on its shorter side, a sliver to no more than LARGEST on its longer.
SMALLEST, LARGEST = 480, 2048


def draw_image(sample: ImageSample, layout: ImageLayout, grid: np.ndarray, span: Span) -> np.ndarray:
    """Map [1, S, S] over the sample, RGB uint8; what lies outside the square that was read is darkened."""
    left, top, side = layout.box
    pixels, zoom = sample.pixels, max(1.0, min(SMALLEST / side, LARGEST / max(sample.pixels.shape)))
    if zoom > 1:
        height, width = pixels.shape[:2]
        size = max(1, round(width * zoom)), max(1, round(height * zoom))
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC))
        left, top, side = round(left * zoom), round(top * zoom), round(side * zoom)
    side = min(side, pixels.shape[0] - top, pixels.shape[1] - left)
    drawn = (desaturate(pixels) * 0.35).astype(np.uint8)
    inside = (slice(top, top + side), slice(left, left + side))
    drawn[inside] = overlay(pixels[inside], enlarge(span.shade(grid[0]), side, side), span.signed)
    return drawn
