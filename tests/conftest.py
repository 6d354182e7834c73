"""What all tests share: a zoo of tiny, untrained models, one a modality."""

from __future__ import annotations

import importlib
import os
from pathlib import Path

import pytest

# Torch is imported only by the tests that need it.
if "PYTEST_XDIST_WORKER" in os.environ:
    # The workers share the cores, so torch must not start a thread a core in each.
    os.environ.setdefault("OMP_NUM_THREADS", "1")

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
READING = {
    "image": {"size": 32, "neighbourhood": 3},
    "audio": {"windows": 3},
    "video": {"windows": 2},
    "point_cloud": {"points": 256},
}
RESOLUTION = {"image": (32, 32), "audio": (8, 62), "video": (6, 6, 6), "point_cloud": (16, 16, 16)}
LABELS = {
    "image": CIFAR10,
    "audio": ["dog bark", "rain", "rooster", "0", "1", "flute"],
    "video": ["static", "pan left", "pan right", "zoom in", "zoom out", "cut"],
    "point_cloud": ["bed", "chair", "door", "lamp", "sofa", "table"],
}

# By its module's name: the package offers the function `registry` under the same one.
_registry = importlib.import_module("perceiver_zoo.zoo.registry")
_bundled_assets, _released = _registry.assets, _registry.RELEASED
_tiny = pytest.StashKey[Path]()


@pytest.fixture(scope="session")
def tiny_zoo(pytestconfig: pytest.Config) -> Path:
    """The assets folder in use while a test that asks for this runs: tiny models, and the bundled examples.

    No model of the Hub is known then. The models are called tiny.image, tiny.audio, tiny.video and tiny.point_cloud.
    """
    return pytestconfig.stash[_tiny]


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Before any fixture is made: the tiny zoo for the tests that name it, the bundled one for all others."""
    assets, released = _bundled_assets, _released
    if "tiny_zoo" in getattr(item, "fixturenames", ()):
        folder, released = tiny_assets(item.config), ()
        assets = lambda: folder  # noqa: E731
    vars(_registry).update(assets=assets, RELEASED=released)
    _registry.registry.cache_clear()


def tiny_assets(config: pytest.Config) -> Path:
    """The folder of tiny models, written once a session."""
    if _tiny not in config.stash:
        folder = config._tmp_path_factory.mktemp("tiny_zoo")  # type: ignore[attr-defined]
        (folder / "examples").symlink_to(_bundled_assets() / "examples", target_is_directory=True)
        for modality in READING:
            write_tiny_model(folder / "weights" / f"tiny.{modality}", modality)
        config.stash[_tiny] = folder
    return config.stash[_tiny]


def write_tiny_model(folder: Path, modality: str) -> None:
    """An untrained model of two looks, eight latents and two heads, with figures of random answers."""
    import numpy as np
    import torch

    from perceiver_zoo.modalities import build_modality
    from perceiver_zoo.nn import Perceiver, PerceiverConfig, sharing
    from perceiver_zoo.nn.position import FourierConfig
    from perceiver_zoo.training.evaluate import figures, write_metrics
    from perceiver_zoo.zoo import read_entry
    from perceiver_zoo.zoo.weights import save_weights

    reading, labels = build_modality(modality, READING[modality]), LABELS[modality]
    config = PerceiverConfig(
        channels=reading.channels,
        position=FourierConfig(4, RESOLUTION[modality]),
        latents=8,
        latent_dim=32,
        **sharing("paper", 2),
        block_layers=1,
        classes=len(labels),
        self_heads=2,
        cross_heads=2,
        cross_channels=32,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = Perceiver(config)
    recipe = "perceiver_nano.cifar10" if modality == "image" else f"tiny.{modality}"
    card = {"recipe": recipe, "licence": "apache-2.0", "trained_on": "nothing"}
    save_weights(folder, model, modality, reading, labels, card)
    rng = np.random.default_rng(0)
    answers = rng.dirichlet(np.ones(len(labels)), size=60)
    truth = rng.integers(len(labels), size=60)
    parts = np.array(["one", "other"])[rng.integers(2, size=60)]
    write_metrics(folder, figures(read_entry(folder), "random answers", answers, truth, parts))
