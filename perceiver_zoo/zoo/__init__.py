"""The model zoo: which pretrained Perceivers there are, and how their weights are read."""

from perceiver_zoo.zoo.hub import DownloadError
from perceiver_zoo.zoo.registry import (
    UnknownModelError,
    ZooEntry,
    assets,
    find,
    list_models,
    read_entry,
    reads,
    registry,
)

__all__ = [
    "DownloadError",
    "UnknownModelError",
    "ZooEntry",
    "assets",
    "find",
    "list_models",
    "read_entry",
    "reads",
    "registry",
]
