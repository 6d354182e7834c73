"""From the parameter names of transformers' Perceivers, which the Hub's files carry, to ours; strictly."""

from __future__ import annotations

import re

from torch import Tensor

from perceiver_zoo.nn import Perceiver

LAYER = {
    "norm_latents": "attention.self.layernorm1",
    "norm": "attention.self.layernorm1",
    "norm_inputs": "attention.self.layernorm2",
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.out": "attention.output.dense",
    "dense.0": "layernorm",
    "dense.1": "mlp.dense1",
    "dense.3": "mlp.dense2",
}
ENCODER = [
    (r"latents", "perceiver.embeddings.latents"),
    (r"cross_attends\.0\.(.+)", "perceiver.encoder.cross_attention.{layer}"),
    (r"blocks\.0\.(\d+)\.(.+)", "perceiver.encoder.self_attends.{0}.{layer}"),
]
DECODER = [
    (r"readout\.decoder\.cross_attend\.(.+)", "perceiver.decoder.decoder.decoding_cross_attention.{layer}"),
    (r"readout\.decoder\.final\.(.+)", "perceiver.decoder.decoder.final_layer.{0}"),
]
CLASS = [
    (r"readout\.query", "perceiver.decoder.decoder.output_position_encodings.position_embeddings"),
    *DECODER,
]
INPUT = "perceiver.input_preprocessor"
# For each adapter and readout of the released models: our name, and theirs. {layer} is LAYER's word for the last group.
ADAPTER_NAMES = {
    "elements": [(r"adapter\.project\.(.+)", INPUT + ".conv_after_patches.{0}")],
    "learned": [
        (r"adapter\.pixel\.(.+)", INPUT + ".convnet_1x1.{0}"),
        (r"adapter\.positions", INPUT + ".position_embeddings.position_embeddings"),
        (r"adapter\.project\.(.+)", INPUT + ".positions_projection.{0}"),
    ],
    "conv": [
        (r"adapter\.conv\.(.+)", INPUT + ".convnet.conv.{0}"),
        (r"adapter\.norm\.(.+)", INPUT + ".convnet.batchnorm.{0}"),
    ],
    "bytes": [
        (r"adapter\.embedding\.weight", INPUT + ".embeddings.weight"),
        (r"adapter\.positions\.weight", INPUT + ".position_embeddings.weight"),
    ],
    "audiovisual": [(r"adapter\.(padding|mask)\.(.+)", INPUT + ".{0}.{1}")],
}
READOUT_NAMES = {
    "class": CLASS,
    "flow": DECODER,
    "bytes": [
        (r"readout\.queries", "perceiver.decoder.output_position_encodings.position_embeddings"),
        (r"readout\.decoder\.cross_attend\.(.+)", "perceiver.decoder.decoding_cross_attention.{layer}"),
        (r"readout\.bias", "embedding_decoder.bias"),
    ],
    "audiovisual": [
        (
            r"readout\.query",
            "perceiver.decoder.modalities.label.decoder.output_position_encodings.position_embeddings",
        ),
        (r"readout\.padding\.(.+)", "perceiver.decoder.padding.{0}"),
        (r"readout\.heads\.(\w+)\.(.+)", "perceiver.output_postprocessor.modalities.{0}.classifier.{1}"),
        *DECODER,
    ],
}


class NamesError(ValueError):
    """A checkpoint whose tensors are not those of the network; the message names them."""


def their_name(ours: str, adapter: str, readout: str) -> str:
    """What transformers calls our parameter; KeyError where no rule speaks of it."""
    for pattern, theirs in [*ENCODER, *ADAPTER_NAMES[adapter], *READOUT_NAMES[readout]]:
        if found := re.fullmatch(pattern, ours):
            groups = found.groups()
            if "{layer}" in theirs:
                part, kind = groups[-1].rsplit(".", 1)
                return theirs.format(*groups, layer=f"{LAYER[part]}.{kind}")
            return theirs.format(*groups)
    raise KeyError(ours)


def carry_over(network: Perceiver, tensors: dict[str, Tensor]) -> None:
    """Load a checkpoint with transformers' names into `network`.

    Raises NamesError that names every missing, left-over or misshaped tensor.
    """
    config = network.config
    left = dict(tensors)
    taken, faults = {}, []
    for ours, own in network.state_dict().items():
        theirs = their_name(ours, config.adapter, config.readout)
        tensor = left.pop(theirs, None)
        if tensor is None:
            faults.append(f"{theirs} is missing")
        elif squeezed(tensor).shape != squeezed(own).shape:
            faults.append(f"{theirs} is {list(tensor.shape)}, not {list(own.shape)}")
        else:
            taken[ours] = tensor.reshape(own.shape).to(own.dtype)
    faults += [f"{name} is left over" for name in left]
    if faults:
        raise NamesError("this checkpoint is not of this network: " + "; ".join(faults))
    network.load_state_dict(taken, assign=True)


def squeezed(tensor: Tensor) -> Tensor:
    """Without axes of length 1: their 1x1 convolution is our linear layer."""
    return tensor.squeeze()
