"""Point clouds as plain text, one point a line: XYZ, XYZN, XYZRGB and PTS."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_COMMENTS = ("#", "//")
_MOST_COLUMNS = 7


def read_text_cloud(data: bytes, kind: str) -> NDArray[np.float64]:
    """The rows x y z, then red green blue where `kind` ("xyz", "xyzn", "xyzrgb" or "pts") has them.

    Numbers may be parted by spaces, commas or semicolons. Headings, the count that starts a PTS file and a last
    line that is cut short are left out. Raises ValueError if there are no such rows.
    """
    lines = data.decode("latin-1").replace(",", " ").replace(";", " ").splitlines()
    first = next((number for number, line in enumerate(lines) if len(_numbers(line)) >= 3), None)
    if first is None:
        raise ValueError("no line holds three numbers")
    columns = range(min(len(_numbers(lines[first])), _MOST_COLUMNS))
    try:
        rows = _table(lines[first:], columns)
    except ValueError:
        rows = _table(lines[first:-1], columns)
    if kind == "xyzn":
        return rows[:, :3]
    # PTS has an intensity between position and colour.
    return np.delete(rows, 3, axis=1) if kind == "pts" and rows.shape[1] == _MOST_COLUMNS else rows


def _numbers(line: str) -> list[float]:
    """The numbers of one line, none if any word of it is not a number."""
    for mark in _COMMENTS:
        line = line.split(mark, 1)[0]
    try:
        return [float(word) for word in line.split()]
    except ValueError:
        return []


def _table(lines: list[str], columns: range) -> NDArray[np.float64]:
    return np.loadtxt(lines, comments=_COMMENTS, usecols=columns, ndmin=2, dtype=np.float64)
