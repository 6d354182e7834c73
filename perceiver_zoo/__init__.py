"""Pretrained Perceivers for images, sound, video and 3D point clouds, and where they look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from perceiver_zoo.pipeline import load
    from perceiver_zoo.zoo import list_models

__version__ = "0.1.0"
__all__ = ["__version__", "list_models", "load"]


def __getattr__(name: str) -> Any:
    # Late, so that the worker that reads files starts without torch.
    if name == "load":
        from perceiver_zoo.pipeline import load

        return load
    if name == "list_models":
        from perceiver_zoo.zoo import list_models

        return list_models
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
