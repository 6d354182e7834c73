"""3D: the map on the points, in a scene that turns."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.parts import read_path
from demo.tab import ModalityTab
from demo.views.cloud import cloud_base, cloud_scene

ENDINGS = [
    ".ply",
    ".pcd",
    ".pts",
    ".xyz",
    ".xyzn",
    ".xyzrgb",
    ".obj",
    ".stl",
    ".off",
    ".glb",
    ".gltf",
    ".npy",
    ".npz",
]


class PointCloudTab(ModalityTab):
    modality = "point_cloud"
    title = "3D point cloud"
    sentence = (
        "Every point is one element, known by its place and by the shape of what lies next to it. Drag to turn; "
        "the colours show what the lens below finds in each point."
    )

    def make_input(self) -> Any:
        return read_path(
            gr.File(
                file_types=ENDINGS,
                type="filepath",
                label="Mesh or point cloud",
                height=180,
                elem_id="cloud-input",
            )
        )

    def make_view(self, elem_id: str) -> gr.HTML:
        return cloud_scene(elem_id)

    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        return cloud_base(sample, layout)

    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        return folded

    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        return 0, place[0]

    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        return element[1]
