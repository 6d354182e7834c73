"""One answered clip with sound, and the lines that say what was read of its parts."""

from __future__ import annotations

import math
from html import escape
from typing import cast

import numpy as np

from demo.words import concentration
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, AudiovisualModality
from perceiver_zoo.pipeline import Result
from perceiver_zoo.pipeline.audiovisual import Reconstruction

PARTS = {"audio": "Sound", "image": "Picture", "label": "Label"}


def percent(share: float) -> str:
    """Three digits, however small: 0.00192 %."""
    return f"{100 * share:.3g} %"


def counts_of(reading: AudiovisualModality) -> dict[str, int]:
    """Elements of each part."""
    sound, picture = reading.samples // reading.sound_patch, math.prod(reading.grid)
    return {"audio": sound, "image": picture, "label": 1}


def shares_html(counts: dict[str, int], shares: dict[str, float] | None = None) -> str:
    """Three bars: what each part has of the attention, with a line where its share of the elements ends."""
    whole = sum(counts.values())
    own = {name: count / whole for name, count in counts.items()}
    sentence = (
        f"Of {whole:,} elements {counts['audio']:,} are sound ({percent(own['audio'])}), {counts['image']:,} picture "
        f"({percent(own['image'])}) and {counts['label']} the label ({percent(own['label'])}): the line in each bar."
    )
    if shares:
        times = {name: f"{share / own[name]:.2f} times" for name, share in shares.items()}
        sentence += (
            f" An element of sound was read {times['audio']} as much as the average element, "
            f"one of the picture {times['image']}, the label's {times['label']}."
        )
    rows = "".join(bar(name, shares[name] if shares else None, own[name]) for name in counts)
    return f'<div class="shares"><b>Shares of the attention</b>{rows}<p>{sentence}</p></div>'


def bar(name: str, share: float | None, own: float) -> str:
    """One part: its share of the attention once there is one, and its share of the elements."""
    value = "" if share is None else percent(share)
    return (
        f'<div class="part"><span class="name">{PARTS[name]}</span><span class="track">'
        f'<span class="fill" style="width:{100 * (share or 0):.3f}%"></span>'
        f'<span class="own" style="left:{100 * own:.3f}%"></span></span>'
        f'<span class="value">{value}</span></div>'
    )


def told(result: Result, weights: np.ndarray) -> str:
    """The map [W, M] in words, for those who cannot see it; windows that are NaN were not asked."""
    best, read = result.labels(1)[0], weights[~np.isnan(weights).any(axis=1)]
    parts = cast(AudiovisualLayout, result.layout).split(read)
    half = {name: concentration(parts[name].reshape(len(read), -1)) for name in ("image", "audio")}
    return (
        f"{best.label}, {best.probability:.0%}. Half of the picture's attention lies on {half['image']:.0%} of its "
        f"patches, half of the sound's on {half['audio']:.0%}."
    )


def measured(result: Result, window: int, back: Reconstruction) -> str:
    """How near the window came back, and how long it took."""
    layout = cast(AudiovisualLayout, result.layout)
    start = layout.starts[window]
    return (
        f'<div class="status kept">Window {window + 1}, from {start:.2f} to {start + layout.seconds:.2f} s. '
        f"PSNR of the picture {back.picture_psnr:.1f} dB (peak 255), of the sound {back.sound_psnr:.1f} dB "
        f"(peak amplitude 1). {escape(result.device)}: {back.seconds:.1f} s.</div>"
    )
