"""Deletion and insertion curves as drawings that take their colours from the page."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

import numpy as np

from perceiver_zoo.pipeline import Curves

LEFT, TOP, WIDTH, HEIGHT = 40, 10, 260, 150  # of the plot inside its drawing, in the drawing's units
TICKS = (0.0, 0.5, 1.0)


def curves_html(curves: Curves, label: str) -> str:
    """Both curves of one map beside a random order's, with the areas under them."""
    areas = curves.areas
    parts = [
        figure(
            "Deletion", "left out", curves.shares, curves.deletion, curves.random_deletion, "falls faster"
        ),
        figure(
            "Insertion",
            "read alone",
            curves.shares,
            curves.insertion,
            curves.random_insertion,
            "rises faster",
        ),
    ]
    better = areas["insertion"] - areas["random_insertion"] + areas["random_deletion"] - areas["deletion"]
    told = "better than" if better > 0 else "no better than"
    return (
        f'<div class="curves">{"".join(parts)}</div><p><span class="own">This map</span> <span class="random">random '
        f"order</span> Up: how likely {escape(label)} is, before calibration. Under both curves together this map is "
        f"{told} random order: a gap of {better:+.3f}.</p>"
    )


def figure(title: str, done: str, shares: np.ndarray, own: np.ndarray, random: np.ndarray, true: str) -> str:
    """One curve [S] and the random one, with the areas under them in words."""
    area, other = (float(np.trapezoid(values, shares)) for values in (own, random))
    words = f": area {area:.3f}, random order {other:.3f}"
    return (
        f'<figure><svg viewBox="0 0 {LEFT + WIDTH + 20} {TOP + HEIGHT + 40}" role="img" aria-label="{title}{words}">'
        f'{axes(f"most marked elements {done}")}<polyline class="random" points="{points(shares, random)}"/>'
        f'<polyline class="own" points="{points(shares, own)}"/></svg>'
        f"<figcaption><b>{title}</b>{words}. A true map {true}.</figcaption></figure>"
    )


def axes(below: str) -> str:
    """Lines and names at 0, 50 and 100 % on both sides."""
    lines = []
    for share in TICKS:
        x, y = place(share, share)
        lines.append(f'<line x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{y:g}" y2="{y:g}"/>')
        lines.append(f'<text x="{LEFT - 6}" y="{y + 4:g}" text-anchor="end">{share:.0%}</text>')
        lines.append(f'<text x="{x:g}" y="{TOP + HEIGHT + 16}" text-anchor="middle">{share:.0%}</text>')
    middle = LEFT + WIDTH / 2
    return f'{"".join(lines)}<text x="{middle:g}" y="{TOP + HEIGHT + 34}" text-anchor="middle">{escape(below)}</text>'


def points(shares: Iterable[float], values: Iterable[float]) -> str:
    pairs = (place(float(share), float(value)) for share, value in zip(shares, values, strict=True))
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in pairs)


def place(share: float, value: float) -> tuple[float, float]:
    """Where a share and a probability, both in 0..1, lie in the drawing."""
    return LEFT + share * WIDTH, TOP + (1 - value) * HEIGHT
