"""Point clouds: one element a point, nothing but its place (paper, section 4.3); no grid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.geometry import farthest_points
from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.base import InputArray, Layout, Modality


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
    """Reads at most `points` points, centred on their mean and scaled into the unit sphere; z is up."""

    name = "point_cloud"
    points: int = 1024

    @property
    def channels(self) -> int:
        return 0

    @property
    def unit(self) -> str:
        return "point"

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
        features = torch.zeros(1, len(index), 0)
        return InputArray(features, positions, PointLayout(index, center, scale))
