"""3D shapes: meshes and point clouds, read into points."""

from __future__ import annotations

import os
import zipfile
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray

from perceiver_zoo.media import gltf, pcd
from perceiver_zoo.media.error import MAX_FILE_BYTES, MediaError, checked_file, decoding, shown_name
from perceiver_zoo.media.geometry import NO_TRIANGLES, Shape, cloud_of, eight_bit_colors, z_up
from perceiver_zoo.media.obj import read_obj
from perceiver_zoo.media.off import read_off
from perceiver_zoo.media.open3d_loader import load_open3d
from perceiver_zoo.media.ply import read_ply
from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.media.shape_kind import ACCEPTED, shape_kind
from perceiver_zoo.media.text_cloud import read_text_cloud

# Read here and not by Open3D 0.20, which drops the quads of OBJ, crashes on damaged OFF, and fills what a cut PLY or
# an odd PTS lacks with whatever its memory holds.
_READERS = {"ply": read_ply, "obj": read_obj, "off": read_off}
# glTF says so (specification, 3.4), OBJ exporters do so; all others lie as they are stored.
_Y_UP = ("gltf", "glb", "obj")


def read_point_cloud(path: str | os.PathLike[str], points: int = 8192) -> PointCloudSample:
    """Reads a 3D shape as at most `points` points, always the same ones for the same file.

    Gives float32 positions `[P, 3]` in the file's own units, z up (moved to their middle where single precision
    would lose them) and uint8 RGB `[P, 3]` or None. Meshes are sampled uniformly over their surface, larger clouds
    are thinned by farthest-point sampling, points that are not finite are dropped. Files that keep their data in
    another file are refused, materials and textures are left out. Raises MediaError, also for a shape without points.
    """
    file = checked_file(path)
    with decoding(file, "a 3D shape", ACCEPTED):
        kind = shape_kind(file)
        if kind is None:
            raise MediaError(
                f"{shown_name(file)} is not a 3D shape that can be read; accepted are {ACCEPTED}."
            )
        shape = _read_shape(file, kind)
        found, colors = cloud_of(z_up(shape) if kind in _Y_UP else shape, points)
    if len(found) == 0:
        raise MediaError(f"{shown_name(file)} holds no points; accepted are {ACCEPTED}.")
    return PointCloudSample(found, colors)


def _read_shape(file: Path, kind: str) -> Shape:
    if kind in ("npy", "npz"):
        rows = _npy_rows(file) if kind == "npy" else _npz_rows(file)
        if not _is_rows(rows):
            raise MediaError(
                f"{shown_name(file)} holds {rows.dtype} {list(rows.shape)}; "
                "a cloud is an array of numbers [P, 3], or [P, 6] with colours."
            )
        return _from_rows(rows)
    data = file.read_bytes()
    if kind in _READERS:
        return _READERS[kind](data)
    if kind in ("xyz", "xyzn", "xyzrgb", "pts"):
        return _from_rows(read_text_cloud(data, kind))
    return _parsed_by_open3d(_prepared(file, kind, data), kind)


def _prepared(file: Path, kind: str, data: bytes) -> bytes:
    """The bytes for Open3D: whole, and with nothing that leads out of the file."""
    if kind in ("gltf", "glb"):
        try:
            return gltf.geometry_only(data)
        except gltf.ExternalFileError:
            raise MediaError(
                f"{shown_name(file)} keeps its data in another file, which is not opened; export it as one GLB file."
            ) from None
        except gltf.CompressedError as error:
            raise MediaError(
                f"{shown_name(file)} needs the glTF extension {error}, which is not supported; export it without."
            ) from None
    if kind == "pcd":
        pcd.check_whole(data)
    return data


def _parsed_by_open3d(data: bytes, kind: str) -> Shape:
    """Open3D goes by the file's name, so it gets its own copy under a plain one, alone in its folder."""
    open3d = load_open3d()
    with TemporaryDirectory(prefix="perceiver-zoo-") as folder:
        copy = str(Path(folder, f"shape.{kind}"))
        Path(copy).write_bytes(data)
        if kind == "pcd":
            cloud = open3d.io.read_point_cloud(copy)
            vertices, colors, triangles = np.asarray(cloud.points), np.asarray(cloud.colors), NO_TRIANGLES
        else:
            mesh = open3d.io.read_triangle_mesh(copy)
            vertices, colors = np.asarray(mesh.vertices), np.asarray(mesh.vertex_colors)
            triangles = np.asarray(mesh.triangles).astype(np.int64)
    has_colors = len(colors) == len(vertices)
    return Shape(vertices.astype(np.float64), eight_bit_colors(colors) if has_colors else None, triangles)


def _npy_rows(file: Path) -> NDArray[Any]:
    # Mapped, so that a header with a false shape cannot ask for memory; objects are never unpickled.
    return np.load(file, mmap_mode="r", allow_pickle=False)


def _npz_rows(file: Path) -> NDArray[Any]:
    with zipfile.ZipFile(file) as archive:
        sizes = {
            entry.filename: entry.file_size for entry in archive.infolist() if entry.filename.endswith(".npy")
        }
        if sum(sizes.values()) > MAX_FILE_BYTES:
            limit = MAX_FILE_BYTES / 2**20
            raise MediaError(
                f"{shown_name(file)} unpacks to more than {limit:.0f} MiB, which is the most accepted."
            )
        arrays: dict[str, NDArray[Any]] = {}
        for name in sizes:
            with BytesIO(archive.read(name)) as entry:
                arrays[name.removesuffix(".npy")] = np.lib.format.read_array(entry, allow_pickle=False)
    fitting = [rows for rows in arrays.values() if _is_rows(rows)]
    if "points" in arrays:
        return arrays["points"]
    if len(fitting) != 1:
        raise MediaError(
            f"{shown_name(file)} holds {len(fitting)} arrays of points; "
            "an NPZ needs one array [P, 3] or wider, or one named “points”."
        )
    return fitting[0]


def _is_rows(array: NDArray[Any]) -> bool:
    return array.ndim == 2 and array.shape[1] >= 3 and array.dtype.kind in "fiu"


def _from_rows(rows: NDArray[Any]) -> Shape:
    """Columns are x y z, then, from six columns on, red green blue unless a value shows that they are normals."""
    extra = np.asarray(rows[:, 3:6])
    is_color = extra.shape[1] == 3 and bool(((extra >= 0) & (extra <= 255)).all())
    return Shape(rows[:, :3].astype(np.float64), eight_bit_colors(extra) if is_color else None, NO_TRIANGLES)
