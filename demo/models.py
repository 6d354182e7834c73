"""Loaded models, shared by all visitors."""

from __future__ import annotations

from functools import lru_cache
from threading import Lock

from perceiver_zoo.pipeline import Pipeline, load

_loading = Lock()


@lru_cache(maxsize=8)
def _load(name: str) -> Pipeline:
    return load(name)


def pipeline(name: str) -> Pipeline:
    """The model called `name`, loaded on first use; two visitors at once load it once."""
    with _loading:
        return _load(name)
