"""Wavefront OBJ: vertices and faces only. Materials are never followed, they name other files."""

from __future__ import annotations

import numpy as np

from perceiver_zoo.media.geometry import Shape, eight_bit_colors, fans


def read_obj(data: bytes) -> Shape:
    """Reads vertices, their colours if all have one, and faces of any number of corners, cut into triangles.

    Raises ValueError for vertices or faces that are not numbers.
    """
    rows: list[list[float]] = []
    faces: list[list[int]] = []
    for line in data.replace(b"\\\r\n", b" ").replace(b"\\\n", b" ").splitlines():
        # Cut by hand before splitting: the many texture and normal lines are left out cheaply.
        kind = line.lstrip()[:2]
        if kind in (b"v ", b"v\t"):
            rows.append([float(word) for word in line.split(b"#")[0].split()[1:8]])
        elif kind in (b"f ", b"f\t"):
            words = line.split(b"#")[0].split()[1:]
            faces.append([_index(word.split(b"/", 1)[0], len(rows)) for word in words])
    widths = {len(row) for row in rows}
    if widths and min(widths) < 3:
        raise ValueError("a vertex has fewer than three coordinates")
    colors = None
    if widths and min(widths) >= 6:
        # Six numbers are x y z r g b, seven have a weight w before the colour.
        colors = eight_bit_colors(np.array([row[-3:] for row in rows], np.float64))
    vertices = np.array([row[:3] for row in rows], np.float64).reshape(-1, 3)
    return Shape(vertices, colors, fans(faces))


def _index(word: bytes, count: int) -> int:
    number = int(word)
    return number - 1 if number > 0 else count + number
