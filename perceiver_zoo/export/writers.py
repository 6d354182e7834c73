"""One map as one file: a picture, numbers, a clip, points. Each writer returns the caption of its map."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo import media, views
from perceiver_zoo.modalities.audio import AudioLayout
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, WaveLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.pipeline import Pipeline, Result

WORDS = ("lens", "scale", "label", "minus")  # what of a question is no number
BARE = 480  # pixels of a bare map's sides, at least


def write_png(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The map over the input, with its caption."""
    grid, text = result.map(**asked), result.caption(**asked)
    span = views.span_of(grid, asked["scale"])
    picture = views.draw(pipeline.modality.name, result.sample, result.layout, grid, span)
    Image.fromarray(views.with_caption(picture, text, span)).save(part, format="PNG")
    return text


def seen_part(result: Result) -> tuple[Any, Callable[[np.ndarray], np.ndarray]]:
    """The layout of what is drawn, and how its weights are taken out of all: of sound and picture, the picture."""
    layout = result.layout
    if not isinstance(layout, AudiovisualLayout):
        return layout, lambda weights: weights
    if result.sample.modality == "audio":
        return layout.waves, lambda weights: layout.split(weights)["audio"]
    return layout.video, lambda weights: layout.split(weights)["image"].reshape(len(weights), -1)


def write_bare(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The map alone, every element a cell of its own, low frequencies at the bottom, frames in reading order."""
    layout, part_of = seen_part(result)
    grid = layout.fold(part_of(result.weights(**asked)))
    span = views.span_of(grid, asked["scale"])
    shade = span.shade(grid)
    if isinstance(layout, VideoLayout):
        shade = tiled(layout.by_frame(shade).reshape(-1, *shade.shape[2:]))
    elif isinstance(layout, AudioLayout):
        shade = np.concatenate(list(shade[:, ::-1]), axis=1)
    elif not isinstance(layout, WaveLayout):  # a row a window
        shade = shade[0]
    down, across = (-(-BARE // side) for side in shade.shape)
    enlarged = views.colours(shade, span.signed).repeat(down, axis=0).repeat(across, axis=1)
    Image.fromarray(enlarged).save(part, format="PNG")
    return result.caption(**asked)


def tiled(frames: np.ndarray) -> np.ndarray:
    """Frames [T, h, w] side by side in rows, as near to a square as they go."""
    columns = max(1, round(len(frames) ** 0.5))
    spare = np.zeros((-len(frames) % columns, *frames.shape[1:]), frames.dtype)
    rows = np.concatenate([frames, spare]).reshape(-1, columns, *frames.shape[1:])
    return rows.transpose(0, 2, 1, 3).reshape(-1, columns * frames.shape[2])


def write_npz(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The map and all that tells what it means; readable with allow_pickle=False.

    map [W, *shape], weights [W, M], looks [T, W, M] (the mean over latents after the softmax, of every look),
    positions [1 or W, M, d] (of sound and picture: positions_audio, positions_image),
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
        "looks": np.stack([result.weights("mean", look=look) for look in range(len(result.trace.looks))]),
        **{f"positions{name and '_' + name}": at.numpy() for name, at in parts.items()},
        "probabilities": result.probabilities,
        "labels": np.array(result.names),
        **{f"layout_{name}": np.asarray(getattr(result.layout, name)) for name in facts},
        **{name: np.array(value) for name, value in counted.items()},
        **{name: np.array(str(asked[name])) for name in WORDS if asked.get(name) is not None},
        "model": np.array(result.model),
        "modality": np.array(pipeline.entry.modality),
        "unit": np.array(result.unit),
    }
    with part.open("wb") as file:  # a path would be given the ending .npz
        np.savez_compressed(file, allow_pickle=False, **arrays)
    return result.caption(**asked)


def write_mp4(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The frames that were read, window after window, with the map over them and the caption below."""
    grid, text = result.map(**asked), result.caption(**asked)
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
    return result.caption(**asked)
