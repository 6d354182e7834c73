"""One model on disk: model.safetensors (fp16) and config.json in a folder of the model's name."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from perceiver_zoo.modalities import Modality, build_modality
from perceiver_zoo.nn import Perceiver, PerceiverConfig


def save_weights(
    folder: Path,
    model: Perceiver,
    modality_name: str,
    modality: Modality,
    labels: list[str],
    card: dict[str, Any],
) -> None:
    """Write `model` in fp16 with the config that rebuilds it."""
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.detach().half().cpu().contiguous() for name, tensor in model.state_dict().items()}
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


def load_weights(folder: Path) -> tuple[Perceiver, Modality, dict[str, Any]]:
    """The float32 model, its modality and its config; a missing, left-over or misshaped tensor is an error."""
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Perceiver(PerceiverConfig.from_dict(config["network"]))
    tensors = load_file(folder / "model.safetensors")
    model.load_state_dict({name: tensor.to(torch.float32) for name, tensor in tensors.items()})
    return model.eval(), build_modality(config["modality"], config["reading"]), config
