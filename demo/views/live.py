"""What both live views share: the map as the browser gets it, and the bar that acts on it without the server."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import numpy as np
from plotly.colors import diverging, sequential

from perceiver_zoo.views import Span

STATIC = Path(__file__).resolve().parent.parent / "static"
# Even to the eye and safe for colour-blind ones; the first of each is shown first.
EVEN = {name: getattr(sequential, name) for name in ("Plasma", "Viridis", "Cividis", "Inferno")}
# Turned round, so that what speaks for a class is warm.
SIGNED = {"Purple to orange": diverging.PuOr[::-1], "Blue to red": diverging.RdBu[::-1]}
LEVELS = 65_534  # steps from the least value to the most; the code 0 is kept for what was not read


def script() -> str:
    """The script for the page's head: the colour scales, what both views do with them, and the canvas's timeline."""
    kinds = {"even": EVEN, "signed": SIGNED}
    scales = {kind: {name: hexes(stops) for name, stops in own.items()} for kind, own in kinds.items()}
    code = "\n".join((STATIC / name).read_text(encoding="utf-8") for name in ("shade.js", "timeline.js"))
    return f"<script>const zooScales = {json.dumps(scales)};\n{code}</script>"


def hexes(colours: list[str]) -> list[list[int]]:
    """Plotly's colours, "#rrggbb" or "rgb(r, g, b)", as numbers."""
    return [
        [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        if colour.startswith("#")
        else [int(part) for part in colour[4:-1].split(",")]
        for colour in colours
    ]


RANGES = (
    ("Opacity", "min=0 max=1 step=0.01 value=0.85"),
    ("Threshold", "min=0 max=1 step=0.01 value=0"),
    ("Gamma", "min=0.2 max=2 step=0.05 value=1"),
)
BAR = f"""
<div class="live-scale"><span class="low value"></span><canvas class="ramp" width="256" height="1"></canvas>
<span class="high value"></span><span class="clock"></span><span class="readout" aria-live="polite"></span></div>
<div class="live-bar"><label>Colours <select class="scale"></select></label>
{"".join(f'<label>{name} <input class="{name.lower()}" type="range" {limits}></label>' for name, limits in RANGES)}
<button type="button" class="looks" hidden>Play the looks</button></div>"""


def packed(maps: list[np.ndarray], span: Span, signed: bool, unit: str) -> dict[str, Any]:
    """Maps of one shape, little-endian uint16 in base64: 0 is not read, 1 to 65535 are span.low to span.high."""
    width = span.high - span.low
    codes = []
    for values in maps:
        part = (
            np.clip((values - span.low) / width, 0, 1) if width > 0 else np.where(np.isnan(values), np.nan, 0)
        )
        code = np.where(np.isnan(part), 0, np.round(part * LEVELS) + 1).astype("<u2")
        codes.append(base64.b64encode(code.tobytes()).decode())
    return {
        "maps": codes,
        "shape": list(maps[0].shape),
        "low": span.low,
        "high": span.high,
        "signed": signed,
        "unit": unit,
    }


def unpacked(value: dict[str, Any]) -> list[np.ndarray]:
    """The maps of a view's value, as `packed` was given them but for the rounding."""
    codes = [np.frombuffer(base64.b64decode(code), "<u2").reshape(value["shape"]) for code in value["maps"]]
    step = (value["high"] - value["low"]) / LEVELS
    return [np.where(code == 0, np.nan, value["low"] + (code.astype(float) - 1) * step) for code in codes]
