"""Where on a view an element lies, and which element lies at a place.

A place is what the view sends for a click: [layer, row, column] of the shown cells, or [point]. An element is
(window, index); its mark is the `frames` (layers, from and to) and the `box` (shares of what was read) it covers.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from demo.views.bases import column_edges, held_by, length_of
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioLayout
from perceiver_zoo.modalities.audiovisual import WaveLayout
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views.audiovisual import WIDTH

Place = list[int]
Element = tuple[int, int]


def mark(box: Iterable[float], first: int = 0, last: int = 1) -> dict[str, Any]:
    return {"frames": [first, last], "box": [float(share) for share in box]}


def image_element(layout: ImageLayout, place: Place) -> Element:
    _, row, column = place
    return 0, row * layout.size + column


def image_mark(layout: ImageLayout, element: Element) -> dict[str, Any]:
    row, column = divmod(element[1], layout.size)
    return mark(
        [column / layout.size, row / layout.size, (column + 1) / layout.size, (row + 1) / layout.size]
    )


def sound_element(sample: AudioSample, layout: AudioLayout, place: Place) -> Element:
    """Where windows overlap, the element of the one whose middle is nearest; KeyError where none was read."""
    _, row, column = place
    edges = column_edges(layout, length_of(sample, layout))
    moment = (edges[column] + edges[column + 1]) / 2
    held = held_by(layout, np.array([moment]))[:, 0]
    windows = np.flatnonzero(held >= 0)
    if not len(windows):
        raise KeyError("no window holds this moment")
    middles = layout.starts[windows] + layout.seconds / 2
    window = int(windows[np.abs(middles - moment).argmin()])
    return window, (layout.grid[0] - 1 - row) * layout.grid[1] + int(held[window])


def sound_mark(sample: AudioSample, layout: AudioLayout, element: Element) -> dict[str, Any]:
    window, index = element
    rows, columns = layout.grid
    row, column = divmod(index, columns)
    seconds, step = length_of(sample, layout), layout.seconds / columns
    left = float(layout.starts[window]) + column * step
    return mark([left / seconds, 1 - (row + 1) / rows, (left + step) / seconds, 1 - row / rows])


def wave_element(layout: WaveLayout, place: Place) -> Element:
    _, window, column = place
    return window, column * layout.sound // WIDTH


def wave_mark(layout: WaveLayout, element: Element) -> dict[str, Any]:
    window, index = element
    windows = len(layout.starts)
    return mark([index / layout.sound, window / windows, (index + 1) / layout.sound, (window + 1) / windows])


def clip_element(layout: VideoLayout, place: Place) -> Element:
    """Of the patches that share a frame, the last that holds it."""
    frame, row, column = place
    window, at = divmod(frame, layout.frames.shape[1])
    moments, rows, columns = layout.grid
    moment = min(at // layout.stride, moments - 1)
    return window, (moment * rows + row) * columns + column


def clip_mark(layout: VideoLayout, element: Element) -> dict[str, Any]:
    window, index = element
    _, rows, columns = layout.grid
    moment, row, column = np.unravel_index(index, layout.grid)
    first = window * layout.frames.shape[1] + int(moment) * layout.stride
    box = [column / columns, row / rows, (column + 1) / columns, (row + 1) / rows]
    return mark(box, first, first + layout.patch[0])
