"""Bringing meshes and large clouds down to a fixed number of points, in plain NumPy and always the same way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

NO_TRIANGLES = np.zeros((0, 3), np.int64)
_SEED = 0
# Farthest-point sampling costs points times candidates; beyond this many, a random choice comes before it.
_MOST_CANDIDATES = 32768


@dataclass(frozen=True, eq=False)
class Shape:
    """What a 3D file holds: float64 vertices `[V, 3]`, uint8 colours `[V, 3]` or None, int64 triangles `[F, 3]`.

    Without triangles the vertices are a cloud.
    """

    vertices: NDArray[np.float64]
    colors: NDArray[np.uint8] | None
    triangles: NDArray[np.int64]


def z_up(shape: Shape) -> Shape:
    """A shape stored with y up, turned about x so that z is up."""
    x, y, z = shape.vertices.T
    return Shape(np.stack([x, -z, y], axis=1), shape.colors, shape.triangles)


def eight_bit_colors(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Colours `[V, 3]` as uint8, from 0..1 or from 0..255, whichever the values fit."""
    numbers = np.nan_to_num(values.astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)
    unit = numbers.max(initial=0.0) <= 1 and not np.issubdtype(values.dtype, np.integer)
    return np.rint(numbers * (255 if unit else 1)).clip(0, 255).astype(np.uint8)


def fans(faces: Sequence[Sequence[int]] | NDArray[Any]) -> NDArray[np.int64]:
    """Triangles `[F, 3]` of faces with any number of corners, each cut from its first corner."""
    if isinstance(faces, np.ndarray):
        corners = faces.astype(np.int64)
        parts = [corners[:, [0, second, second + 1]] for second in range(1, corners.shape[1] - 1)]
        return np.concatenate(parts) if parts else NO_TRIANGLES
    triangles = [(face[0], second, third) for face in faces for second, third in pairwise(face[1:])]
    return np.array(triangles, np.int64).reshape(-1, 3)


def cloud_of(shape: Shape, points: int) -> tuple[NDArray[np.float32], NDArray[np.uint8] | None]:
    """At most `points` finite points, float32 `[P, 3]`, with their colours; a surface gives exactly `points`."""
    vertices, colors = shape.vertices, shape.colors
    finite = _finite(vertices)
    triangles = shape.triangles[((shape.triangles >= 0) & (shape.triangles < len(vertices))).all(axis=1)]
    triangles = triangles[finite[triangles].all(axis=1)]
    if len(triangles):
        sampled = _on_surface(vertices, colors, triangles, points)
        if sampled is not None:
            return _single(sampled[0]), sampled[1]
    single = _single(vertices[finite])
    colors = None if colors is None else colors[finite]
    # A value may be finite in double precision only.
    finite = _finite(single)
    single, colors = single[finite], None if colors is None else colors[finite]
    if len(single) > points:
        chosen = farthest_points(single, points)
        single, colors = single[chosen], None if colors is None else colors[chosen]
    return single, colors


def _finite(rows: NDArray[Any]) -> NDArray[np.bool_]:
    """Rows that stay finite in single precision."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(np.isfinite(rows.astype(np.float32)).all(axis=1))


def _on_surface(
    vertices: NDArray[np.float64], colors: NDArray[np.uint8] | None, triangles: NDArray[np.int64], points: int
) -> tuple[NDArray[np.float64], NDArray[np.uint8] | None] | None:
    """Points spread uniformly over the surface, or None where it has no area."""
    corners = vertices[triangles]
    with np.errstate(over="ignore", invalid="ignore"):
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        reach = np.cumsum(np.linalg.norm(normals, axis=1))
    if not np.isfinite(reach[-1]) or reach[-1] <= 0:
        return None
    random = np.random.default_rng(_SEED)
    # Evenly spaced with one random shift per point: each triangle gets its share almost exactly.
    targets = (np.arange(points) + random.random(points)) * (reach[-1] / points)
    faces = np.minimum(np.searchsorted(reach, targets, side="right"), len(triangles) - 1)
    root, along = np.sqrt(random.random(points)), random.random(points)
    weights = np.stack([1 - root, root * (1 - along), root * along], axis=1)
    sampled = np.einsum("pk,pkd->pd", weights, corners[faces])
    if colors is None:
        return sampled, None
    mixed = np.einsum("pk,pkd->pd", weights, colors[triangles[faces]].astype(np.float64))
    return sampled, np.rint(mixed).astype(np.uint8)


def _single(vertices: NDArray[np.float64]) -> NDArray[np.float32]:
    """Single precision; survey coordinates far from their origin are first moved to their own middle."""
    if len(vertices) == 0:
        return np.zeros((0, 3), np.float32)
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    with np.errstate(over="ignore", invalid="ignore"):
        far = np.abs(vertices).max() > 1000 * (high - low).max() > 0
        return (vertices - (low + high) / 2 if far else vertices).astype(np.float32)


def farthest_points(points: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Indices [min(P, count)] of points spread as far apart as can be: each is the one farthest from all before it.

    The first is the one farthest from the mean, so the order of the points does not matter.
    """
    if len(points) <= count:
        return np.arange(len(points))
    random = np.random.default_rng(_SEED)
    candidates = np.arange(len(points))
    if len(points) > (most := max(_MOST_CANDIDATES, 2 * count)):
        candidates = np.sort(random.choice(len(points), most, replace=False))
    # Scaled, so that the squares of very large or small coordinates stay finite; axis by axis, which is faster.
    scale = max(float(np.abs(points).max()), np.finfo(np.float32).tiny)
    axes = np.ascontiguousarray((points[candidates].astype(np.float64) / scale).astype(np.float32).T)
    away = axes - axes.mean(axis=1, keepdims=True)
    chosen = np.zeros(count, np.int64)
    chosen[0] = np.square(axes - axes.mean(axis=1, keepdims=True)).sum(axis=0).argmax()
    nearest = np.full(len(candidates), np.inf, np.float32)
    for turn in range(1, count):
        away = axes - axes[:, chosen[turn - 1], None]
        away *= away
        np.minimum(nearest, away[0] + away[1] + away[2], out=nearest)
        chosen[turn] = nearest.argmax()
    return candidates[chosen]
