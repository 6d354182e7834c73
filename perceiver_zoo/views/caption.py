"""What a drawn map is: model, look, latent, head and scale, with the values at both ends of the colours."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.views.colour import Span, colours

SCALE_NAMES = {"weights": "attention after the softmax", "scores": "scores before the softmax"}
LENS_NAMES = {
    "mean": "mean over latents",
    "latent": "latent {latent}",
    "focus": "most focused latent {rank}",
    "rollout": "rollout through the latent transformers",
    "class_evidence": "evidence for {label}",
    "gradient": "attention times gradient of {label}",
    "looks_at": "what the readers of element {element} read",
    "answer": "what the answer's query read, by way of the latents",
    "answer_gradient": "the answer's query times gradient of {label}, by way of the latents",
}
BAR, HEIGHT = 180, 44  # pixels


def caption(
    model: str, looks: int, *, lens: str, look: int | None, head: int | None, scale: str, **own: int | str
) -> str:
    """One line that names the map; looks, heads, latents, ranks and elements count from 1, as on the page.

    look None: of every look.
    """
    asked = {"latent": 0, "rank": 0, "element": 0, "label": "the likeliest class"} | own
    counted = {name: at if isinstance(at, str) else at + 1 for name, at in asked.items()}
    heads = "mean over heads" if head is None else f"head {head + 1}"
    unit = "in logits" if "label" in LENSES[lens].takes else SCALE_NAMES[scale]
    which = f"{looks} looks" if look is None else f"look {look + 1} of {looks}"
    return f"{model}, {which}, {LENS_NAMES[lens].format(**counted)}, {heads}, {unit}"


def with_caption(picture: np.ndarray, text: str, span: Span) -> np.ndarray:
    """The picture with a strip below it: the colour scale with its values, and the line."""
    height, width = picture.shape[:2]
    canvas = Image.new("RGB", (max(width, 640), height + HEIGHT), "#16181d")
    canvas.paste(Image.fromarray(picture), ((canvas.width - width) // 2, 0))
    bar = np.broadcast_to(colours(np.linspace(0, 1, BAR), span.signed)[None], (8, BAR, 3))
    canvas.paste(Image.fromarray(np.ascontiguousarray(bar)), (12, height + 8))
    draw, font = ImageDraw.Draw(canvas), ImageFont.load_default(12)
    draw.text((12, height + 20), f"{span.low:.3g}", fill="#c9ccd3", font=font)
    draw.text((12 + BAR, height + 20), f"{span.high:.3g}", fill="#c9ccd3", font=font, anchor="ra")
    lines = text.split(", ", 1)
    draw.text((BAR + 28, height + 5), lines[0], fill="#ffffff", font=font)
    draw.text((BAR + 28, height + 22), lines[-1], fill="#c9ccd3", font=font)
    return np.asarray(canvas)
