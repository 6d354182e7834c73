"""One live 3D scene: Plotly's own script, served locally; new colours keep the camera where the visitor turned it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np
import plotly

from perceiver_zoo.media.sample import PointCloudSample
from perceiver_zoo.modalities.point_cloud import PointLayout
from perceiver_zoo.views import Span, cloud_of

STATIC = Path(__file__).resolve().parent.parent / "static"
PLOTLY_SCRIPT = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def head() -> str:
    """The script tag for the page's head."""
    return f'<script src="/gradio_api/file={PLOTLY_SCRIPT}"></script>'


def cloud_scene() -> gr.HTML:
    """The scene; its value is what `scene_value` returns."""
    return gr.HTML(
        value=None,
        html_template='<div class="cloud" role="img" aria-label="Point cloud coloured by attention"></div>',
        css_template=".cloud { width: 100%; height: 520px; }",
        js_on_load=(STATIC / "cloud.js").read_text(encoding="utf-8"),
        elem_id="cloud-view",
        min_height=520,
    )


def scene_value(
    sample: PointCloudSample, layout: PointLayout, folded: np.ndarray, span: Span
) -> dict[str, Any]:
    """Points [M] as coordinates, colours and weights, for cloud.js."""
    cloud = cloud_of(sample, layout, folded, span)
    x, y, z = np.round(cloud.unit, 4).T.tolist()
    return {
        "x": x,
        "y": y,
        "z": z,
        "color": [f"rgb({r},{g},{b})" for r, g, b in cloud.colors.tolist()],
        "weight": [float(f"{weight:.4g}") for weight in folded[0].tolist()],
    }
