"""3D shapes: LDraw parts, Sweet Home 3D furniture, ModelNet10 chairs and monitors as one set of classes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.point_cloud import PointCloudModality, farthest_points, nearest, take
from perceiver_zoo.training.packed import Packed
from perceiver_zoo.training.task import Batch, Task, one_hot

PARTS = {
    "ldraw": "point_cloud/ldraw25.npz",
    "furniture": "point_cloud/furniture.npz",
    "modelnet": "point_cloud/modelnet10_chair_monitor.npz",
}

KEPT_OUT = 16
# How a shape may have been sampled, and how often each way is drawn.
WAYS = {"even": 0.5, "uneven": 0.2, "cut": 0.2, "sparse": 0.1}


def display_name(name: str) -> str:
    return name.replace("_", " ").lower()


class Shapes(Task):
    """Classes of one name in two sets are one class.

    Augmented by sparse, uneven and incomplete sampling, rotation about the vertical, a small tilt, scale per axis,
    mirror, jitter, outliers and a random subset of the points each step.
    """

    modality: PointCloudModality
    split = "LDraw-25 test, furniture fold 3, ModelNet10 chair and monitor test"
    elements = 256
    smoothing = 0.1

    def __init__(self, data, modality) -> None:
        super().__init__(data, modality)
        self.parts = tuple(PARTS)
        self.packed = {part: Packed(data / file) for part, file in PARTS.items()}
        self.classes = sorted(
            {display_name(name) for packed in self.packed.values() for name in packed.classes}
        )

    def split_of(self, part: str, held: bool) -> tuple[Any, np.ndarray]:
        """Points [n, P, 3] and labels [n] of one part's held-out or training shapes."""
        packed = self.packed[part]
        test = packed["fold"] == 3 if "fold" in packed.arrays else packed["is_test"]
        names = [self.classes.index(display_name(name)) for name in packed.classes]
        chosen = np.flatnonzero(test if held else ~test)
        return packed["points"][chosen].astype(np.float32), np.array(names)[packed["labels"][chosen]]

    def trained_on(self, part: str) -> tuple[Any, np.ndarray]:
        """The training shapes but every KEPT_OUT-th, which tell how sure the model may be."""
        points, labels = self.split_of(part, held=False)
        kept = np.arange(len(labels)) % KEPT_OUT != 0
        return points[kept], labels[kept]

    def prepare(self) -> None:
        parts = [self.trained_on(part) for part in self.parts]
        self.labels = np.concatenate([labels for _, labels in parts])
        shapes = [shape for points, _ in parts for shape in points]
        rng = np.random.default_rng(0)
        read = ([self.reading(rng, shape, way) for way in WAYS] for shape in shapes)
        self.readings = list(
            tqdm(read, total=len(shapes), desc="shapes", unit="shape", leave=False, disable=None)
        )
        counts = np.bincount(self.labels, minlength=len(self.classes))
        weight = counts[self.labels] ** -0.6  # between every shape alike and every class alike
        self.chance = weight / weight.sum()

    def reading(
        self, rng: np.random.Generator, shape: np.ndarray, way: str
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Points [P, 3] of one shape as a file may hold them, and the indices [P, K] of each one's nearest."""
        toward = shape @ rng.normal(0, 1, 3)
        toward = (toward - toward.min()) / max(np.ptp(toward), 1e-6)
        if way == "uneven":  # a scanner sees one side better
            chance = np.exp(rng.uniform(1, 3) * toward)
            shape = shape[rng.choice(len(shape), len(shape) // 2, replace=False, p=chance / chance.sum())]
        elif way == "cut":  # and misses the end of another
            shape = shape[toward >= np.quantile(toward, rng.uniform(0, 0.25))]
        elif way == "sparse":
            shape = shape[rng.permutation(len(shape))[: len(shape) // 3]]
        points = torch.from_numpy(shape[farthest_points(shape, self.modality.points)])
        return points, nearest(points[None], max(self.modality.neighbours, default=0))[0].short()

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.choice(len(self.labels), size=size, p=self.chance)
        points, index, own = zip(*(self.cut(rng, i) for i in chosen), strict=True)
        points, index, own = torch.stack(points), torch.stack(index), torch.stack(own)
        points = move(rng, points)
        targets = one_hot(self.labels[chosen], len(self.classes), self.smoothing)
        return Batch(self.modality.features(points, index, own), take(points, own), targets)

    def cut(self, rng: np.random.Generator, i: int) -> tuple[torch.Tensor, ...]:
        """One reading of shape i, repeated to the full number of points; of `elements` of them, nearest and which."""
        points, index = self.readings[i][rng.choice(len(WAYS), p=list(WAYS.values()))]
        own = torch.from_numpy(rng.choice(len(points), self.elements, replace=len(points) < self.elements))
        return points[torch.arange(self.modality.points) % len(points)], index[own].long(), own

    def held_out(self) -> Iterator[tuple[PointCloudSample, int, str]]:
        for part in self.parts:
            for points, label in zip(*self.split_of(part, held=True), strict=True):
                yield PointCloudSample(points), int(label), part


def move(rng: np.random.Generator, points: torch.Tensor) -> torch.Tensor:
    """Turn, tilt, stretch, mirror and jitter each cloud of [B, P, 3], then centre and scale it as the page does."""
    batch = len(points)
    turn = rng.uniform(0, 2 * np.pi, batch)
    cos, sin, zero, one = np.cos(turn), np.sin(turn), np.zeros(batch), np.ones(batch)
    about_z = np.stack([cos, -sin, zero, sin, cos, zero, zero, zero, one], axis=-1).reshape(batch, 3, 3)
    tilt = np.eye(3) + rng.normal(0, 0.08, (batch, 3, 3))
    stretch = rng.uniform(0.8, 1.25, (batch, 1, 3)) * np.where(rng.random((batch, 1, 3)) < [0.5, 0, 0], -1, 1)
    matrix = torch.from_numpy((about_z @ tilt * stretch).astype(np.float32))
    points = points @ matrix.transpose(1, 2)
    noise = rng.normal(0, 1, points.shape) * rng.uniform(0, 0.02, (batch, 1, 1))
    stray = rng.random((batch, points.shape[1], 1)) < rng.uniform(0, 0.02, (batch, 1, 1)) * (
        rng.random((batch, 1, 1)) < 0.3
    )
    points = points + torch.from_numpy((noise + stray * rng.normal(0, 0.4, points.shape)).astype(np.float32))
    points = points - points.mean(dim=1, keepdim=True)
    return points / points.norm(dim=2, keepdim=True).amax(dim=1, keepdim=True)
