"""Each modality turns a decoded sample into an input array and a layout that folds weights back onto the sample."""

from __future__ import annotations

from typing import Any

from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.audiovisual import AudiovisualModality
from perceiver_zoo.modalities.base import InputArray, Layout, Modality
from perceiver_zoo.modalities.flow import FlowModality
from perceiver_zoo.modalities.image import ImageModality
from perceiver_zoo.modalities.point_cloud import PointCloudModality
from perceiver_zoo.modalities.text import TextModality
from perceiver_zoo.modalities.video import VideoModality

MODALITIES: dict[str, type[Modality]] = {
    modality.name: modality
    for modality in (
        ImageModality,
        AudioModality,
        VideoModality,
        PointCloudModality,
        AudiovisualModality,
        FlowModality,
        TextModality,
    )
}


def build_modality(name: str, config: dict[str, Any]) -> Modality:
    """The modality called `name` with the fields a model's config.json holds for it."""
    fields = {key: tuple(value) if isinstance(value, list) else value for key, value in config.items()}
    return MODALITIES[name](**fields)


__all__ = ["MODALITIES", "InputArray", "Layout", "Modality", "build_modality"]
