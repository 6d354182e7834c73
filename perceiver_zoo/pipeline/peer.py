"""The same answer and map by transformers' Perceiver, on the same weights: how long both take, and how much memory."""

from __future__ import annotations

import ctypes
import gc
import re
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import torch

from perceiver_zoo.lenses import mean
from perceiver_zoo.lenses.rows import kept_rows
from perceiver_zoo.modalities import ImageModality, InputArray
from perceiver_zoo.pipeline.classifier import Pipeline
from perceiver_zoo.pipeline.speed import seconds
from perceiver_zoo.zoo.names import their_name

FORGET = Path("/proc/self/clear_refs")
# transformers' class of each adapter.
PEERS = {
    "elements": "PerceiverForImageClassificationFourier",
    "learned": "PerceiverForImageClassificationLearned",
    "conv": "PerceiverForImageClassificationConvProcessing",
}


def has_peer(pipeline: Pipeline) -> bool:
    """Whether transformers, if installed, has a network of the model's shape: Perceiver IO on pictures."""
    return pipeline.network.config.readout == "class" and isinstance(pipeline.modality, ImageModality)


def installed() -> bool:
    return find_spec("transformers") is not None


@torch.inference_mode()
def compare(pipeline: Pipeline, file: Path, runs: int) -> dict[str, Any]:
    """Seconds and peak bytes of an answer with its mean map, ours and theirs: medians of `runs` runs, in turn.

    difference: the largest between the two maps, as a share of the map's greatest weight. Peak bytes are what the
    process takes on top of the weights; null where `can_tell_memory` is not so.
    """
    inputs = pipeline.modality.encode(pipeline.read(file))
    theirs, pixels = peer_of(pipeline), pixels_of(inputs)

    def ask_ours() -> torch.Tensor:
        kept_rows.cache_clear()
        return mean(pipeline.run(inputs)[1])[0]

    def ask_theirs() -> torch.Tensor:
        return theirs(inputs=pixels, output_attentions=True).cross_attentions[0].mean(dim=(0, 1, 2))

    asks = {"ours": ask_ours, "theirs": ask_theirs}
    maps = {name: ask() for name, ask in asks.items()}
    spent = [{name: seconds(ask) for name, ask in asks.items()} for _ in range(runs)]
    peaks = [{name: peak(ask) for name, ask in asks.items()} for _ in range(runs if can_tell_memory() else 0)]
    difference = (maps["ours"] - maps["theirs"]).abs().max() / maps["theirs"].max()
    return {
        "seconds": {name: median(run[name] for run in spent) for name in asks},
        "bytes": {name: median(run[name] for run in peaks) for name in asks} if can_tell_memory() else None,
        "difference": float(difference),
    }


def peer_of(pipeline: Pipeline) -> Any:
    """transformers' network of the same shape, with the very weights of ours."""
    import transformers

    config = pipeline.network.config
    assert isinstance(pipeline.modality, ImageModality)
    settings: dict[str, Any] = {
        "num_latents": config.latents,
        "d_latents": config.latent_dim,
        "num_blocks": config.repeats,
        "num_self_attends_per_block": config.block_layers,
        "num_self_attention_heads": config.self_heads,
        "num_cross_attention_heads": config.cross_heads,
        "num_labels": config.classes,
        "image_size": pipeline.modality.size,
    }
    theirs = getattr(transformers, PEERS[config.adapter])(transformers.PerceiverConfig(**settings)).eval()
    shapes = {name: tensor.shape for name, tensor in theirs.state_dict().items()}
    ours = pipeline.network.state_dict()
    named = {their_name(name, config.adapter, config.readout): tensor for name, tensor in ours.items()}
    theirs.load_state_dict({name: named[name].reshape(shape) for name, shape in shapes.items()}, assign=True)
    return theirs


def pixels_of(inputs: InputArray) -> torch.Tensor:
    """The picture [1, 3, H, W] whose pixels the elements are."""
    side = int(inputs.features.shape[1] ** 0.5)
    return inputs.features.unflatten(1, (side, side)).permute(0, 3, 1, 2)


def can_tell_memory() -> bool:
    """Whether the system says how much memory was used, and takes back what was freed: Linux with glibc."""
    return FORGET.exists() and hasattr(ctypes.CDLL(None), "malloc_trim")


def peak(ask: Callable[[], Any]) -> int:
    """Bytes of memory at the most while `ask` runs, on top of what the process had before."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)  # what was freed goes back to the system, so that its use counts again
    before = memory("VmRSS")
    FORGET.write_text("5")  # the highest use of memory so far
    ask()
    return memory("VmHWM") - before


def memory(name: str) -> int:
    """One of the kernel's figures of this process, in bytes."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024
