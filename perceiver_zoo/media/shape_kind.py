"""Which 3D format a file is in."""

from __future__ import annotations

import os
import re
import zipfile
from pathlib import Path

from perceiver_zoo.media.error import MediaError, shown_name

ACCEPTED = "PLY, PCD, PTS, XYZ, XYZN, XYZRGB, OBJ, STL, OFF, GLB, self-contained glTF, NPY and NPZ"
# Formats that are told from their first bytes alone.
_MAGIC = {
    "ply": re.compile(rb"ply\s"),
    "pcd": re.compile(rb"(?:#[^\n]*\n\s*)*(?:# \.PCD|VERSION\s)"),
    "glb": re.compile(rb"glTF"),
    "npy": re.compile(rb"\x93NUMPY"),
    "off": re.compile(rb"\s*(?:#[^\n]*\n\s*)*(?:ST)?C?N?OFF[\s\d]"),
    "gltf": re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?=.*"asset")', re.DOTALL),
}
# Text whose first bytes may look like anything.
_TEXT = ("obj", "pts", "xyz", "xyzn", "xyzrgb", "gltf")
_EXTENSIONS = (*_MAGIC, *_TEXT, "stl", "npz")
_HEAD_BYTES = 65536


def shape_kind(file: Path) -> str | None:
    """The format of a 3D file as its usual extension, without the dot, or None if it is not one.

    The content tells where it can, the extension elsewhere. Raises MediaError if the two contradict each other.
    """
    named = file.suffix.lower().removeprefix(".")
    found = kind_by_content(file) or kind_by_name(file)
    if named in _EXTENSIONS and found != named:
        raise MediaError(
            f"{shown_name(file)} is named as {named.upper()} but holds "
            f"{found.upper() if found else 'something else'}; give the file its true extension or another file."
        )
    return found


def kind_by_content(file: Path) -> str | None:
    """The format, where the content alone is proof of it."""
    with open(file, "rb") as stream:
        head = stream.read(_HEAD_BYTES)
        size = os.fstat(stream.fileno()).st_size
    if found := next((kind for kind, magic in _MAGIC.items() if magic.match(head)), None):
        return found
    if head.startswith(b"PK\x03\x04"):
        return "npz" if _is_npz(file) else None
    return "stl" if _is_stl(head, size, file) else None


def kind_by_name(file: Path) -> str | None:
    """The format of a plain text file that only its extension tells."""
    named = file.suffix.lower().removeprefix(".")
    with open(file, "rb") as stream:
        return named if named in _TEXT and b"\0" not in stream.read(_HEAD_BYTES) else None


def _is_npz(file: Path) -> bool:
    try:
        with zipfile.ZipFile(file) as archive:
            return any(name.endswith(".npy") for name in archive.namelist())
    except (zipfile.BadZipFile, OSError, NotImplementedError):
        return False


def _is_stl(head: bytes, size: int, file: Path) -> bool:
    if re.match(rb"\s*solid\b.*\bfacet\b", head, re.DOTALL):
        return True
    expected = 84 + 50 * int.from_bytes(head[80:84], "little")
    # Some writers add bytes at the end; without the name only the exact size is proof enough.
    return expected > 84 and (size == expected or (file.suffix.lower() == ".stl" and size > expected))
