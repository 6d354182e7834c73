"""One live 3D scene: Plotly's own script, served locally; new colours keep the camera where the visitor turned it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import plotly

from demo.views.live import BAR, STATIC
from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.point_cloud import PointLayout

PLOTLY_SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def head() -> str:
    """For the page's head: what brings Plotly's script, which is too large to open every page with."""
    code = (STATIC / "plotly.js").read_text(encoding="utf-8")
    return f'<script>const zooPlotlyScript = "/gradio_api/file={PLOTLY_SCRIPT}";\n{code}</script>'


TEMPLATE = f"""
<div class="live">
<div class="stage"><div class="cloud" role="img" aria-label="Nothing yet"></div>
<p class="waiting">The map is drawn here.</p></div>
{BAR}
</div>"""


def cloud_scene(elem_id: str) -> gr.HTML:
    """The scene; its value is what `live.packed` returns, its base the points, sent once an answer."""
    return gr.HTML(
        value=None,
        html_template=TEMPLATE,
        js_on_load=(STATIC / "cloud.js").read_text(encoding="utf-8"),
        label="Where it looked",
        elem_id=elem_id,
        elem_classes="live-view",
        apply_default_css=False,
        base=None,
    )


def cloud_base(sample: PointCloudSample, layout: PointLayout) -> dict[str, Any]:
    """The points that were read: x, y and z in the sample's own units, and `unit`, the same in the unit sphere."""
    points = sample.points[layout.index]
    unit = (points - layout.center) / layout.scale
    return {"points": points.tolist(), "unit": np.round(unit, 4).T.tolist()}
