"""The recipes behind the bundled weights; `perceiver-zoo train NAME` runs one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from perceiver_zoo.nn import FourierConfig
from perceiver_zoo.training.audio import Sounds
from perceiver_zoo.training.folders import LAYOUTS
from perceiver_zoo.training.image import Cifar10, TinyImageNet
from perceiver_zoo.training.point_cloud import Shapes
from perceiver_zoo.training.recipe import Recipe
from perceiver_zoo.training.task import Task
from perceiver_zoo.training.video import CameraWork

# What the nano models share; small enough to train on a CPU in an hour.
NANO = {"latents": 32, "latent_dim": 192, "block_layers": 2, "self_heads": 4, "cross_channels": 128}

IMAGE = Recipe(
    name="perceiver_nano.cifar10",
    task=Cifar10,
    modality="image",
    reading={"size": 32, "neighbourhood": 7},
    network=NANO
    | {
        "position": FourierConfig(12, (32, 32)),
        "embed": 128,
        "adapter_options": {"hidden": 192},
    },
    share="paper",
    looks=3,
    steps=6600,
    optimizer="muon",
    lr=1e-2,
    whiten=True,
    trained_on="CIFAR-10 train (Krizhevsky 2009; research use)",
)

# For a GPU: the paper's eight looks at single pixels; small enough to be bundled too.
TINY_IMAGENET = Recipe(
    name="perceiver_small.tiny_imagenet200",
    task=TinyImageNet,
    modality="image",
    reading={"size": 64},
    network={
        "position": FourierConfig(32, (64, 64)),
        "latents": 256,
        "latent_dim": 320,
        "block_layers": 6,
        "self_heads": 8,
    },
    share="paper",
    looks=8,
    steps=40_000,
    batch=256,
    optimizer="muon",
    lr=1e-2,
    warmup=1000,
    trained_on="Tiny-ImageNet-200 train (CS231N, from ImageNet; research use)",
)

AUDIO = Recipe(
    name="perceiver_nano.sounds30",
    task=Sounds,
    modality="audio",
    network=NANO
    | {
        "position": FourierConfig(8, (8, 62)),
        "cross_heads": 4,
        "embed": 160,
        "dropout": 0.1,
    },
    share="paper",
    looks=4,
    steps=3600,
    batch=96,
    weight_decay=0.05,
    trained_on="ESC-10 folds 1-3 (CC BY 3.0), Free Spoken Digits (CC BY-SA 4.0), "
    "FSDKaggle2018 instruments (CC BY, CC0)",
)

POINT_CLOUD = Recipe(
    name="perceiver_nano.shapes39",
    task=Shapes,
    modality="point_cloud",
    reading={"neighbours": (8, 24)},
    network=NANO
    | {
        "position": FourierConfig(16, (32, 32, 32)),
        "cross_heads": 4,
        "embed": 192,
        "adapter_options": {"hidden": 192},
        "dropout": 0.1,
    },
    share="paper",
    looks=3,
    steps=3600,
    batch=64,
    optimizer="muon",
    lr=1e-2,
    weight_decay=0.05,
    whiten=True,
    trained_on="LDraw parts (CC BY 2.0), Sweet Home 3D furniture (CC0, CC BY 3.0), "
    "ModelNet10 chairs and monitors (research use)",
)

VIDEO = Recipe(
    name="perceiver_nano.camera_work",
    task=CameraWork,
    modality="video",
    network=NANO
    | {
        "position": FourierConfig(8, (12, 12, 12)),
        "cross_heads": 4,
        "embed": 192,
    },
    share="paper",
    looks=4,
    steps=6500,
    batch=96,
    trained_on="a virtual camera over Tiny-ImageNet train photographs (CS231N; research use) "
    "and street frames (fight-detection-surv-dataset)",
)

RECIPES = {recipe.name: recipe for recipe in (IMAGE, TINY_IMAGENET, AUDIO, VIDEO, POINT_CLOUD)}


def on_other_data(recipe: Recipe, layout: str) -> Recipe:
    """The same recipe on data of a public layout; ValueError where that is of another modality."""
    task, modality = LAYOUTS[layout]
    if modality != recipe.modality:
        raise ValueError(f"the layout {layout} is for {modality}, and {recipe.name} reads {recipe.modality}")
    return replace(
        recipe, task=task, layout=layout, trained_on=f"data of one's own ({layout})", licence="unknown"
    )


def task_of(card: dict[str, Any], data: Path, modality: Any) -> Task:
    """The task that a model was trained on, by the card in its config.json."""
    made_by = RECIPES[card["recipe"]]
    task = LAYOUTS[card["layout"]][0] if "layout" in card else made_by.task
    return task(data, modality)
