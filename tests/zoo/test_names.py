"""A checkpoint that is not exactly the network's is refused, and every fault is named."""

from __future__ import annotations

import dataclasses

import pytest
import torch

from perceiver_zoo.nn import FourierConfig, Perceiver
from perceiver_zoo.zoo import architectures
from perceiver_zoo.zoo.names import NamesError, carry_over, their_name

SMALL = dataclasses.replace(
    architectures.FOURIER,
    position=FourierConfig(2, (4, 4)),
    latents=4,
    latent_dim=8,
    classes=3,
    block_layers=1,
)


def theirs(network: Perceiver) -> dict[str, torch.Tensor]:
    """The network's own tensors under transformers' names."""
    config = network.config
    return {
        their_name(ours, config.adapter, config.readout): tensor.clone() + 1
        for ours, tensor in network.state_dict().items()
    }


def test_every_tensor_arrives() -> None:
    network = Perceiver(SMALL)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    carry_over(network, theirs(network))
    for name, tensor in network.state_dict().items():
        torch.testing.assert_close(tensor, before[name] + 1)


def test_missing_left_over_and_misshaped_tensors_are_all_named() -> None:
    network = Perceiver(SMALL)
    tensors = theirs(network)
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    del tensors["perceiver.embeddings.latents"]
    tensors["perceiver.decoder.decoder.final_layer.bias"] = torch.zeros(7)
    tensors["perceiver.encoder.stranger"] = torch.zeros(1)
    with pytest.raises(NamesError) as raised:
        carry_over(network, tensors)
    assert str(raised.value).split(": ", 1)[1].split("; ") == [
        "perceiver.embeddings.latents is missing",
        "perceiver.decoder.decoder.final_layer.bias is [7], not [3]",
        "perceiver.encoder.stranger is left over",
    ]
    for name, tensor in network.state_dict().items():  # and nothing was taken
        assert torch.equal(tensor, before[name])


def test_no_two_of_ours_are_one_of_theirs() -> None:
    for config in (
        architectures.FOURIER,
        architectures.LEARNED,
        architectures.CONV,
        architectures.AUDIOVISUAL,
    ):
        with torch.device("meta"):
            network = Perceiver(config)
        named = [their_name(ours, config.adapter, config.readout) for ours in network.state_dict()]
        assert len(named) == len(set(named))
