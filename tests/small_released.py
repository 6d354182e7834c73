"""The released models of flow, text, and sound and picture in small, with random weights; clips for them."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import torch

from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities import AudiovisualModality, FlowModality, TextModality
from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig
from perceiver_zoo.pipeline import FlowPipeline, Pipeline, TextPipeline
from perceiver_zoo.zoo import find, released
from perceiver_zoo.zoo.architectures import AUDIOVISUAL, FLOW, TEXT
from perceiver_zoo.zoo.registry import released_entry

TILE, LONGEST = (24, 32), 128
SMALL_FLOW = replace(
    FLOW,
    latents=16,
    latent_dim=32,
    block_layers=2,
    self_heads=2,
    position=FourierConfig(4, TILE),
    adapter_options={"project": 8},
)
SMALL_TEXT = replace(
    TEXT,
    channels=24,
    latents=12,
    latent_dim=40,
    block_layers=2,
    self_heads=4,
    self_channels=16,
    cross_heads=4,
    cross_channels=16,
    cross_values=40,
    adapter_options={"vocabulary": 262, "longest": LONGEST},
    readout_options={"channels": 16, "heads": 4},
)
SMALL_READING = AudiovisualModality(frames=4, size=8, sound_rate=8_000, labels=5)
SMALL_PLACES = {"audio": FourierConfig(4, (1280,)), "image": FourierConfig(2, (4, 2, 2))}
SMALL_AUDIOVISUAL = replace(
    AUDIOVISUAL,
    latents=8,
    latent_dim=32,
    block_layers=1,
    self_heads=2,
    classes=5,
    adapter_options={"channels": {"audio": 16, "image": 48, "label": 5}, "positions": SMALL_PLACES},
    readout_options={
        "channels": {"audio": 16, "image": 3},
        "positions": SMALL_PLACES,
        "grids": {"audio": (80,), "image": (4, 8, 8)},
        "query": 32,
        "hidden": 16,
    },
)


def lively(config: PerceiverConfig, seed: int = 0) -> Perceiver:
    """A network whose weights are large enough for every query to differ from the next; the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Perceiver(config)
        with torch.no_grad():
            for parameter in network.parameters():
                if parameter.dim() > 1:
                    parameter.normal_(std=2 * parameter.shape[-1] ** -0.5)
    return network


def flow_pipeline(config=SMALL_FLOW, modality=None, device: str = "cpu") -> FlowPipeline:
    modality = modality or FlowModality(size=TILE, overlap=4)
    return FlowPipeline(released_entry(released.FLOW), lively(config), modality, torch.device(device))


def text_pipeline(config=SMALL_TEXT, modality=None, device: str = "cpu") -> TextPipeline:
    modality = modality or TextModality(longest=LONGEST)
    return TextPipeline(released_entry(released.TEXT), lively(config), modality, torch.device(device))


def clip_sample(height: int, width: int, frames: int = 5, seed: int = 0) -> VideoSample:
    pixels = np.random.default_rng(seed).integers(0, 256, (frames, height, width, 3), dtype=np.uint8)
    return VideoSample(pixels, np.arange(frames) / 10)


def audiovisual_pipeline() -> Pipeline:
    """Its windows are 4 frames of 2 x 2 patches and 80 patches of sound, 0.16 s."""
    known = find(released.KINETICS.name)
    entry = SimpleNamespace(name=known.name, labels=[f"class {n}" for n in range(5)], config=known.config)
    return Pipeline(entry, lively(SMALL_AUDIOVISUAL), SMALL_READING, torch.device("cpu"))  # type: ignore[arg-type]


def sounding_clip(windows: int, sound: bool = True, frames: int = 4, side: int = 24) -> VideoSample:
    """Noise, as long as so many windows of `frames` frames at 25 a second."""
    rng = np.random.default_rng(0)
    count = windows * frames
    pixels = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    audio = AudioSample(rng.uniform(-0.5, 0.5, count * 1920).astype(np.float32), 48_000) if sound else None
    return VideoSample(pixels, np.arange(count) / 25, audio)
