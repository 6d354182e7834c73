"""OFF meshes, in text: OFF, COFF, NOFF, CNOFF and those with texture coordinates."""

from __future__ import annotations

import re

import numpy as np

from perceiver_zoo.media.geometry import Shape, eight_bit_colors, fans


def read_off(data: bytes) -> Shape:
    """Reads vertices, their colours if the header names them, and faces; of a cut file, all that is there.

    Raises ValueError if it is broken.
    """
    text = re.sub(r"#[^\r\n]*", "", data.decode("latin-1"))
    # The counts may follow on the same line, even without a space, as in many files of ModelNet.
    header = re.match(r"\s*(ST)?(C)?(N)?OFF", text)
    if header is None:
        raise ValueError("no header")
    lines = [words for words in map(str.split, text[header.end() :].splitlines()) if words]
    if not lines:
        raise ValueError("no counts")
    vertex_count, face_count = int(lines[0][0]), int(lines[0][1])
    if vertex_count < 0 or face_count < 0:
        raise ValueError("negative counts")
    rows, faces = lines[1 : 1 + vertex_count], lines[1 + vertex_count : 1 + vertex_count + face_count]
    wanted = [0, 1, 2]
    if header[2]:
        first = 6 if header[3] else 3
        wanted += [first, first + 1, first + 2]
    values = np.array([[float(row[i]) for i in wanted] for row in rows if len(row) > wanted[-1]], np.float64)
    values = values.reshape(-1, len(wanted))
    corners = [[int(word) for word in face[1 : 1 + int(face[0])]] for face in faces]
    return Shape(values[:, :3], eight_bit_colors(values[:, 3:]) if header[2] else None, fans(corners))
