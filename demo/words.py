"""The lines of text below a picture: what was drawn, where the weight lies, how long it took."""

from __future__ import annotations

from html import escape

import numpy as np

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout
from perceiver_zoo.pipeline import Result
from perceiver_zoo.views import Span
from perceiver_zoo.views.colour import STOPS
from perceiver_zoo.zoo.taxonomy import knows

GRADIENT = ", ".join(f"#{stop}" for stop in STOPS)


def number(value: float) -> str:
    """Three digits, no exponent where a person would not write one."""
    return f"{value:.3g}" if abs(value) >= 1e-3 or value == 0 else f"{value:.1e}"


def legend(text: str, span: Span) -> str:
    """The colour scale with the values at its ends, and the line that names the map."""
    return (
        '<div class="legend"><span class="value">'
        f'{number(span.low)}</span><span class="bar" style="background:linear-gradient(90deg,{GRADIENT})"></span>'
        f'<span class="value">{number(span.high)}</span>{name_of(text)}</div>'
    )


def named(text: str) -> str:
    """The line that names the map, for a view with a colour scale of its own."""
    return f'<div class="legend">{name_of(text)}</div>'


def name_of(text: str) -> str:
    model, rest = text.split(", ", 1)
    return f'<span class="what"><b>{escape(model)}</b> {escape(rest)}</span>'


def concentration(weights: np.ndarray) -> float:
    """The least share of the elements read that carries half of all weight, for weights [W, M]; NaN was not read."""
    order = np.sort(weights[~np.isnan(weights)])[::-1]
    carried = np.cumsum(order, dtype=np.float64)
    return (int(np.searchsorted(carried, carried[-1] / 2)) + 1) / len(order)


def verdict(result: Result | None) -> str:
    """What the model is sure enough to say, from general to specific, or what it knows at all."""
    if result is None:
        return ""
    if found := result.answer():
        *above, name = map(escape, found.path)
        line = " › ".join([*above, f"<b>{name}</b>"])
        return (
            f'<p class="verdict" aria-live="polite">Sure enough to say: {line}, {found.probability:.0%}.</p>'
        )
    known, most = knows(result.names, len(result.names)), 6
    listed = escape(", ".join(known[:most])) + (f" and {len(known) - most} more" if len(known) > most else "")
    return f'<p class="verdict" aria-live="polite"><b>Not sure.</b> This model knows only: {listed}.</p>'


def status(result: Result, loading: float) -> str:
    """Device, time and size of one answer, in small type."""
    windows, elements = result.trace.looks[0].key.shape[0], result.trace.looks[0].key.shape[2]
    count = f"{elements:,} {plural(result.unit, elements)}"
    if windows > 1:
        count += f" in each of {windows} windows"
    loaded = f", model loaded in {loading:.2f} s" if loading > 0.05 else ""
    silent = "" if has_sound(result) else " This clip has no sound: silence was read."
    return (
        f'<div class="status">{count}, read by {result.trace.latent_count} latents in {looked(result)}. '
        f"{escape(result.device)}: {result.seconds['read']:.2f} s to read the file, "
        f"{result.seconds['run']:.2f} s to run{loaded}.{silent}</div>"
    )


def has_sound(result: Result) -> bool:
    """Whether a model that hears was given something to hear."""
    hears = isinstance(result.layout, AudiovisualLayout) and isinstance(result.sample, VideoSample)
    return not hears or result.sample.audio is not None  # type: ignore[union-attr]


def looked(result: Result) -> str:
    count = len(result.trace.looks)
    return f"{count} {plural('look', count)}"


def plural(unit: str, count: int = 2) -> str:
    """The word for so many; of "patch of sound" it is the first word that changes."""
    if count == 1:
        return unit
    head, *rest = unit.split(" of ", 1)
    return " of ".join([head + ("es" if head.endswith("h") else "s"), *rest])


def alternative(result: Result, weights: np.ndarray) -> str:
    """The picture in words, for those who cannot see it."""
    best = result.labels(1)[0]
    share = concentration(weights)
    return (
        f"{best.label}, {best.probability:.0%}. Half of this map's attention lies on {share:.0%} of the "
        f"{plural(result.unit)}."
    )
