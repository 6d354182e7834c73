"""One small sample, one small reading of it and one small network for every modality."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from perceiver_zoo.media.sample import AudioSample, ImageSample, PointCloudSample, Sample, VideoSample
from perceiver_zoo.modalities import Modality, build_modality
from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig, sharing

READINGS: dict[str, dict[str, Any]] = {
    "image": {"size": 8, "neighbourhood": 3},
    "audio": {"seconds": 1.0},
    "video": {"frames": 4, "size": 16},
    "point_cloud": {"points": 60},
}
MODALITY_NAMES = tuple(READINGS)
AXES = {"image": 2, "audio": 2, "video": 3, "point_cloud": 3}


def modality_of(name: str) -> Modality:
    return build_modality(name, READINGS[name])


def sample_of(name: str, seed: int = 0) -> Sample:
    """Noise; the sound and the clip are longer than one window, the cloud has more points than are read."""
    rng = np.random.default_rng(seed)
    if name == "image":
        return ImageSample(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8))
    if name == "audio":
        return AudioSample(rng.uniform(-0.5, 0.5, 40_000).astype(np.float32), 16_000)
    if name == "video":
        return VideoSample(rng.integers(0, 256, (16, 24, 32, 3), dtype=np.uint8), np.arange(16) / 10)
    return PointCloudSample(rng.normal(size=(200, 3)).astype(np.float32))


def network_of(name: str, classes: int = 3, looks: int = 3, seed: int = 0) -> Perceiver:
    torch.manual_seed(seed)
    config = PerceiverConfig(
        channels=modality_of(name).channels,
        position=FourierConfig(3, (8.0,) * AXES[name]),
        latents=6,
        latent_dim=16,
        block_layers=1,
        classes=classes,
        self_heads=2,
        cross_heads=2,
        cross_channels=8,
        embed=12,
        **sharing("paper", looks),
    )
    return Perceiver(config).eval()
