"""A point cloud's map, on its points."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.point_cloud import PointLayout
from perceiver_zoo.views.colour import Span, colours

BACKGROUND = (22, 24, 29)


@dataclass(frozen=True, eq=False)
class Cloud:
    """points float32 [M, 3] in the sample's units, unit the same in the unit sphere, colors uint8 [M, 3]."""

    points: np.ndarray
    unit: np.ndarray
    colors: np.ndarray


def cloud_of(sample: PointCloudSample, layout: PointLayout, weights: np.ndarray, span: Span) -> Cloud:
    """The points that were read, coloured by map [1, M]."""
    points = sample.points[layout.index]
    return Cloud(
        points, (points - layout.center) / layout.scale, colours(span.shade(weights[0]), span.signed)
    )


def draw_cloud(cloud: Cloud, size: int = 640, azimuth: float = 35.0, elevation: float = 25.0) -> np.ndarray:
    """The cloud seen from one side, nearer points over farther ones: RGB uint8 [size, size, 3]; angles in degrees."""
    a, e = np.radians([azimuth, elevation])
    right = np.array([-np.sin(a), np.cos(a), 0])
    up = np.array([-np.cos(a) * np.sin(e), -np.sin(a) * np.sin(e), np.cos(e)])
    towards = np.array([np.cos(a) * np.cos(e), np.sin(a) * np.cos(e), np.sin(e)])
    x = (size / 2 + cloud.unit @ right * size * 0.46).astype(int)
    y = (size / 2 - cloud.unit @ up * size * 0.46).astype(int)
    picture = np.full((size, size, 3), BACKGROUND, np.uint8)
    radius = max(2, size // 140)
    step = np.arange(-radius, radius + 1)
    i, j = (at.ravel() for at in np.meshgrid(step, step, indexing="ij"))
    disc = i * i + j * j <= radius**2
    order = np.argsort(cloud.unit @ towards)
    rows, columns = y[order, None] + i[disc], x[order, None] + j[disc]
    seen = (rows >= 0) & (rows < size) & (columns >= 0) & (columns < size)
    colors = np.broadcast_to(cloud.colors[order, None], (*rows.shape, 3))
    picture[rows[seen], columns[seen]] = colors[seen]  # of several on one pixel, the last stays
    return picture
