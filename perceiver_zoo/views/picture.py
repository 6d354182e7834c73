"""One still picture of any map, whatever the modality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from perceiver_zoo.views.audiovisual import draw_waves
from perceiver_zoo.views.clip import draw_clip, draw_contact_sheet
from perceiver_zoo.views.cloud import cloud_of, draw_cloud
from perceiver_zoo.views.colour import Span
from perceiver_zoo.views.image import draw_image
from perceiver_zoo.views.sound import draw_sound

SHEET_FRAMES = 16  # on a contact sheet, spread evenly over the clip


def draw(modality: str, sample: Any, layout: Any, grid: np.ndarray, span: Span) -> np.ndarray:
    """Folded map `grid` over its sample, RGB uint8 [H, W, 3]; a clip's on a contact sheet."""
    return PICTURES[modality](sample, layout, grid, span)


def contact_sheet(sample: Any, layout: Any, grid: np.ndarray, span: Span) -> np.ndarray:
    frames = draw_clip(sample, layout, grid, span)
    chosen = np.linspace(0, len(frames) - 1, min(len(frames), SHEET_FRAMES)).round().astype(int)
    return draw_contact_sheet(frames[chosen])


def sound_and_picture(sample: Any, layout: Any, grid: np.ndarray, span: Span) -> np.ndarray:
    """The picture's part on a contact sheet, the sound's below it; the sound's alone where there is no picture."""
    parts = layout.split(grid)
    waves = draw_waves(sample, layout, parts["audio"], span)
    if sample.modality == "audio":
        return waves
    sheet = contact_sheet(sample, layout.video, parts["image"], span)
    wide = Image.fromarray(waves).resize((sheet.shape[1], len(waves) * sheet.shape[1] // waves.shape[1]))
    return np.concatenate([sheet, np.asarray(wide)])


def drawn_cloud(sample: Any, layout: Any, grid: np.ndarray, span: Span) -> np.ndarray:
    return draw_cloud(cloud_of(sample, layout, grid, span))


PICTURES: dict[str, Callable[..., np.ndarray]] = {
    "image": draw_image,
    "audio": draw_sound,
    "video": contact_sheet,
    "point_cloud": drawn_cloud,
    "audiovisual": sound_and_picture,
}
