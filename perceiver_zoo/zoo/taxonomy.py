"""What is above a model's classes: the more general names, from `taxonomies/`, one file a set of classes.

A row of a file is a class and its path, "animal > bird", the most general name first; "" where nothing is above it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent / "taxonomies"
SURE = 0.5  # half way from chance to certainty


@dataclass(frozen=True)
class Answer:
    """The most specific name that is likely enough, below the more general ones; probability in 0..1."""

    path: tuple[str, ...]
    probability: float

    @property
    def name(self) -> str:
        return self.path[-1]

    def __str__(self) -> str:
        return " › ".join(self.path)


def answer(labels: Sequence[str], probabilities: np.ndarray, threshold: float = SURE) -> Answer | None:
    """Sum probabilities [classes] up the tree and give the lowest name that is likely enough, or None.

    Likely enough is (p - chance) / (1 - chance) >= threshold, where chance is the name's share of all classes (as in
    Cohen 1960): of ten classes six are animals, so "animal" at 60 % says nothing.
    """
    if not 0 < threshold <= 1:
        raise ValueError(f"threshold is above 0 and at most 1, not {threshold}")
    sums: dict[tuple[str, ...], float] = {}
    counts: Counter[tuple[str, ...]] = Counter()
    for path, share in zip(whole_paths(labels), probabilities.tolist(), strict=True):
        for depth in range(1, len(path) + 1):
            sums[path[:depth]] = sums.get(path[:depth], 0.0) + share
            counts[path[:depth]] += 1
    likely = [
        path
        for path, p in sums.items()
        if p - (chance := counts[path] / len(labels)) >= threshold * (1 - chance) and chance < 1
    ]
    if not likely:
        return None
    best = max(likely, key=lambda path: (len(path), sums[path]))
    return Answer(best, min(sums[best], 1.0))


def knows(labels: Sequence[str], most: int = 12) -> list[str]:
    """What a model can name at all: at most `most` of its most general names, those with most classes first."""
    counts = Counter(path[0] for path in whole_paths(labels))
    return [name for name, _ in counts.most_common(most)]


def whole_paths(labels: Sequence[str]) -> list[tuple[str, ...]]:
    """The path of each class down to its own name."""
    named = zip(paths(tuple(labels)), labels, strict=True)
    return [(*path, first_name(label)) if path else (label,) for path, label in named]


@cache
def paths(labels: tuple[str, ...]) -> list[tuple[str, ...]]:
    """For each class the names above it, the most general first; empty where no file knows these classes."""
    for file in sorted(FOLDER.glob("*.json")):
        rows = json.loads(file.read_text(encoding="utf-8"))["paths"]
        if [first_name(label) for label in labels] == [name for name, _ in rows]:
            return [tuple(path.split(" > ")) if path else () for _, path in rows]
    return [()] * len(labels)


def first_name(label: str) -> str:
    """ImageNet's labels are lists of synonyms."""
    return label.split(",")[0].strip()
