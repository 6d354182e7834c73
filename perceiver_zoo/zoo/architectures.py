"""The networks of DeepMind's released models, as configs of one `Perceiver`."""

from __future__ import annotations

from typing import Any

from perceiver_zoo.nn import FourierConfig, PerceiverConfig

# One cross-attend, and the same latent transformer over and over.
ONE_LOOK: dict[str, Any] = {"looks": (0,), "blocks": (0,)}
VISION = ONE_LOOK | {
    "channels": 3,
    "latents": 512,
    "latent_dim": 1024,
    "block_layers": 6,
    "repeats": 8,
    "self_heads": 8,
    "classes": 1000,
    "readout": "class",
}
FOURIER = PerceiverConfig(position=FourierConfig(64, (224, 224)), **VISION)
LEARNED = PerceiverConfig(
    position=None, adapter="learned", adapter_options={"side": 224, "width": 256}, **VISION
)
CONV = PerceiverConfig(position=FourierConfig(64, (56, 56)), adapter="conv", **VISION)

CLIP_FRAMES, CLIP_SAMPLES, SAMPLES_A_PATCH, CLIP_SIDE = 16, 30_720, 16, 224
PLACES = {"audio": FourierConfig(192, (CLIP_SAMPLES,)), "image": FourierConfig(32, (CLIP_FRAMES, 56, 56))}
AUDIOVISUAL = PerceiverConfig(
    channels=704,
    position=None,
    latents=784,
    latent_dim=512,
    block_layers=8,
    self_heads=8,
    classes=700,
    adapter="audiovisual",
    adapter_options={"channels": {"audio": SAMPLES_A_PATCH, "image": 48, "label": 700}, "positions": PLACES},
    readout="audiovisual",
    readout_options={
        "channels": {"audio": SAMPLES_A_PATCH, "image": 3},
        "positions": PLACES,
        "grids": {"audio": (CLIP_SAMPLES // SAMPLES_A_PATCH,), "image": (CLIP_FRAMES, CLIP_SIDE, CLIP_SIDE)},
        "query": 1024,
        "hidden": 512,
    },
    **ONE_LOOK,
)
FLOW = PerceiverConfig(
    channels=54,
    position=FourierConfig(64, (368, 496)),
    latents=2048,
    latent_dim=512,
    block_layers=24,
    self_heads=16,
    classes=0,
    adapter_options={"project": 64},
    readout="flow",
    **ONE_LOOK,
)
TEXT = PerceiverConfig(
    channels=768,
    position=None,
    latents=256,
    latent_dim=1280,
    block_layers=26,
    self_heads=8,
    self_channels=256,
    cross_heads=8,
    cross_channels=256,
    cross_values=1280,
    classes=262,
    adapter="bytes",
    adapter_options={"vocabulary": 262, "longest": 2048},
    readout="bytes",
    readout_options={"channels": 256, "heads": 8},
    **ONE_LOOK,
)
