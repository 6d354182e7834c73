"""Many maps of one sample, each as a small picture over the same small input."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo.modalities.audio import AudioLayout
from perceiver_zoo.modalities.audiovisual import WaveLayout
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.modalities.point_cloud import PointLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views.audiovisual import by_column, cuts, levelled, waveform
from perceiver_zoo.views.cloud import Cloud, cloud_of, draw_cloud
from perceiver_zoo.views.colour import Span, enlarge, overlay
from perceiver_zoo.views.sound import heat_of, spectrogram

GREY = 190  # of the points of an input without a map


class Small:
    """The input once, `size` pixels high; then as many maps over it as are asked.

    A clip is its middle frame, under the mean over time; a sound its whole spectrogram or waveforms.
    """

    def __init__(self, sample: Any, layout: Any, size: int = 96) -> None:
        self.sample, self.layout, self.size = sample, layout, size
        if isinstance(layout, ImageLayout):
            self.pixels = shrunk(square(sample.pixels, layout.box), size, size)
        elif isinstance(layout, VideoLayout):
            middle = layout.frames.flat[layout.frames.size // 2]
            self.pixels = shrunk(square(sample.frames[middle], layout.box), size, size)
        elif isinstance(layout, AudioLayout):
            self.seconds = max(sample.seconds, layout.seconds)
            self.pixels = coloured(shrunk(spectrogram(sample, self.seconds), size, size * 2))
        elif isinstance(layout, WaveLayout):
            waves = [waveform(cut) for cut in levelled(cuts(getattr(sample, "audio", sample), layout))]
            self.pixels = coloured(shrunk(np.concatenate(waves), size, size * 2))
        elif not isinstance(layout, PointLayout):
            raise TypeError(f"no small picture of a {type(layout).__name__}")

    def input(self) -> np.ndarray:
        """The input itself, RGB uint8 [size, width, 3]."""
        if isinstance(self.layout, PointLayout):
            cloud = cloud_of(self.sample, self.layout, np.zeros((1, len(self.layout.index))), Span(0, 1))
            return draw_cloud(Cloud(cloud.points, cloud.unit, np.full_like(cloud.colors, GREY)), self.size)
        return self.pixels

    def draw(self, weights: np.ndarray, span: Span) -> np.ndarray:
        """Map [W, M] over the input, RGB uint8 [size, width, 3]."""
        layout = self.layout
        if isinstance(layout, PointLayout):
            return draw_cloud(cloud_of(self.sample, layout, weights, span), self.size)
        shade = span.shade(layout.fold(weights))
        height, width = self.pixels.shape[:2]
        if isinstance(layout, AudioLayout):
            return overlay(self.pixels, heat_of(layout, shade, self.seconds, height, width), span.signed)
        if isinstance(layout, WaveLayout):
            shade = by_column(shade)
        elif isinstance(layout, VideoLayout):
            shade = shade.mean(axis=(0, 1))
        else:
            shade = shade[0]
        return overlay(self.pixels, resampled(shade, height, width), span.signed)


def square(pixels: np.ndarray, box: tuple[int, int, int]) -> np.ndarray:
    left, top, side = box
    return pixels[top : top + side, left : left + side]


def shrunk(pixels: np.ndarray, height: int, width: int) -> np.ndarray:
    image = Image.fromarray(np.ascontiguousarray(pixels))
    return np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))


def coloured(grey: np.ndarray) -> np.ndarray:
    return np.repeat(grey[..., None], 3, axis=2)


def resampled(shade: np.ndarray, height: int, width: int) -> np.ndarray:
    """Cells keep hard edges where there is room for them, and are averaged where there is not."""
    if shade.shape[0] <= height and shade.shape[1] <= width:
        return enlarge(shade, height, width)
    image = Image.fromarray(shade.astype(np.float32)).resize((width, height), Image.Resampling.BOX)
    return np.clip(np.asarray(image), 0, 1)
