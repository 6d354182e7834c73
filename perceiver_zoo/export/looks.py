"""The looks one after the other, as a clip."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo import media, views
from perceiver_zoo.pipeline import Pipeline, Result

SECONDS, RATE = 1.2, 10  # of each look; frames a second of the MP4, for some players show no slower one


def frames_of(pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> np.ndarray:
    """The map at every look on one scale of colours, with its caption: RGB uint8 [T, H, W, 3]."""
    looks: list[dict[str, Any]] = [asked | {"look": look} for look in range(len(result.trace.looks))]
    grids = [result.map(**each) for each in looks]
    span = views.span_of(np.stack(grids), asked["scale"])
    draw = partial(views.draw, pipeline.modality.name)
    return np.stack(
        [
            views.with_caption(draw(result.sample, result.layout, grid, span), result.caption(**each), span)
            for grid, each in zip(grids, looks, strict=True)
        ]
    )


def write_looks(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """As MP4."""
    frames = frames_of(pipeline, result, asked)
    media.write_video(part, frames.repeat(round(SECONDS * RATE), axis=0), RATE)
    return result.caption(**asked)


def write_looks_gif(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """As a GIF that runs for ever, in at most 256 colours."""
    first, *more = [Image.fromarray(frame) for frame in frames_of(pipeline, result, asked)]
    # A palette of the first look alone would have no bright colours where later looks have them.
    first.save(part, format="GIF", save_all=True, append_images=more, duration=int(SECONDS * 1000), loop=0)
    return result.caption(**asked)
