"""Point clouds, written as PLY."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def write_point_cloud(
    path: str | os.PathLike[str], points: NDArray[Any], colors: NDArray[np.uint8] | None = None
) -> None:
    """Writes points `[P, 3]` (kept as float32) and uint8 RGB colours `[P, 3]`, if given, as binary PLY.

    Raises ValueError for other shapes.
    """
    if points.ndim != 2 or points.shape[1] != 3:
        raise ValueError(f"points must be [P, 3], not {list(points.shape)}")
    if colors is not None and (colors.shape != points.shape or colors.dtype != np.uint8):
        raise ValueError(f"colors must be uint8 [P, 3], not {colors.dtype} {list(colors.shape)}")
    fields: list[tuple[str, str]] = [(axis, "<f4") for axis in "xyz"]
    properties = [f"property float {axis}" for axis in "xyz"]
    if colors is not None:
        fields += [(name, "u1") for name in ("red", "green", "blue")]
        properties += [f"property uchar {name}" for name in ("red", "green", "blue")]
    rows = np.zeros(len(points), dtype=fields)
    for column, axis in enumerate("xyz"):
        rows[axis] = points[:, column]
    if colors is not None:
        for column, name in enumerate(("red", "green", "blue")):
            rows[name] = colors[:, column]
    lines = [
        "ply",
        "format binary_little_endian 1.0",
        f"element vertex {len(points)}",
        *properties,
        "end_header",
        "",
    ]
    Path(path).write_bytes("\n".join(lines).encode("ascii") + rows.tobytes())
