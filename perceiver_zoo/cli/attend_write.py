"""The files `perceiver-zoo attend` writes, by ending. Each writer returns the caption of its map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo import media, views
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout
from perceiver_zoo.pipeline import Pipeline, Result

WORDS = ("lens", "scale", "label")  # what of a question is no number


def caption_of(result: Result, asked: dict[str, Any]) -> str:
    return views.caption(result.model, len(result.trace.looks), **asked)


def write_png(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The map over the input, with its caption."""
    grid, text = result.map(**asked), caption_of(result, asked)
    span = views.span_of(grid, asked["scale"])
    picture = views.draw(pipeline.modality.name, result.sample, result.layout, grid, span)
    Image.fromarray(views.with_caption(picture, text, span)).save(part, format="PNG")
    return text


def write_npz(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The map and all that tells what it means; readable with allow_pickle=False.

    map [W, *shape], weights [W, M], positions [1 or W, M, d] (of sound and picture: positions_audio, positions_image),
    probabilities [W, classes], labels [classes], the layout's facts as layout_*, and the question itself, counted
    from 1; head 0 is the mean over heads.
    """
    weights = result.weights(**asked)
    positions = pipeline.modality.encode(result.sample).positions
    parts = positions if isinstance(positions, dict) else {"": positions}
    facts = [at.name for at in fields(result.layout)]  # type: ignore[arg-type]
    counted = {name: 0 if at is None else at + 1 for name, at in asked.items() if name not in WORDS}
    arrays = {
        "map": result.layout.fold(weights),
        "weights": weights,
        **{f"positions{name and '_' + name}": at.numpy() for name, at in parts.items()},
        "probabilities": result.probabilities,
        "labels": np.array(result.names),
        **{f"layout_{name}": np.asarray(getattr(result.layout, name)) for name in facts},
        **{name: np.array(value) for name, value in counted.items()},
        **{name: np.array(asked[name]) for name in WORDS if name in asked},
        "model": np.array(result.model),
        "modality": np.array(pipeline.entry.modality),
        "unit": np.array(result.unit),
    }
    with part.open("wb") as file:  # a path would be given the ending .npz
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return caption_of(result, asked)


def write_mp4(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The frames that were read, window after window, with the map over them and the caption below."""
    grid, text = result.map(**asked), caption_of(result, asked)
    span, layout = views.span_of(grid, asked["scale"]), result.layout
    if isinstance(layout, AudiovisualLayout):
        grid, layout = layout.split(grid)["image"], layout.video
    frames = views.draw_clip(result.sample, layout, grid, span)  # type: ignore[arg-type]
    captioned = np.stack([views.with_caption(frame, text, span) for frame in frames])
    media.write_video(part, captioned, pipeline.modality.rate)  # type: ignore[attr-defined]
    return text


def write_ply(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The points that were read, in the map's colours."""
    weights = result.weights(**asked)
    span = views.span_of(weights, asked["scale"])
    cloud = views.cloud_of(result.sample, result.layout, weights, span)  # type: ignore[arg-type]
    media.write_point_cloud(part, cloud.points, cloud.colors)
    return caption_of(result, asked)


WRITERS: dict[str, Callable[[Path, Pipeline, Result, dict[str, Any]], str]] = {
    ".png": write_png,
    ".npz": write_npz,
    ".mp4": write_mp4,
    ".ply": write_ply,
}
