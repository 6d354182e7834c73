"""Point clouds: one element a point, its place and, if asked for, the shape of its neighbourhood; no grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.geometry import farthest_points
from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality

CHANNELS = 10  # of one neighbourhood


@dataclass(frozen=True)
class PointLayout(Layout):
    """index: int [M], which of the sample's points each element is.

    center [3], scale: a point of the sample is its position * scale + center.
    """

    index: np.ndarray
    center: np.ndarray
    scale: float

    @property
    def shape(self) -> tuple[int]:
        return (len(self.index),)


@dataclass(frozen=True)
class PointCloudModality(Modality):
    """Reads at most `points` points, centred on their mean and scaled into the unit sphere; z is up.

    neighbours: an element carries the shape of that many points nearest to it, once for each number; () is the
    paper's own (section 4.3), a place and nothing else.
    """

    name = "point_cloud"
    points: int = 1024
    neighbours: tuple[int, ...] = ()

    @property
    def channels(self) -> int:
        return CHANNELS * len(self.neighbours)

    @property
    def unit(self) -> str:
        return "point"

    def features(self, points: Tensor, index: Tensor, of: Tensor | None = None) -> Tensor:
        """Features [B, Q, C] of points [B, P, 3], or of those `of` [B, Q] names; index [B, Q, K], see `nearest`."""
        own = points if of is None else take(points, of)
        around = take(points, index) - own[:, :, None]
        parts = [neighbourhood(around[:, :, :count]) for count in self.neighbours]
        return torch.cat(parts, dim=-1) if parts else own[..., :0]

    def encode(self, sample: PointCloudSample) -> InputArray:
        # From the first point and in float64: exact for shapes far away, tiny, huge or all on one spot.
        away = sample.points.astype(np.float64) - sample.points[0]
        reach = float(np.abs(away).max())
        if not np.isfinite(reach):
            raise MediaError("This point cloud has coordinates that are not finite numbers.")
        index = farthest_points((away / (reach or 1.0)).astype(np.float32), self.points)
        chosen = away[index]
        middle = chosen.mean(axis=0)
        scale = float(np.linalg.norm(chosen - middle, axis=1).max()) or 1.0  # one point, or all on one spot
        positions = torch.from_numpy(((chosen - middle) / scale).astype(np.float32))[None]
        center = sample.points[0] + middle
        features = self.features(positions, nearest(positions, max(self.neighbours, default=0)))
        return InputArray(features, positions, PointLayout(index, center, scale))


def nearest(points: Tensor, count: int) -> Tensor:
    """Indices [B, P, K] of the `count` points nearest to each of [B, P, 3], itself first; all where there are fewer."""
    count = min(count, points.shape[1])
    return (
        torch.cdist(points, points).topk(count, largest=False).indices
        if count
        else points.new_zeros(*points.shape[:2], 0, dtype=torch.long)
    )


def take(points: Tensor, index: Tensor) -> Tensor:
    """Points [B, P, 3] at index [B, ...] -> [B, ..., 3]."""
    return points[torch.arange(len(points)).reshape(-1, *[1] * (index.dim() - 1)), index]


def neighbourhood(around: Tensor) -> Tensor:
    """The shape of K offsets [B, Q, K, 3] to a point's neighbours -> [B, Q, 10].

    Their spread (log of the root mean square), their mean and the six entries of their second moments, both in
    units of the spread: flat, bent, edge or corner, and which way it faces.
    """
    spread = around.square().sum(dim=-1).mean(dim=-1).sqrt().clamp_min(1e-4)[..., None]
    scaled = around / spread[..., None]
    x, y, z = scaled.unbind(dim=-1)
    moments = torch.stack(
        [(a * b).mean(dim=-1) for a, b in ((x, x), (y, y), (z, z), (x, y), (y, z), (z, x))], -1
    )
    return torch.cat([spread.log() + 3, scaled.mean(dim=-2), moments], dim=-1)
