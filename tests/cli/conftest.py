"""The command in a process of its own, example files, and a data set small enough for a test."""

from __future__ import annotations

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
CLASSES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
Command = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="session")
def command() -> Command:
    """Runs `perceiver-zoo` with the bundled zoo."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        words = [sys.executable, "-m", "perceiver_zoo", *map(str, arguments)]
        return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=150)

    return run


@pytest.fixture(scope="session")
def examples() -> dict[str, Path]:
    """One bundled example a modality."""
    folder = ROOT / "assets/examples"
    files = {
        "image": "image/cat.jpg",
        "audio": "audio/dog_bark.ogg",
        "video": "video/cut_tree_to_cup.mp4",
        "point_cloud": "point_cloud/sofa.off",
    }
    return {modality: folder / file for modality, file in files.items()}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with twenty photographs of noise in each split of CIFAR-10."""
    folder = tmp_path_factory.mktemp("data")
    (folder / "image").mkdir()
    rng = np.random.default_rng(0)
    for split in ("train", "test"):
        records = []
        for pixels in rng.integers(0, 256, (20, 32, 32, 3), dtype=np.uint8):
            buffer = io.BytesIO()
            Image.fromarray(pixels).save(buffer, "PNG")
            records.append(np.frombuffer(buffer.getvalue(), np.uint8))
        np.savez(
            folder / f"image/cifar10_{split}.npz",
            images=np.concatenate(records),
            offsets=np.cumsum([0, *map(len, records)]),
            labels=np.arange(20) % 10,
            classes=np.array(CLASSES),
        )
    return folder
