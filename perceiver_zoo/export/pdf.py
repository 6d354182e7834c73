"""One page as a PDF 1.4: words as text in Helvetica, which every reader has, and pictures as pixels."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

POINTS = 0.75  # of a pixel, 96 of which are an inch
SIZE = 13  # pixels of the words
MIDDLE = 0.35  # of their size, from the base line up to the middle of a capital
# Widths of the characters from space to tilde, in thousandths of the size (Adobe's metrics of Helvetica).
WIDTHS = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
    722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
    556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
    260, 334, 584,
]  # fmt: skip
BEFORE = {"start": 0.0, "middle": 0.5, "end": 1.0}  # of a word's width, from its anchor to the left


def page(
    width: int,
    height: int,
    pictures: Sequence[tuple[int, int, np.ndarray]],
    words: Sequence[tuple[int, int, str, str]],
) -> bytes:
    """A page of `width` by `height` pixels. pictures: (left, top, RGB uint8 [h, w, 3]); words: (x, y of their middle,
    what x is of them: start, middle or end, text). What Windows' Latin alphabet does not have becomes "?".
    """
    drawn = [f"{POINTS} 0 0 {POINTS} 0 0 cm"]  # from here on pixels, but upwards from the bottom
    for at, (left, top, picture) in enumerate(pictures):
        high, wide = picture.shape[:2]
        drawn.append(f"q {wide} 0 0 {high} {left} {height - top - high} cm /P{at} Do Q")
    for x, y, anchor, text in words:
        left, base = x - BEFORE[anchor] * width_of(text), height - y - MIDDLE * SIZE
        shown = text.encode("cp1252", "replace").hex()
        drawn.append(f"BT /F1 {SIZE} Tf {left:.2f} {base:.2f} Td <{shown}> Tj ET")
    names = " ".join(f"/P{at} {at + 6} 0 R" for at in range(len(pictures)))
    return document(
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width * POINTS} {height * POINTS}] /Contents 5 0 R "
        f"/Resources << /Font << /F1 4 0 R >> /XObject << {names} >> >> >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        stream("\n".join(drawn).encode()),
        *(
            stream(
                picture.tobytes(),
                f"/Type /XObject /Subtype /Image /Width {picture.shape[1]} /Height {picture.shape[0]} "
                "/ColorSpace /DeviceRGB /BitsPerComponent 8 ",
            )
            for _, _, picture in pictures
        ),
    )


def width_of(text: str) -> float:
    """Pixels of one line; letters with accents count as a digit does."""
    return sum(WIDTHS[ord(c) - 32] if " " <= c <= "~" else 556 for c in text) * SIZE / 1000


def stream(content: bytes, facts: str = "") -> bytes:
    packed = zlib.compress(content)
    head = f"<< {facts}/Filter /FlateDecode /Length {len(packed)} >>\nstream\n".encode()
    return head + packed + b"\nendstream"


def document(*objects: bytes) -> bytes:
    """The file: objects numbered from 1, the first of them the catalogue, and the table of where each begins."""
    file, starts = b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n", []
    for number, content in enumerate(objects, 1):
        starts.append(len(file))
        file += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % start for start in starts)
    head = b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    trailer = b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(file))
    return file + head + table + trailer
