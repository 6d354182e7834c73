"""A drawing of one model's network, made from its config, whose parts light up with the controls that touch them."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

# The parts each control and each lens touches; the script lights them.
TOUCHED: dict[str, tuple[str, ...]] = {
    "lens-mean": ("cross", "latents"),
    "lens-latent": ("cross", "latents"),
    "lens-focus": ("cross", "latents"),
    "lens-rollout": ("cross", "transformer", "readout"),
    "lens-class_evidence": ("cross", "latents", "readout"),
    "lens-gradient": ("cross", "transformer", "readout"),
    "lens-looks_at": ("input", "cross", "latents"),
    "lens-answer": ("cross", "latents", "readout"),
    "lens-answer_gradient": ("cross", "latents", "readout"),
    "latent": ("latents",),
    "look": ("cross",),
    "head": ("cross",),
    "scale": ("cross",),
    "less": ("cross",),
    "class": ("readout",),
    "against": ("readout",),
}
READOUTS = {
    "mean": "mean over latents",
    "class": "one query asks",
    "flow": "a query a pixel",
    "bytes": "a query a byte",
    "audiovisual": "queries ask",
}
WIDE, HIGH, GAP = 132, 62, 18  # a box, and the arrow to the next, in units of the drawing
INPUT, CROSS, MIXED = (
    6,
    88,
    178,
)  # where the three rows start: what is read, the looks, what follows each of them


def network_drawing(network: Mapping[str, Any], elements: int | None = None) -> str:
    """The SVG of a network's config as plain data; elements: M of the input array, once something was read."""
    looks, blocks = network["looks"], network["blocks"]
    end = place(1 + len(looks))
    size = f"{elements:,} elements" if elements else "M elements"
    latents = [f"{network['latents']:,} latents", f"of {network['latent_dim']:,} channels"]
    layers = counted(network["block_layers"], "self-attend")
    repeats = f", {network['repeats']} times" if network["repeats"] > 1 else ""
    parts = [
        box("input", place(1), INPUT, end - GAP - place(1), ["Input array", size]),
        box("latents", place(0), CROSS, WIDE, ["Latent array", *latents]),
    ]
    for t, (look, block) in enumerate(zip(looks, blocks, strict=True)):
        x, at = place(1 + t), f' data-look="{t + 1}"'
        reading = [f"Cross-attend {t + 1}", counted(network["cross_heads"], "head"), weights(look, looks)]
        mixing = ["Latent transformer", layers + repeats, weights(block, blocks)]
        parts += [
            arrow((x + WIDE / 2, INPUT + HIGH), (x + WIDE / 2, CROSS)),
            arrow((x - GAP, (MIXED if t else CROSS) + HIGH / 2), (x, CROSS + HIGH / 2)),
            box("cross", x, CROSS, WIDE, reading, at),
            arrow((x + WIDE / 2, CROSS + HIGH), (x + WIDE / 2, MIXED)),
            box("transformer", x, MIXED, WIDE, mixing, at),
        ]
    answer = [f"{network['classes']:,} logits"] if network["readout"] in ("mean", "class") else []
    parts.append(arrow((end - GAP, MIXED + HIGH / 2), (end, MIXED + HIGH / 2)))
    parts.append(box("readout", end, MIXED, WIDE, ["Readout", READOUTS[network["readout"]], *answer]))
    width, height = end + WIDE + 4, MIXED + HIGH + 4
    return (
        f'<svg class="network" role="img" aria-label="{escape(told(network, size))}" width="{width}" '
        f'height="{height}" viewBox="-2 0 {width} {height}">{"".join(parts)}</svg>'
    )


def told(network: Mapping[str, Any], size: str) -> str:
    """The drawing in words."""
    looks = len(network["looks"])
    return (
        f"{network['latents']:,} latents look at an input array of {size} in {counted(looks, 'cross-attend')}, each "
        f"followed by a latent transformer; the readout makes the answer of the latents."
    )


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def weights(used: int, all_used: Any) -> str:
    """Which set of weights a part uses, where a network has several parts of the kind."""
    return f"weights {chr(ord('A') + used)}" if len(all_used) > 1 else ""


def place(column: int) -> int:
    return column * (WIDE + GAP)


def box(part: str, x: int, y: int, wide: int, lines: list[str], more: str = "") -> str:
    """A named box with its lines of text in the middle."""
    shown = [line for line in lines if line]
    controls = " ".join(control for control, touched in TOUCHED.items() if part in touched)
    start = y + HIGH / 2 - 8 * (len(shown) - 1)
    texts = "".join(
        f'<text x="{x + wide / 2:g}" y="{start + 16 * i:g}"{"" if i else " class=name"}>{escape(line)}</text>'
        for i, line in enumerate(shown)
    )
    return (
        f'<g data-part="{part}" data-touched="{controls}"{more}>'
        f'<rect x="{x}" y="{y}" width="{wide}" height="{HIGH}" rx="3"/>{texts}</g>'
    )


def arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    """A line with a point at its end: down, or to the right by way of the middle of the gap."""
    (x, y), (to_x, to_y) = start, end
    down = x == to_x
    corners = ((0, 0), (-4, -7), (4, -7)) if down else ((0, 0), (-7, -4), (-7, 4))
    point = " ".join(f"{to_x + dx:g},{to_y + dy:g}" for dx, dy in corners)
    way = f"V{to_y:g}" if down else f"H{(x + to_x) / 2:g}V{to_y:g}H{to_x:g}"
    return f'<path d="M{x:g} {y:g}{way}"/><polygon points="{point}"/>'
