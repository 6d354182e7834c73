"""The model zoo: which pretrained Perceivers there are, and how their weights are read."""

from perceiver_zoo.zoo.hub import DownloadError
from perceiver_zoo.zoo.registry import (
    UnknownModelError,
    ZooEntry,
    assets,
    default_lens,
    find,
    list_models,
    read_entry,
    read_faithfulness,
    reads,
    registry,
)

__all__ = [
    "DownloadError",
    "UnknownModelError",
    "ZooEntry",
    "assets",
    "default_lens",
    "find",
    "list_models",
    "read_entry",
    "read_faithfulness",
    "reads",
    "registry",
]
