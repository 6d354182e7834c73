"""Checkpoints of the released architectures at full size, with random numbers, as the Hub would have them."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from perceiver_zoo.nn import Perceiver
from perceiver_zoo.zoo import architectures
from perceiver_zoo.zoo.names import their_name
from perceiver_zoo.zoo.released import RELEASED, Released
from tests.loopback_hub import Hub

LABELS = {"image": 1000, "audiovisual": 700}


def tensors(released: Released, seed: int = 0) -> dict[str, torch.Tensor]:
    """Random tensors under transformers' names, each of the scale that makes its part matter."""
    config = getattr(architectures, released.architecture)
    with torch.device("meta"):
        network = Perceiver(config)
    rng = torch.Generator().manual_seed(seed)
    made = {}
    for ours, like in network.state_dict().items():
        if not like.is_floating_point():
            value = torch.zeros(like.shape, dtype=like.dtype)
        elif like.dim() > 1:
            value = torch.randn(like.shape, generator=rng) * like[0].numel() ** -0.5
        elif "running_var" in ours or ("norm" in ours and ours.endswith("weight")):
            value = torch.ones(like.shape)
        else:
            value = torch.randn(like.shape, generator=rng) * 0.02
        made[their_name(ours, config.adapter, config.readout)] = value
    return made


def publish(hub: Hub, folder: Path, *names: str) -> None:
    """Put the released models of these names (default: all) on a loopback Hub, at the commits they are pinned to."""
    for released in RELEASED:
        if names and released.name not in names:
            continue
        file = folder / f"{released.name}.safetensors"
        save_file(tensors(released), file)
        count = LABELS.get(released.modality, 0)
        config = json.dumps({"id2label": {str(i): f"class {i}" for i in range(count)}}).encode()
        weights, own = released.source.weights[0], released.source.config
        for revision, commit, files in (
            (own.revision, own.commit, {"config.json": config, "model.safetensors": file}),
            (weights.revision, weights.commit, {"model.safetensors": file}),
        ):
            if revision not in getattr(hub.repositories.get(released.source.repo), "refs", {}):
                hub.push(released.source.repo, files, revision, commit.ljust(40, "0") if commit else None)
