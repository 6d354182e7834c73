"""What lies below a map: the picture, spectrogram or frames, sent to the canvas once an answer.

Every base has `frames` (pictures as data URIs) and `order` (which of them each layer of the map lies on), `width` and
`height` in the sample's pixels, and `box`, the part of a frame that was read, as shares [left, top, right, bottom].
"""

from __future__ import annotations

import base64
import io
import tempfile
import wave
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from PIL import Image

from demo.parts import gradio_folder
from perceiver_zoo.media.sample import AudioSample, ImageSample, VideoSample
from perceiver_zoo.modalities.audio import AudioLayout
from perceiver_zoo.modalities.audiovisual import WaveLayout
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views.audiovisual import cuts, levelled, waveform
from perceiver_zoo.views.sound import hertz_name, hertz_ticks, second_ticks, spectrogram

LARGEST = 1280  # pixels of a frame's longer side, as much as a screen shows


def image_base(sample: ImageSample, layout: ImageLayout) -> dict[str, Any]:
    height, width = sample.pixels.shape[:2]
    return {
        "frames": [picture(sample.pixels)],
        "order": [0],
        "width": width,
        "height": height,
        "box": box_of(layout.box, width, height),
    }


def sound_base(sample: AudioSample, layout: AudioLayout) -> dict[str, Any]:
    """The whole sound's spectrogram; `columns` are the edges of the map's columns, as shares of its time."""
    seconds = length_of(sample, layout)
    hertz = [hertz_name(edge) for edge in layout.hertz][::-1]
    return {
        "frames": [picture(spectrogram(sample, seconds))],
        "columns": (column_edges(layout, seconds) / seconds).tolist(),
        "rows": [f"{low} to {high}" for high, low in pairwise(hertz)],
        "yticks": hertz_ticks(layout),
        "xticks": second_ticks(seconds),
        "audio": heard(sample),
        **axes(seconds),
    }


def length_of(sample: AudioSample, layout: AudioLayout) -> float:
    """Seconds of sound that are drawn: all, and the rest of a window that is longer."""
    return max(sample.seconds, layout.seconds)


def column_edges(layout: AudioLayout, seconds: float) -> np.ndarray:
    """Every moment, in seconds, at which an element of some window begins or ends; windows may overlap."""
    inside = np.linspace(0, layout.seconds, layout.grid[1] + 1)
    edges = np.concatenate([[0, seconds], (layout.starts[:, None] + inside).ravel()])
    return np.unique(edges.round(6))


def sound_cells(sample: AudioSample, layout: AudioLayout, grid: np.ndarray) -> np.ndarray:
    """Map [W, rows, columns], low frequencies first -> [1, rows, edges - 1], high first; overlaps are averaged."""
    edges = column_edges(layout, length_of(sample, layout))
    which = held_by(layout, (edges[:-1] + edges[1:]) / 2)
    cells = np.full((len(grid), grid.shape[1], len(edges) - 1), np.nan)
    for window, column in enumerate(which):
        cells[window][:, column >= 0] = grid[window][:, column[column >= 0]]
    held = (which >= 0).sum(axis=0)
    total = np.nansum(cells, axis=0)
    return np.where(held > 0, total / np.maximum(held, 1), np.nan)[None, ::-1]


def held_by(layout: AudioLayout, moments: np.ndarray) -> np.ndarray:
    """For moments [n] in seconds, the column of each window that holds them, int [W, n], or -1."""
    column = np.floor((moments - layout.starts[:, None]) / layout.seconds * layout.grid[1]).astype(int)
    return np.where((column >= 0) & (column < layout.grid[1]), column, -1)


def waves_base(sample: VideoSample | AudioSample, layout: WaveLayout) -> dict[str, Any]:
    """A row a window: its waveform, as wide as the window is long. They are heard in turn, where there is sound."""
    audio = sample if isinstance(sample, AudioSample) else sample.audio
    sounds, starts = cuts(audio, layout), layout.starts.tolist()
    rows = [waveform(sound) for sound in levelled(sounds)]
    for row in rows[1:]:
        row[:2] = 128  # a line between two windows
    at = [f"{start:.2f} s" for start in starts]
    player = {"audio": heard(AudioSample(sounds.ravel(), audio.rate))} if audio else {}
    return {
        "frames": [picture(np.concatenate(rows))],
        "rows": [f"the window from {start}" for start in at],
        "yticks": [((i + 0.5) / len(at), start) for i, start in enumerate(at)],
        "xticks": [(share, f"+{text}") for share, text in second_ticks(layout.seconds)],
        **player,
        **axes(layout.seconds, starts),
    }


def axes(seconds: float, starts: Sequence[float] = (0.0,)) -> dict[str, Any]:
    """What all sounds share: one layer that fills the view, `seconds` wide, a row for each of `starts` (in seconds)."""
    size = {"width": 960, "height": 384, "box": [0, 0, 1, 1]}
    return {"order": [0], **size, "seconds": seconds, "starts": list(starts)}


def clip_base(sample: VideoSample, layout: VideoLayout) -> dict[str, Any]:
    """The frames the model read, window after window, with their moments in seconds."""
    height, width = sample.frames.shape[1:3]
    read, order = np.unique(layout.frames, return_inverse=True)
    times = sample.times[layout.frames]
    return {
        "frames": [picture(sample.frames[index]) for index in read.tolist()],
        "order": order.ravel().tolist(),
        "width": width,
        "height": height,
        "box": box_of(layout.box, width, height),
        "times": times.ravel().round(4).tolist(),
        "step": float(np.diff(times, axis=1).mean()) or 0.1,  # seconds a frame is shown
    }


def heard(sample: AudioSample) -> str:
    """Address of the sound as the model reads it, for the canvas's own player."""
    with (
        tempfile.NamedTemporaryFile(suffix=".wav", delete=False, dir=gradio_folder()) as file,
        wave.open(file, "wb") as sound,
    ):
        sound.setparams((1, 2, sample.rate, 0, "NONE", ""))
        sound.writeframes((np.clip(sample.waveform, -1, 1) * 32767).astype("<i2").tobytes())
    return f"gradio_api/file={file.name}"


def box_of(box: tuple[int, int, int], width: int, height: int) -> list[float]:
    """(left, top, side) in pixels as shares of the picture."""
    left, top, side = box
    return [left / width, top / height, (left + side) / width, (top + side) / height]


def picture(pixels: np.ndarray) -> str:
    """RGB or grey uint8 as a data URI of a WebP, without loss where it is small."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    image.save(file, "WEBP", quality=90, method=2, lossless=max(image.size) <= 256)
    return "data:image/webp;base64," + base64.b64encode(file.getvalue()).decode()
