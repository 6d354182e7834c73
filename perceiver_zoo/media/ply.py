"""PLY meshes and clouds, text or binary."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from perceiver_zoo.media.geometry import NO_TRIANGLES, Shape, eight_bit_colors, fans

_CODES = ("i1", "u1", "i2", "u2", "i4", "u4", "f4", "f8")
_OLD_NAMES = ("char", "uchar", "short", "ushort", "int", "uint", "float", "double")
_NEW_NAMES = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "float32", "float64")
_TYPES: dict[str, str] = dict(zip(_OLD_NAMES + _NEW_NAMES, _CODES * 2, strict=True))
_COLOR_NAMES = (("red", "green", "blue"), ("diffuse_red", "diffuse_green", "diffuse_blue"), ("r", "g", "b"))
_INDEX_NAMES = ("vertex_indices", "vertex_index")


@dataclass(frozen=True)
class _Property:
    name: str
    dtype: str
    # The type of the number that says how long a list is; None for a single value.
    length: str | None = None


@dataclass(frozen=True)
class _Element:
    name: str
    count: int
    properties: list[_Property]


# What is read of an element: a column for each single value, and one list a row for each list.
_Table = dict[str, NDArray | list[list[int]]]


def read_ply(data: bytes) -> Shape:
    """Reads positions, colours and faces; of a file that is cut short, all that is there.

    Raises ValueError if it is broken or has no vertices.
    """
    encoding, elements, body = _header(data)
    tables: dict[str, _Table] = {}
    if encoding == "ascii":
        lines = [line for line in body.decode("latin-1").splitlines() if line.strip()]
        for element in elements:
            part, lines = lines[: element.count], lines[element.count :]
            tables[element.name] = _from_text(part, element)
    else:
        order = "<" if encoding == "binary_little_endian" else ">"
        for element in elements:
            tables[element.name], body = _from_bytes(body, element, order)
    vertex = tables["vertex"]
    vertices = np.stack([np.asarray(vertex[axis], np.float64) for axis in "xyz"], axis=1)
    names = next((names for names in _COLOR_NAMES if all(name in vertex for name in names)), None)
    colors = None
    if names is not None:
        colors = eight_bit_colors(np.stack([np.asarray(vertex[name]) for name in names], axis=1))
    faces = tables.get("face", {})
    corners = next((faces[name] for name in _INDEX_NAMES if name in faces), None)
    return Shape(vertices, colors, NO_TRIANGLES if corners is None else fans(corners))


def _header(data: bytes) -> tuple[str, list[_Element], bytes]:
    found = re.match(rb"ply\s(.*?)\nend_header[ \t]*\r?\n", data, re.DOTALL)
    if found is None:
        raise ValueError("no header")
    encoding, elements = "", []
    for line in found[1].decode("latin-1").splitlines():
        match line.split():
            case ["format", encoding, _]:
                pass
            case ["element", name, count]:
                elements.append(_Element(name, max(0, int(count)), []))
            case ["property", "list", length, kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind], _TYPES[length]))
            case ["property", kind, name]:
                elements[-1].properties.append(_Property(name, _TYPES[kind]))
    if encoding not in ("ascii", "binary_little_endian", "binary_big_endian"):
        raise ValueError(f"unknown encoding {encoding}")
    return encoding, elements, data[found.end() :]


def _from_text(lines: list[str], element: _Element) -> _Table:
    names = [part.name for part in element.properties]
    if all(part.length is None for part in element.properties):
        if lines and len(lines[-1].split()) < len(names):
            lines = lines[:-1]
        values = np.loadtxt(lines, ndmin=2, usecols=range(len(names))) if lines else np.zeros((0, len(names)))
        return {part.name: values[:, i].astype(part.dtype) for i, part in enumerate(element.properties)}
    columns: dict[str, list[list[int]]] = {name: [] for name in names}
    for line in lines:
        words = iter(line.split())
        try:
            row = [
                [next(words) for _ in range(1 if p.length is None else int(next(words)))]
                for p in element.properties
            ]
            # Every value of a row is kept as a list, for only the lists of such an element are ever used.
            numbers = [[int(float(word)) for word in words] for words in row]
        except StopIteration:
            # The file is cut short here.
            break
        for name, values in zip(names, numbers, strict=True):
            columns[name].append(values)
    return dict(columns)


def _from_bytes(body: bytes, element: _Element, order: str) -> tuple[_Table, bytes]:
    """The element that starts the body, and the body after it."""
    # The usual case first: all lists are as long as those of the first row, so that rows have one size.
    lengths = _first_lengths(body, element, order)
    fields = []
    for number, (part, length) in enumerate(zip(element.properties, lengths, strict=True)):
        if part.length is not None:
            fields.append((f"length {number}", order + part.length))
        fields.append((f"value {number}", order + part.dtype, () if part.length is None else (length,)))
    row = np.dtype(fields)
    count = min(element.count, len(body) // row.itemsize) if row.itemsize else 0
    rows = np.frombuffer(body, row, count)
    lists = [n for n, part in enumerate(element.properties) if part.length is not None]
    if any((rows[f"length {n}"] != lengths[n]).any() for n in lists):
        return _uneven_rows(body, element, order)
    table: _Table = {part.name: rows[f"value {n}"] for n, part in enumerate(element.properties)}
    return table, body[count * row.itemsize :]


def _first_lengths(body: bytes, element: _Element, order: str) -> list[int]:
    at, lengths = 0, []
    for part in element.properties:
        length = 1
        if part.length is not None:
            kind = np.dtype(order + part.length)
            present = element.count > 0 and at + kind.itemsize <= len(body)
            length = int(np.frombuffer(body, kind, 1, at)[0]) if present else 0
            at += kind.itemsize
        lengths.append(length)
        at += length * np.dtype(part.dtype).itemsize
    return lengths


def _uneven_rows(body: bytes, element: _Element, order: str) -> tuple[_Table, bytes]:
    columns: dict[str, list[list[int]]] = {part.name: [] for part in element.properties}
    at = 0

    def take(kind: str, count: int) -> list[int]:
        nonlocal at
        # A count below zero would mean all that is left.
        values = np.frombuffer(body, order + kind, max(count, 0), at)
        at += values.nbytes
        return values.tolist()

    try:
        for _ in range(element.count):
            row = [
                take(p.dtype, 1 if p.length is None else int(take(p.length, 1)[0]))
                for p in element.properties
            ]
            for part, values in zip(element.properties, row, strict=True):
                columns[part.name].append(values)
    except ValueError:
        # The file is cut short here.
        return dict(columns), b""
    return dict(columns), body[at:]
