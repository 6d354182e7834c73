"""A 3D shape's map as one HTML file that turns, with Plotly's script inside it: it needs no network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from perceiver_zoo import views
from perceiver_zoo.pipeline import Pipeline, Result


def write_scene(part: Path, pipeline: Pipeline, result: Result, asked: dict[str, Any]) -> str:
    """The points that were read in the map's colours; hovering tells a point's place and weight."""
    import plotly.graph_objects as go

    weights, text = result.weights(**asked), result.caption(**asked)
    cloud = views.cloud_of(
        result.sample,  # type: ignore[arg-type]
        result.layout,  # type: ignore[arg-type]
        weights,
        views.span_of(weights, asked["scale"]),
    )
    x, y, z = cloud.points.T
    colors = [f"rgb({r},{g},{b})" for r, g, b in cloud.colors.tolist()]
    points = go.Scatter3d(
        x=x,
        y=y,
        z=z,
        mode="markers",
        marker={"size": 3, "color": colors},
        customdata=weights[0],
        hovertemplate="%{customdata:.3g} at %{x:.3g}, %{y:.3g}, %{z:.3g}<extra></extra>",
    )
    hidden = {"visible": False}
    layout = go.Layout(
        title={"text": text, "font": {"size": 13}},
        template="none",
        paper_bgcolor="#16181d",
        font={"color": "#ffffff"},
        scene={"aspectmode": "data", "xaxis": hidden, "yaxis": hidden, "zaxis": hidden},
        margin={"l": 0, "r": 0, "t": 40, "b": 0},
    )
    config = {"displaylogo": False, "responsive": True, "plotlyServerURL": "", "topojsonURL": ""}
    page = go.Figure(points, layout).to_html(include_plotlyjs=True, include_mathjax=False, config=config)
    part.write_text(page, encoding="utf-8")
    return text
