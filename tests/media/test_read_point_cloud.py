"""3D shapes: every format gives finite points, meshes evenly over their surface, clouds well spread."""

from __future__ import annotations

import base64
import io
import json
import os
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_making import (
    TRIANGLES,
    VERTICES,
    check_sample,
    glb_bytes,
    gltf_scene,
    mesh_ply,
    rows_of,
    stl_bytes,
)

from perceiver_zoo.media import MediaError, PointCloudSample, open3d_loader, point_cloud, write_point_cloud
from perceiver_zoo.media.geometry import Shape, cloud_of
from perceiver_zoo.media.point_cloud import read_point_cloud

SQUARE = "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\n"


def as_stored(points: np.ndarray) -> np.ndarray:
    """What a file with y up holds where the reader gives `points` with z up."""
    return points[:, [0, 2, 1]] * np.array([1, 1, -1], np.float32)


def on_tetrahedron(points: np.ndarray) -> np.ndarray:
    inside = (points > -1e-5).all(axis=1) & (points.sum(axis=1) < 1 + 1e-5)
    return inside & ((np.abs(points).min(axis=1) < 1e-5) | (np.abs(points.sum(axis=1) - 1) < 1e-5))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("shape.ply", mesh_ply()),
        ("shape.stl", stl_bytes()),
        ("shape.obj", (rows_of(VERTICES, "v ") + rows_of(TRIANGLES + 1, "f ")).encode()),
        ("SHAPE.OFF", ("OFF\n4 4 0\n" + rows_of(VERTICES) + rows_of(TRIANGLES, "3 ")).encode()),
        ("joined.off", ("OFF4 4 0\n" + rows_of(VERTICES) + rows_of(TRIANGLES, "3 ")).encode()),
    ],
)
def test_meshes_are_sampled_on_their_surface(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    sample = read_point_cloud(tmp_path / name, points=2000)
    check_sample(sample)
    assert sample.points.shape == (2000, 3)
    points = as_stored(sample.points) if name.endswith("obj") else sample.points
    assert on_tetrahedron(points).all()
    slanted = np.abs(points.sum(axis=1) - 1) < 1e-5
    assert slanted.mean() == pytest.approx(np.sqrt(3) / (3 + np.sqrt(3)), abs=0.01)
    np.testing.assert_array_equal(sample.points, read_point_cloud(tmp_path / name, points=2000).points)


def test_glb_and_gltf_are_read_in_place(tmp_path: Path) -> None:
    scene, binary = gltf_scene(None)
    scene["buffers"][0]["uri"] = "data:application/octet-stream;base64," + base64.b64encode(binary).decode()
    (tmp_path / "shape.gltf").write_text(json.dumps(scene))
    (tmp_path / "shape.glb").write_bytes(glb_bytes())
    for name in ("shape.gltf", "shape.glb"):
        points = read_point_cloud(tmp_path / name, points=500).points
        assert on_tetrahedron(as_stored(points) - np.array([10, 0, 0], np.float32)).all()


def test_formats_with_y_up_are_turned_upright(tmp_path: Path) -> None:
    rows = "0 0 0\n0 5 0\n1 0 0\n"
    (tmp_path / "tall.obj").write_text("".join(f"v {row}\n" for row in rows.splitlines()))
    (tmp_path / "tall.xyz").write_text(rows)
    up = [
        np.ptp(read_point_cloud(tmp_path / name).points, axis=0).argmax() for name in ("tall.obj", "tall.xyz")
    ]
    assert up == [2, 1]


@pytest.mark.parametrize(
    "uri", ["shape.bin", "../shape.bin", "/etc/passwd", "file:///etc/passwd", "http://127.0.0.1/x"]
)
def test_gltf_opens_no_other_file(tmp_path: Path, uri: str) -> None:
    scene, binary = gltf_scene(uri)
    (tmp_path / "shape.bin").write_bytes(binary)
    (tmp_path / "shape.gltf").write_text(json.dumps(scene))
    with pytest.raises(MediaError, match=r"shape\.gltf.*another file"):
        read_point_cloud(tmp_path / "shape.gltf")


def test_gltf_that_needs_an_extension_says_so(tmp_path: Path) -> None:
    scene, _ = gltf_scene("data:,")
    scene["extensionsRequired"] = ["KHR_draco_mesh_compression"]
    (tmp_path / "packed.gltf").write_text(json.dumps(scene))
    with pytest.raises(MediaError, match="KHR_draco_mesh_compression"):
        read_point_cloud(tmp_path / "packed.gltf")


def test_obj_faces_of_every_form(tmp_path: Path) -> None:
    head = "mtllib /etc/passwd\nvt 0 0\nvn 0 0 1\n"
    faces = [
        "f 1 2 3 4",
        "f 1/1 2/1 3/1 4/1",
        "f 1//1 2//1 3//1 4//1",
        "f -4 -3 -2 -1",
        "f 1 2 \\\n3 4",
        "f 1 2 3 # 9\nf 1 3 4",
    ]
    for face in faces:
        (tmp_path / "square.obj").write_text(head + SQUARE + "usemtl gold\n" + face + "\n")
        points = as_stored(read_point_cloud(tmp_path / "square.obj", points=400).points)
        assert (points[:, 2] == 0).all()
        np.testing.assert_allclose(points.mean(axis=0), [0.5, 0.5, 0], atol=0.05, err_msg=face)


def test_obj_colours_are_mixed_over_the_faces(tmp_path: Path) -> None:
    (tmp_path / "red.obj").write_text("v 0 0 0 1 0 0\nv 1 0 0 1 0 0\nv 0 1 0 0 0 0\nf 1 2 3\n")
    sample = read_point_cloud(tmp_path / "red.obj", points=300)
    assert sample.colors is not None
    np.testing.assert_allclose(sample.colors[:, 0], 255 * (1 - as_stored(sample.points)[:, 1]), atol=1)


def test_obj_with_vertices_only_is_a_cloud(tmp_path: Path) -> None:
    (tmp_path / "cloud.obj").write_text(SQUARE)
    assert len(read_point_cloud(tmp_path / "cloud.obj").points) == 4


@pytest.mark.parametrize(
    ("name", "text", "colored"),
    [
        ("c.xyz", "0 0 0\n1 2 3\n4 5 6\n", False),
        ("c.xyz", "0,0,0\n1,2,3\n4,5,6\n", False),
        ("c.xyzn", "0 0 0 0 0 1\n1 2 3 0 0 1\n4 5 6 0 0 1\n", False),
        ("c.xyzrgb", "0 0 0 1 0 0\n1 2 3 0 1 0\n4 5 6 0 0 1\n", True),
        ("c.xyzrgb", "0 0 0 255 0 0\n1 2 3 0 255 0\n4 5 6 0 0 255\n", True),
        ("c.pts", "3\n0 0 0 7 255 0 0\n1 2 3 7 0 255 0\n4 5 6 7 0 0 255\n", True),
        ("c.pts", "3\r\n0 0 0 .5 255.0 0 0\r\n1 2 3 .5 0 255.0 0\r\n4 5 6 .5 0 0 255.0\r\n", True),
        ("c.pts", "0 0 0\n1 2 3\n4 5 6\n", False),
        ("c.xyz", "// made by hand\nX;Y;Z\n0;0;0\n1;2;3 # here\n\n4;5;6\n7;8", False),
    ],
)
def test_text_clouds(tmp_path: Path, name: str, text: str, colored: bool) -> None:
    (tmp_path / name).write_text(text)
    sample = read_point_cloud(tmp_path / name)
    assert sample.points.tolist() == [[0, 0, 0], [1, 2, 3], [4, 5, 6]]
    assert (sample.colors is not None) == colored
    if sample.colors is not None:
        assert sample.colors.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]


@pytest.mark.parametrize("colored", [False, True])
def test_ply_comes_back_as_written(tmp_path: Path, colored: bool) -> None:
    points = np.random.default_rng(1).normal(size=(200, 3)).astype(np.float32)
    colors = np.random.default_rng(2).integers(0, 256, (200, 3), np.uint8) if colored else None
    write_point_cloud(tmp_path / "cloud.ply", points, colors)
    sample = read_point_cloud(tmp_path / "cloud.ply")
    np.testing.assert_array_equal(sample.points, points)
    assert (sample.colors is not None) == colored
    if colors is not None:
        np.testing.assert_array_equal(sample.colors, colors)


PLY_HEADER = (
    "ply\nformat {} 1.0\ncomment by hand\nelement vertex 5\nproperty double x\nproperty float y\nproperty float z\n"
    "property uchar red\nproperty uchar green\nproperty uchar blue\nelement face {}\nproperty uchar quality\n"
    "property list uchar int vertex_indices\nelement edge 1\nproperty int vertex1\nend_header\n"
)
PLY_FACES = {
    "triangles": [[0, 1, 2], [0, 2, 3]],
    "quads": [[0, 1, 2, 3], [0, 3, 2, 1]],
    "mixed": [[0, 1, 2], [0, 1, 2, 3], [0, 1, 4, 2, 3]],
    "none": [],
}


def ply_bytes(encoding: str, faces: list[list[int]]) -> bytes:
    corners = [(0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (1, 0.5, 0)]
    header = PLY_HEADER.format(encoding, len(faces)).encode()
    if encoding == "ascii":
        lines = [f"{x} {y} {z} 1 1 1" for x, y, z in corners]
        lines += [" ".join(map(str, [7, len(face), *face])) for face in faces]
        return header + "\n".join([*lines, "0", ""]).encode()
    order = "<" if encoding == "binary_little_endian" else ">"
    body = b"".join(struct.pack(order + "dff3B", *corner, 1, 1, 1) for corner in corners)
    body += b"".join(struct.pack(f"{order}BB{len(face)}i", 7, len(face), *face) for face in faces)
    return header + body + struct.pack(order + "i", 0)


@pytest.mark.parametrize("encoding", ["ascii", "binary_little_endian", "binary_big_endian"])
@pytest.mark.parametrize("faces", PLY_FACES)
def test_ply_of_every_form(tmp_path: Path, encoding: str, faces: str) -> None:
    content = ply_bytes(encoding, PLY_FACES[faces])
    (tmp_path / "form.ply").write_bytes(content)
    sample = read_point_cloud(tmp_path / "form.ply", points=400)
    check_sample(sample)
    assert len(sample.points) == (400 if faces != "none" else 5)
    assert (sample.points[:, 2] == 0).all() and sample.points.min() >= 0 and sample.points.max() <= 1
    # Colours are whole numbers here, so that 1 is nearly black and not full.
    assert sample.colors is not None and (sample.colors == 1).all()
    if faces != "none":
        np.testing.assert_allclose(sample.points.mean(axis=0), [0.5, 0.5, 0], atol=0.1)


@pytest.mark.parametrize("encoding", ["ascii", "binary_little_endian"])
@pytest.mark.parametrize("faces", PLY_FACES)
def test_ply_cut_at_every_byte(tmp_path: Path, encoding: str, faces: str) -> None:
    content = ply_bytes(encoding, PLY_FACES[faces])
    for end in range(1, len(content)):
        (tmp_path / "cut.ply").write_bytes(content[:end])
        try:
            sample = read_point_cloud(tmp_path / "cut.ply", points=8)
        except MediaError:
            continue
        check_sample(sample)
        assert sample.points.min() >= 0 and sample.points.max() <= 1


@pytest.mark.parametrize("end", [-1, -5, -20])
def test_pcd_that_is_cut_short_is_refused(tmp_path: Path, end: int) -> None:
    open3d = pytest.importorskip("open3d")
    cloud = open3d.geometry.PointCloud(
        open3d.utility.Vector3dVector(np.random.default_rng(0).random((50, 3)))
    )
    for compressed, text in ((False, False), (True, False), (False, True)):
        open3d.io.write_point_cloud(
            str(tmp_path / "whole.pcd"), cloud, write_ascii=text, compressed=compressed
        )
        content = (tmp_path / "whole.pcd").read_bytes()
        assert len(read_point_cloud(tmp_path / "whole.pcd").points) == 50
        (tmp_path / "cut.pcd").write_bytes(content[: end * (30 if text else 1)])
        with pytest.raises(MediaError, match=r"cut\.pcd"):
            read_point_cloud(tmp_path / "cut.pcd")


def test_coloured_off(tmp_path: Path) -> None:
    (tmp_path / "c.off").write_text("COFF # colours\n2 0 0\n0 0 0 255 0 0 255\n1 1 1 0 0 255 255\n")
    sample = read_point_cloud(tmp_path / "c.off")
    assert sample.colors is not None and sample.colors.tolist() == [[255, 0, 0], [0, 0, 255]]


def test_large_clouds_are_thinned_evenly(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    # Nearly all points in one corner: a random choice would leave the rest of the square empty.
    dense, wide = rng.random((20000, 3)) * 0.01, rng.random((2000, 3))
    np.save(tmp_path / "uneven.npy", np.vstack([dense, wide]).astype(np.float32))
    points = read_point_cloud(tmp_path / "uneven.npy", points=256).points
    assert points.shape == (256, 3)
    assert len(np.unique(points, axis=0)) == 256
    assert (points.max(axis=1) > 0.05).mean() > 0.9


def test_farthest_points_are_farthest() -> None:
    cloud = np.random.default_rng(3).normal(size=(300, 3))
    points, _ = cloud_of(Shape(cloud, None, np.zeros((0, 3), np.int64)), 40)
    for turn in range(1, 40):
        reach = np.linalg.norm(cloud.astype(np.float32)[:, None] - points[None, :turn], axis=2).min(axis=1)
        assert np.linalg.norm(points[turn] - points[:turn], axis=1).min() == pytest.approx(
            reach.max(), rel=1e-4
        )


def test_points_that_are_not_finite_are_dropped_with_their_colours(tmp_path: Path) -> None:
    rows = np.array(
        [[0, 0, 0, 1, 2, 3], [np.nan, 0, 0, 4, 5, 6], [np.inf, 0, 0, 7, 8, 9], [1, 1, 1, 10, 11, 12]]
    )
    np.save(tmp_path / "holes.npy", rows)
    sample = read_point_cloud(tmp_path / "holes.npy")
    assert sample.points.tolist() == [[0, 0, 0], [1, 1, 1]]
    assert sample.colors is not None and sample.colors.tolist() == [[1, 2, 3], [10, 11, 12]]


def test_survey_coordinates_keep_their_detail(tmp_path: Path) -> None:
    local = np.random.default_rng(0).random((50, 3))
    np.save(tmp_path / "survey.npy", local + np.array([4.5e6, 5.2e6, 100]))
    points = read_point_cloud(tmp_path / "survey.npy").points
    np.testing.assert_allclose(points - points[0], local - local[0], atol=1e-5)


@pytest.mark.parametrize("kind", ["ply", "npy", "xyz", "obj"])
def test_one_point_is_legal(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"one.{kind}"
    if kind == "ply":
        write_point_cloud(path, np.ones((1, 3)))
    elif kind == "npy":
        np.save(path, np.ones((1, 3)))
    else:
        path.write_text("1 1 1\n" if kind == "xyz" else "v 1 1 1\n")
    points = read_point_cloud(path).points
    assert (as_stored(points) if kind == "obj" else points).tolist() == [[1, 1, 1]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("none.ply", b"ply\nformat ascii 1.0\nelement vertex 0\nproperty float x\nend_header\n"),
        ("none.xyz", b"# nothing\n"),
        ("none.obj", b"# nothing\n"),
        ("none.off", b"OFF\n0 0 0\n"),
        ("words.obj", b"v one two three\n"),
        ("far.obj", b"v 0 0 0\nf 1 2 99999\nv nan 0 0\n" * 0 + b"v nan nan nan\n"),
        ("false.ply", b"PK\x03\x04"),
        ("text.glb", b"not a model"),
        (
            "bomb.ply",
            b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000\nproperty float x\nend_header\n",
        ),
    ],
)
def test_shapes_without_points_are_refused(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=name):
        read_point_cloud(tmp_path / name)


def test_faces_that_point_nowhere_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "wild.obj").write_text(SQUARE + "f 1 2 3\nf 1 2 999999\nf 1 2 -99\nf 2 2 2\n")
    points = read_point_cloud(tmp_path / "wild.obj", points=100).points
    assert points.shape == (100, 3) and (points[:, 0] >= points[:, 1] - 1e-6).all()


@pytest.mark.parametrize(
    ("rows", "colors"),
    [
        (np.array([[1, 2, 3]], np.int16), None),
        (np.array([[1, 2, 3, 4]], np.float64), None),
        (np.array([[1, 2, 3, 0.5, 1, 0]]), [[128, 255, 0]]),
        (np.array([[1, 2, 3, 50, 255, 0]]), [[50, 255, 0]]),
        (np.array([[1, 2, 3, 0, -1, 0]]), None),
    ],
)
def test_array_columns(tmp_path: Path, rows: np.ndarray, colors: list[list[int]] | None) -> None:
    np.save(tmp_path / "rows.npy", rows)
    sample = read_point_cloud(tmp_path / "rows.npy")
    assert sample.points.tolist() == [[1, 2, 3]]
    assert (None if sample.colors is None else sample.colors.tolist()) == colors


@pytest.mark.parametrize("shape", [(3,), (2, 2), (2, 3, 3), (0, 3)])
def test_arrays_of_other_shapes_are_refused(tmp_path: Path, shape: tuple[int, ...]) -> None:
    np.save(tmp_path / "other.npy", np.zeros(shape))
    with pytest.raises(MediaError, match=r"other\.npy"):
        read_point_cloud(tmp_path / "other.npy")


def test_npz_needs_one_clear_array(tmp_path: Path) -> None:
    cloud = np.arange(12.0).reshape(4, 3)
    np.savez(tmp_path / "one.npz", cloud=cloud, label=np.array([1, 2]))
    np.savez(tmp_path / "two.npz", a=cloud, b=cloud)
    np.savez(tmp_path / "named.npz", a=cloud, points=cloud + 1)
    assert len(read_point_cloud(tmp_path / "one.npz").points) == 4
    assert read_point_cloud(tmp_path / "named.npz").points[0].tolist() == [1, 2, 3]
    with pytest.raises(MediaError, match="2 arrays"):
        read_point_cloud(tmp_path / "two.npz")


class Trap:
    """Unpickling this would leave a mark."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (str(self.mark),)


@pytest.mark.parametrize("name", ["trap.npy", "trap.npz"])
def test_pickles_are_never_loaded(tmp_path: Path, name: str) -> None:
    trap = np.array([[Trap(tmp_path / "mark")] * 3], dtype=object)
    with open(tmp_path / name, "wb") as file:
        np.save(file, trap, allow_pickle=True) if name.endswith("npy") else np.savez(file, points=trap)
    with pytest.raises(MediaError):
        read_point_cloud(tmp_path / name)
    assert not (tmp_path / "mark").exists()


def test_npz_bombs_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(point_cloud, "MAX_FILE_BYTES", 2**20)
    np.savez_compressed(tmp_path / "bomb.npz", points=np.zeros((2**16, 3)))
    with pytest.raises(MediaError, match="1 MiB"):
        read_point_cloud(tmp_path / "bomb.npz")


def test_an_npy_header_cannot_ask_for_memory(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        buffer, {"descr": "<f8", "fortran_order": False, "shape": (10**12, 3)}
    )
    (tmp_path / "huge.npy").write_bytes(buffer.getvalue() + bytes(64))
    with pytest.raises(MediaError, match=r"huge\.npy"):
        read_point_cloud(tmp_path / "huge.npy")


def test_without_open3d_arrays_still_work_and_the_rest_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.save(tmp_path / "cloud.npy", np.ones((5, 3)))
    (tmp_path / "shape.stl").write_bytes(stl_bytes())
    (tmp_path / "open3d.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(__import__("sys").modules, "open3d", raising=False)
    open3d_loader.load_open3d.cache_clear()
    try:
        with pytest.raises(MediaError, match=r"libGL\.so\.1 is missing") as caught:
            read_point_cloud(tmp_path / "shape.stl")
        assert "\n" not in str(caught.value)
        assert len(read_point_cloud(tmp_path / "cloud.npy").points) == 5
    finally:
        open3d_loader.load_open3d.cache_clear()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(0, 30), st.integers(1, 64))
def test_any_vertices_and_faces_give_finite_points(seed: int, vertices: int, faces: int, points: int) -> None:
    random = np.random.default_rng(seed)
    values = random.choice([0.0, 1.0, -1e38, 1e300, np.nan, np.inf, 0.5], (vertices, 3))
    triangles = random.integers(-3, vertices + 3, (faces, 3))
    colors = random.integers(0, 256, (vertices, 3), np.uint8)
    found, found_colors = cloud_of(Shape(values, colors, triangles), points)
    assert len(found) <= points
    if len(found):
        check_sample(PointCloudSample(found, found_colors))
