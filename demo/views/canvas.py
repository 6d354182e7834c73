"""One canvas for pictures, spectrograms and clips: the map over the input, live in the browser."""

from __future__ import annotations

import gradio as gr

from demo.views.live import BAR, STATIC

TEMPLATE = f"""
<div class="live">
<div class="stage"><canvas class="plot" tabindex="0" role="application" aria-label="Nothing yet"></canvas>
<p class="waiting">The map is drawn here.</p></div>
<div class="moments" hidden><button type="button" class="run">Play</button><canvas class="strip" tabindex="0"
role="slider" aria-label="Attention over time"></canvas></div>
{BAR}
</div>"""


def canvas(label: str, elem_id: str) -> gr.HTML:
    """The canvas; its value is what `live.packed` returns, its base one of `bases`, sent once an answer."""
    return gr.HTML(
        value=None,
        label=label,
        html_template=TEMPLATE,
        js_on_load=(STATIC / "canvas.js").read_text(encoding="utf-8"),
        elem_id=elem_id,
        elem_classes="live-view",
        apply_default_css=False,
        base=None,
    )
