"""The same weights in an implementation by others (transformers) give the same latents and the same maps."""

from __future__ import annotations

import pytest
import torch

from perceiver_zoo.lenses import latent, mean
from perceiver_zoo.nn import Perceiver, PerceiverConfig, sharing

transformers = pytest.importorskip("transformers")

NAMES = {
    "norm_latents": "attention.self.layernorm1",
    "norm_inputs": "attention.self.layernorm2",
    "norm": "attention.self.layernorm1",
    "attention.query": "attention.self.query",
    "attention.key": "attention.self.key",
    "attention.value": "attention.self.value",
    "attention.out": "attention.output.dense",
    "dense.0": "layernorm",
    "dense.1": "mlp.dense1",
    "dense.3": "mlp.dense2",
}


def their_name(ours: str) -> str:
    if ours == "latents":
        return "embeddings.latents"
    head, kind = ours.rsplit(".", 1)
    for prefix, theirs in (
        ("cross_attends.0.", "encoder.cross_attention."),
        ("blocks.0.", "encoder.self_attends."),
    ):
        if head.startswith(prefix):
            rest = head.removeprefix(prefix)
            layer, part = ("", rest) if "cross" in theirs else rest.split(".", 1)
            return f"{theirs}{layer}{'.' if layer else ''}{NAMES[part]}.{kind}"
    raise KeyError(ours)


@pytest.fixture(scope="module", params=[1, 3], ids=["one head", "three heads"])
def both(request: pytest.FixtureRequest) -> tuple[Perceiver, torch.nn.Module]:
    torch.manual_seed(0)
    theirs = transformers.PerceiverModel(
        transformers.PerceiverConfig(
            num_latents=9,
            d_latents=12,
            d_model=15,
            num_blocks=1,
            num_self_attends_per_block=3,
            num_self_attention_heads=4,
            num_cross_attention_heads=request.param,
            cross_attention_shape_for_attention="kv",
            self_attention_widening_factor=2,
            cross_attention_widening_factor=2,
            attention_probs_dropout_prob=0.0,
            initializer_range=0.4,
        )
    ).eval()
    with torch.no_grad():  # norms and biases that could be mixed up unseen are moved off their neutral start
        for parameter in theirs.parameters():
            if parameter.dim() == 1:
                parameter += 0.3 * torch.randn_like(parameter)
    ours = Perceiver(
        PerceiverConfig(
            channels=15,
            position=None,
            latents=9,
            latent_dim=12,
            block_layers=3,
            classes=2,
            self_heads=4,
            cross_heads=request.param,
            widening=2,
            **sharing("all", 1),
        )
    ).eval()
    state = theirs.state_dict()
    copied = {
        name: state.pop(their_name(name)) for name in ours.state_dict() if not name.startswith("readout")
    }
    assert not state  # nothing of theirs is left over
    ours.load_state_dict(copied, strict=False)
    return ours, theirs


@pytest.mark.parametrize("masked", [False, True])
def test_latents_and_cross_attention_agree(both: tuple[Perceiver, torch.nn.Module], masked: bool) -> None:
    ours, theirs = both
    elements = torch.randn(2, 40, 15, generator=torch.Generator().manual_seed(1))
    mask = None
    if masked:
        mask = torch.rand(2, 40, generator=torch.Generator().manual_seed(2)) < 0.6
    with torch.no_grad():
        expected = theirs(inputs=elements, attention_mask=mask, output_attentions=True)
        trace = ours.encode(elements, torch.zeros(1, 40, 0), mask)
    torch.testing.assert_close(trace.latents, expected.last_hidden_state, atol=1e-5, rtol=0)
    rows = expected.cross_attentions[0]  # [B, heads, N, M]
    assert rows.shape == (2, ours.config.cross_heads, 9, 40)
    for i in range(9):
        torch.testing.assert_close(latent(trace, latent=i), rows[:, :, i].mean(1), atol=1e-5, rtol=0)
        for head in range(ours.config.cross_heads):
            torch.testing.assert_close(
                latent(trace, head=head, latent=i), rows[:, head, i], atol=1e-5, rtol=0
            )
    torch.testing.assert_close(mean(trace), rows.mean((1, 2)), atol=1e-5, rtol=0)
