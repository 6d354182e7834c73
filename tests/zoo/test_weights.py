"""A model on disk comes back as it was, or not at all."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from perceiver_zoo.zoo.weights import load_weights, save_weights
from tests.modalities.sample_making import MODALITY_NAMES, modality_of, network_of, sample_of

LABELS = ["a", "b", "ç"]


def saved(folder: Path, name: str = "image") -> torch.nn.Module:
    network = network_of(name)
    save_weights(folder, network, name, modality_of(name), LABELS, {"licence": "cc0-1.0"})
    return network


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_round_trip(name: str, tmp_path: Path) -> None:
    network = saved(tmp_path / "deep" / "model", name)
    loaded, modality, config = load_weights(tmp_path / "deep" / "model")
    assert not loaded.training
    assert loaded.config == network.config and modality == modality_of(name)
    assert (config["modality"], config["labels"], config["card"]) == (name, LABELS, {"licence": "cc0-1.0"})
    kept, state = loaded.state_dict(), network.state_dict()
    assert kept.keys() == state.keys()
    for key, tensor in state.items():
        assert kept[key].dtype == torch.float32
        assert torch.equal(kept[key], tensor.half().float()), key
    encoded = modality.encode(sample_of(name))
    with torch.inference_mode():
        first, second = (m(encoded.features, encoded.positions) for m in (network, loaded))
    torch.testing.assert_close(first, second, atol=2e-2, rtol=0)


def test_what_was_loaded_is_saved_bit_for_bit(tmp_path: Path) -> None:
    saved(tmp_path / "first")
    loaded, modality, config = load_weights(tmp_path / "first")
    save_weights(tmp_path / "second", loaded, "image", modality, config["labels"], config["card"])
    for file in ("model.safetensors", "config.json"):
        assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "second" / file).read_bytes()


@pytest.mark.parametrize("damage", ["missing", "left over", "misshaped"])
def test_a_tensor_that_does_not_fit_is_named(damage: str, tmp_path: Path) -> None:
    saved(tmp_path)
    tensors = load_file(tmp_path / "model.safetensors")
    name = "cross_attends.1.attention.key.weight"
    if damage == "missing":
        del tensors[name]
    elif damage == "misshaped":
        tensors[name] = tensors[name][:, :-1].contiguous()
    else:
        name = "cross_attends.2.attention.key.weight"
        tensors[name] = torch.zeros(2, 2)
    save_file(tensors, tmp_path / "model.safetensors")
    with pytest.raises(RuntimeError, match=name.replace(".", r"\.")):
        load_weights(tmp_path)


def test_a_config_that_asks_for_another_network_is_refused(tmp_path: Path) -> None:
    saved(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config["network"]["looks"] = [0, 1, 2]
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(RuntimeError, match=r"cross_attends\.2"):
        load_weights(tmp_path)
