"""What the flow tab shows: pictures with the asked pixel marked, the colour wheel, and the lines below."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image, ImageDraw

from demo import words
from perceiver_zoo.pipeline import FlowResult
from perceiver_zoo.pipeline.flow import FlowLook
from perceiver_zoo.views import Span, flow_wheel
from perceiver_zoo.views.flow import longest

# Smaller pictures are enlarged to SMALLEST pixels on their shorter side, a sliver to no more than LARGEST.
SMALLEST, LARGEST = 360, 2048


def zoom_of(height: int, width: int) -> int:
    """How many times larger than the sample its pictures are drawn, so that a small one can be seen and clicked."""
    return max(1, min(-(-SMALLEST // min(height, width)), LARGEST // max(height, width)))


def marked(drawn: np.ndarray, x: int, y: int) -> np.ndarray:
    """The picture as it is shown, with a ring around pixel (x, y)."""
    zoom = zoom_of(*drawn.shape[:2])
    canvas = Image.fromarray(drawn.repeat(zoom, axis=0).repeat(zoom, axis=1))
    across, down, radius = (x + 0.5) * zoom, (y + 0.5) * zoom, max(canvas.size) // 60
    draw = ImageDraw.Draw(canvas)
    for reach, colour, thickness in ((radius + 2, "black", 6), (radius, "white", 2)):
        box = (across - reach, down - reach, across + reach, down + reach)
        draw.ellipse(box, outline=colour, width=thickness)
    return np.asarray(canvas)


def half_span(weights: np.ndarray) -> Span:
    """Colours are full where the greatest weights lie that together are half of all: to the greatest one alone, of
    182,528, nearly all others would be as good as nothing."""
    order = np.sort(weights[~np.isnan(weights)])[::-1]
    carried = np.cumsum(order, dtype=np.float64)
    return Span(0.0, float(order[np.searchsorted(carried, carried[-1] / 2)]))


def wheel_line(flow: np.ndarray, most: float) -> str:
    """The colour wheel, and the movement at which colours are full."""
    file = io.BytesIO()
    Image.fromarray(flow_wheel(most)).save(file, "PNG")
    code = base64.b64encode(file.getvalue()).decode()
    return (
        f'<div class="legend wheel"><img src="data:image/png;base64,{code}" alt="Red: right. Yellow-green: down. '
        f'Cyan: left. Violet: up."><span class="what">The colour is where a pixel went, white where it stayed, full at '
        f"<b>{words.number(most)} px</b>. The longest movement is {words.number(longest(flow))} px."
        "</span></div>"
    )


def where(result: FlowResult, look: FlowLook, x: int, y: int) -> str:
    """The movement of one pixel, and where half of what its query read lies."""
    right, down = result.flow[y, x].tolist()
    across = f"{words.number(abs(right))} px {'right' if right >= 0 else 'left'}"
    along = f"{words.number(abs(down))} px {'down' if down >= 0 else 'up'}"
    weights = look.weights[look.cell[0]]
    return (
        f"Pixel {x}, {y} went {across} and {along}. Half of what its query read lies on "
        f"{words.concentration(weights):.2%} of the tile's pixels, half within {half_within(result, look):.0f} px of "
        f"it. The latents followed carry {look.carried:.0%} of the query's attention."
    )


def half_within(result: FlowResult, look: FlowLook) -> float:
    """The distance from the pixel, in the sample's pixels, within which half of the weight lies."""
    tile, row, column = look.cell
    high, wide = (a / b for a, b in zip(result.layout.picture, result.layout.scaled, strict=True))
    rows, columns = np.indices(result.layout.shape)
    distance = np.hypot((rows - row) * high, (columns - column) * wide).ravel()
    order = distance.argsort()
    carried = np.cumsum(look.weights[tile].ravel()[order], dtype=np.float64)
    return float(distance[order[np.searchsorted(carried, carried[-1] / 2)]])


def status(result: FlowResult, reading: float) -> str:
    """Device, times and size of one run, in small type."""
    windows, elements = result.inputs.features.shape[:2]
    count = f"{elements:,} pixels of two frames" + (f" in each of {windows} tiles" if windows > 1 else "")
    return (
        f'<div class="status">{count}, read by {result.trace.latent_count:,} latents in 1 look. {result.device}: '
        f"{reading:.2f} s to read the input, {result.seconds['run']:.2f} s to run.</div>"
    )
