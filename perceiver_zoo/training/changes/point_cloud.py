"""Shapes as scanners and modelling programs leave them; lengths are shares of the shape's radius."""

from __future__ import annotations

import numpy as np
from numpy.random import Generator

from perceiver_zoo.media.sample import PointCloudSample


def again(points: np.ndarray) -> PointCloudSample:
    return PointCloudSample(np.ascontiguousarray(points, np.float32))


def radius(points: np.ndarray) -> float:
    return float(np.linalg.norm(points - points.mean(0), axis=1).max())


def direction(rng: Generator) -> np.ndarray:
    """Any, alike likely."""
    vector = rng.normal(size=3)
    return vector / np.linalg.norm(vector)


def count(rng: Generator, sample: PointCloudSample, points: int) -> PointCloudSample:
    """So many of its points; where there are fewer, some come twice, nearly."""
    cloud = sample.points
    chosen = rng.permutation(len(cloud))[:points]
    if spare := points - len(chosen):
        twice = cloud[rng.integers(len(cloud), size=spare)] + rng.normal(
            0, 0.01 * radius(cloud), (spare, 3)
        ).astype(np.float32)
        return again(np.concatenate([cloud[chosen], twice]))
    return again(cloud[chosen])


def uneven(rng: Generator, sample: PointCloudSample, times: float) -> PointCloudSample:
    """Half of the points, one side `times` as dense as the other."""
    side = sample.points @ direction(rng)
    chance = times ** ((side - side.min()) / max(float(np.ptp(side)), 1e-6))
    kept = rng.choice(len(side), len(side) // 2, replace=False, p=chance / chance.sum())
    return again(sample.points[kept])


def jitter(rng: Generator, sample: PointCloudSample, deviation: float) -> PointCloudSample:
    return again(sample.points + rng.normal(0, deviation * radius(sample.points), sample.points.shape))


def outliers(rng: Generator, sample: PointCloudSample, share: float) -> PointCloudSample:
    """Stray points in a ball around the shape, in place of its own."""
    points = sample.points.copy()
    stray = rng.permutation(len(points))[: round(share * len(points))]
    ball = np.stack([direction(rng) for _ in stray]) * rng.random((len(stray), 1)) ** (1 / 3)
    points[stray] = points.mean(0) + ball * 1.2 * radius(points)
    return again(points)


def turn(rng: Generator, sample: PointCloudSample, degrees: float) -> PointCloudSample:
    """About the vertical."""
    return again(sample.points @ rotation(np.array([0.0, 0.0, 1.0]), degrees).T)


def tilt(rng: Generator, sample: PointCloudSample, degrees: float) -> PointCloudSample:
    """About any level axis."""
    angle = rng.uniform(0, 2 * np.pi)
    return again(sample.points @ rotation(np.array([np.cos(angle), np.sin(angle), 0.0]), degrees).T)


def rotation(axis: np.ndarray, degrees: float) -> np.ndarray:
    """Matrix [3, 3] by Rodrigues' formula."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    angle = np.deg2rad(degrees)
    return np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross


def units(rng: Generator, sample: PointCloudSample, times: float) -> PointCloudSample:
    """In other units, and anywhere."""
    return again(sample.points * times + rng.normal(0, 10 * times, 3))


def missing(rng: Generator, sample: PointCloudSample, share: float) -> PointCloudSample:
    """Without the points furthest to one side."""
    order = np.argsort(sample.points @ direction(rng))
    return again(sample.points[order[: max(1, round(len(order) * (1 - share)))]])


CHANGES = [
    ("points", count, (128, 512, 8192)),
    ("one side denser, times", uneven, (4, 20)),
    ("jitter, of the radius", jitter, (0.01, 0.03)),
    ("outliers, share", outliers, (0.02, 0.1)),
    ("turned about the vertical, degrees", turn, (45, 180)),
    ("tilted, degrees", tilt, (10, 30)),
    ("other units and place, times", units, (0.001, 1000)),
    ("missing from one side, share", missing, (0.1, 0.3)),
]
