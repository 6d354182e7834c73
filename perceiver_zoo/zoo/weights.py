"""One model on disk: model.safetensors (fp16) and config.json in a folder of the model's name."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from perceiver_zoo.modalities import Modality, build_modality
from perceiver_zoo.nn import FourierFeatures, Perceiver, PerceiverConfig


def save_weights(
    folder: Path,
    model: Perceiver,
    modality_name: str,
    modality: Modality,
    labels: list[str],
    card: dict[str, Any],
    dtype: torch.dtype = torch.float16,
) -> None:
    """Write `model` with the config that rebuilds it; numbers with a point as `dtype`."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: as_saved(tensor, dtype) for name, tensor in model.state_dict().items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "model.safetensors").chmod(0o644)  # safetensors itself writes for the owner alone
    config = {
        "modality": modality_name,
        "network": model.config.to_dict(),
        "reading": asdict(modality),  # type: ignore[call-overload]
        "labels": labels,
        "card": card,
    }
    (folder / "config.json").write_text(
        json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


def as_saved(tensor: Tensor, dtype: torch.dtype) -> Tensor:
    tensor = tensor.detach().cpu().contiguous()
    return tensor.to(dtype) if tensor.is_floating_point() else tensor


def load_weights(folder: Path) -> tuple[Perceiver, Modality, dict[str, Any]]:
    """The float32 model, its modality and its config; a missing, left-over or misshaped tensor is an error."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = blank(PerceiverConfig.from_dict(config["network"]))
    tensors = load_file(folder / "model.safetensors")
    model.load_state_dict(
        {name: as_saved(tensor, torch.float32) for name, tensor in tensors.items()}, assign=True
    )
    return model.eval(), build_modality(config["modality"], config["reading"]), config


def blank(config: PerceiverConfig) -> Perceiver:
    """A network whose parameters are still to be assigned: making up random ones would take longer than loading."""
    with torch.device("meta"):
        model = Perceiver(config)
    for module in model.modules():
        if isinstance(module, FourierFeatures):  # no file holds these
            module.frequencies = module.config.frequencies()
    return model
