"""The released flow and text models in small, with random weights; texts and clips for them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities import FlowModality, TextModality
from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig
from perceiver_zoo.pipeline import FlowPipeline, TextPipeline
from perceiver_zoo.zoo import released
from perceiver_zoo.zoo.architectures import FLOW, TEXT
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
