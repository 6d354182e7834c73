"""glTF and GLB: cut down to geometry and checked before a parser sees them, so that no other file is opened."""

from __future__ import annotations

import json
import struct
from typing import Any

_JSON_CHUNK, _BINARY_CHUNK = 0x4E4F534A, 0x004E4942
# Everything else (materials, textures, skins, cameras, animations) is of no use here and only adds ways to break.
_KEPT = {
    "": ("asset", "scene", "scenes", "nodes", "meshes", "accessors", "bufferViews", "buffers"),
    "nodes": ("mesh", "children", "matrix", "translation", "rotation", "scale", "name"),
    "meshes": ("primitives", "name"),
    "primitives": ("attributes", "indices", "mode"),
}


class ExternalFileError(ValueError):
    """The file keeps its data in another file."""


class CompressedError(ValueError):
    """The file needs an extension, such as a mesh compression, that is not understood here."""


def geometry_only(data: bytes) -> bytes:
    """The same glTF or GLB with its geometry only, written anew.

    Raises ExternalFileError if a buffer lies in another file, CompressedError if it needs an extension,
    ValueError if it is broken.
    """
    if data[:4] != b"glTF":
        return json.dumps(_checked(json.loads(data))).encode()
    chunks = _chunks(data)
    text = json.dumps(_checked(json.loads(chunks[_JSON_CHUNK]))).encode()
    text += b" " * (-len(text) % 4)
    parts = [struct.pack("<II", len(text), _JSON_CHUNK), text]
    if binary := chunks.get(_BINARY_CHUNK):
        binary += b"\0" * (-len(binary) % 4)
        parts += [struct.pack("<II", len(binary), _BINARY_CHUNK), binary]
    body = b"".join(parts)
    return struct.pack("<4sII", b"glTF", 2, 12 + len(body)) + body


def _chunks(data: bytes) -> dict[int, bytes]:
    if len(data) < 20 or struct.unpack_from("<I", data, 4)[0] != 2:
        raise ValueError("not GLB version 2")
    chunks: dict[int, bytes] = {}
    at = 12
    while at + 8 <= len(data):
        size, kind = struct.unpack_from("<II", data, at)
        if at + 8 + size > len(data):
            raise ValueError("a chunk passes the end of the file")
        chunks.setdefault(kind, data[at + 8 : at + 8 + size])
        at += 8 + size
    if _JSON_CHUNK not in chunks:
        raise ValueError("no JSON chunk")
    return chunks


def _checked(scene: Any) -> dict[str, Any]:
    if "asset" not in scene:
        raise ValueError("not glTF")
    # Quantisation only allows smaller number types, which the parser reads as they are.
    if needed := set(scene.get("extensionsRequired", ())) - {"KHR_mesh_quantization", "KHR_materials_unlit"}:
        raise CompressedError(", ".join(sorted(map(str, needed))))
    for buffer in scene.get("buffers", ()):
        if not str(buffer.get("uri", "data:")).startswith("data:"):
            raise ExternalFileError(str(buffer["uri"]))
    kept = {key: scene[key] for key in _KEPT[""] if key in scene}
    kept["asset"] = {"version": "2.0"}
    kept["nodes"] = [_only(node, "nodes") for node in scene.get("nodes", ())]
    kept["meshes"] = [_only(mesh, "meshes") for mesh in scene.get("meshes", ())]
    for mesh in kept["meshes"]:
        mesh["primitives"] = [_only(primitive, "primitives") for primitive in mesh["primitives"]]
    kept["buffers"] = [{k: b[k] for k in ("uri", "byteLength") if k in b} for b in scene.get("buffers", ())]
    return kept


def _only(part: dict[str, Any], kind: str) -> dict[str, Any]:
    return {key: part[key] for key in _KEPT[kind] if key in part}
