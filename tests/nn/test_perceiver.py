"""What a run must keep: elements are a set, masks leave out, tied looks share keys, nothing [H, N, M] large."""

from __future__ import annotations

from collections import Counter
from unittest.mock import patch

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig, attention, sharing
from tests.modalities.sample_making import MODALITY_NAMES, modality_of, network_of, sample_of


def tiny(looks: int = 3, pattern: str | int = "paper", **changed) -> Perceiver:
    torch.manual_seed(1)
    fields = {
        "channels": 5,
        "position": FourierConfig(4, (8, 8)),
        "latents": 7,
        "latent_dim": 16,
        "block_layers": 2,
        "classes": 4,
        "self_heads": 4,
        "cross_heads": 2,
        "cross_channels": 12,
        "widening": 2,
    }
    model = Perceiver(PerceiverConfig(**{**fields, **sharing(pattern, looks), **changed})).eval()
    with torch.no_grad():  # an untrained readout would answer nearly alike for everything
        model.readout.linear.weight.mul_(20)
    return model


def inputs(elements: int = 30, batch: int = 2, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    positions = torch.rand(batch, elements, 2, generator=rng) * 2 - 1
    return torch.randn(batch, elements, 5, generator=rng), positions


def running(fused: bool):
    """Inference takes the fused kernel; training on a CPU takes the plain one."""
    return torch.inference_mode() if fused else torch.enable_grad()


@pytest.mark.parametrize("masked", [False, True])
def test_fused_and_plain_attention_agree(masked: bool) -> None:
    model, (features, positions) = tiny(), inputs()
    mask = torch.rand(2, 30) < 0.6 if masked else None
    with patch.object(attention, "plain_attention", wraps=attention.plain_attention) as plain:
        with torch.inference_mode():
            fused = model(features, positions, mask)
        assert plain.call_count == 0
        unfused = model.train()(features, positions, mask)
        assert plain.call_count == 3 + 3 * 2
    torch.testing.assert_close(fused.clone(), unfused.detach(), atol=1e-5, rtol=0)


@pytest.mark.parametrize(
    ("pattern", "reads"), [("paper", [1, 1]), ("all", [1]), ("none", [1] * 4), (2, [1, 1])]
)
def test_tied_looks_hold_one_key_tensor_computed_once(pattern: str | int, reads: list[int]) -> None:
    model, calls = tiny(4, pattern), Counter()
    for i, look in enumerate(model.cross_attends):
        for part in (look.attention.key, look.attention.value, look.norm_inputs):
            part.register_forward_hook(lambda module, *_, i=i: calls.update([(i, id(module))]))
    with torch.inference_mode():
        trace = model.encode(*inputs())
    assert len(calls) == 3 * len(reads) and set(calls.values()) == {1}
    weights = model.config.looks
    for kept in (trace, trace.cpu()):
        for i, a in enumerate(kept.looks):
            for j, b in enumerate(kept.looks):
                assert (a.key is b.key) == (weights[i] == weights[j])


@pytest.mark.parametrize("fused", [True, False])
def test_a_masked_element_does_not_matter(fused: bool) -> None:
    model, (features, positions) = tiny(), inputs()
    mask = torch.ones(2, 30, dtype=torch.bool)
    mask[0, 4] = mask[1, :11] = False
    other_features, other_positions = features.clone(), positions.clone()
    other_features[~mask], other_positions[~mask] = 9.0, 0.5
    with running(fused):
        first, second = model(features, positions, mask), model(other_features, other_positions, mask)
        unmasked = model(other_features, other_positions)
    torch.testing.assert_close(first, second, atol=1e-6, rtol=0)
    assert (first - unmasked).abs().max() > 1e-3


@pytest.mark.parametrize("fused", [True, False])
def test_masking_is_leaving_out(fused: bool) -> None:
    model, (features, positions) = tiny(), inputs(batch=1)
    mask = torch.rand(1, 30, generator=torch.Generator().manual_seed(3)) < 0.5
    with running(fused):
        masked, left_out = (
            model(features, positions, mask),
            model(features[mask][None], positions[mask][None]),
        )
    torch.testing.assert_close(masked, left_out, atol=1e-5, rtol=0)


def test_an_array_with_nothing_to_read_is_refused() -> None:
    mask = torch.ones(2, 30, dtype=torch.bool)
    mask[1] = False
    with pytest.raises(ValueError, match="at least one element"):
        tiny()(*inputs(), mask)


def test_elements_of_another_width_are_refused() -> None:
    with pytest.raises(ValueError, match="elements have 3 channels, the model reads 5"):
        tiny()(torch.zeros(1, 4, 3), torch.zeros(1, 4, 2))


@settings(max_examples=25, deadline=None)
@given(elements=st.integers(1, 200), seed=st.integers(0, 9999), masked=st.booleans())
def test_elements_are_a_set(elements: int, seed: int, masked: bool) -> None:
    model, (features, positions) = tiny(), inputs(elements, 1, seed)
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(elements, generator=rng)
    mask = torch.rand(1, elements, generator=rng) < 0.7 if masked else None
    if mask is not None:
        mask[0, 0] = True
    with torch.inference_mode():
        straight = model(features, positions, mask)
        shuffled = model(features[:, order], positions[:, order], None if mask is None else mask[:, order])
    torch.testing.assert_close(straight, shuffled, atol=1e-4, rtol=0)


@pytest.mark.parametrize("name", MODALITY_NAMES)
def test_the_order_of_a_real_samples_elements_does_not_matter(name: str) -> None:
    encoded, model = modality_of(name).encode(sample_of(name)), network_of(name)
    order = torch.randperm(encoded.features.shape[1], generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        straight = model(encoded.features, encoded.positions)
        shuffled = model(encoded.features[:, order], encoded.positions[:, order])
        positions_kept = model(encoded.features[:, order], encoded.positions)
    torch.testing.assert_close(straight, shuffled, atol=1e-4, rtol=0)
    if encoded.features.shape[2]:  # the position does belong to the element
        assert (straight - positions_kept).abs().max() > 1e-4


def test_a_batch_answers_each_array_by_itself() -> None:
    model, (features, positions) = tiny(), inputs(batch=3)
    with torch.inference_mode():
        together = model(features, positions)
        alone = torch.cat([model(features[i : i + 1], positions[i : i + 1]) for i in range(3)])
        one_place = model(features, positions[:1])
        repeated = model(features, positions[:1].expand(3, -1, -1))
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=0)
    torch.testing.assert_close(one_place, repeated, atol=1e-6, rtol=0)


@pytest.mark.parametrize("embed", [None, 10])
@pytest.mark.parametrize("pattern", ["paper", "none"])
def test_every_parameter_learns(embed: int | None, pattern: str) -> None:
    model = tiny(pattern=pattern, embed=embed).train()
    torch.nn.functional.cross_entropy(model(*inputs()), torch.tensor([0, 2])).backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None and parameter.grad.isfinite().all(), name
        if not name.endswith("key.bias"):  # it shifts all scores of a query alike, which the softmax undoes
            assert parameter.grad.abs().max() > 1e-9, name


class LargestTensor(TorchDispatchMode):
    """Remembers how many numbers the largest tensor made below it holds."""

    def __init__(self) -> None:
        super().__init__()
        self.numbers = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        made = func(*args, **(kwargs or {}))
        for tensor in made if isinstance(made, tuple | list) else (made,):
            if isinstance(tensor, torch.Tensor):
                self.numbers = max(self.numbers, tensor.numel())
        return made


@pytest.mark.parametrize("masked", [False, True])
def test_no_run_holds_a_weight_for_every_latent_and_element(masked: bool) -> None:
    heads, latents, elements = 4, 64, 8000
    model = tiny(latents=latents, cross_heads=heads)
    features, positions = inputs(elements, batch=1)
    mask = torch.rand(1, elements) < 0.9 if masked else None
    with torch.inference_mode(), LargestTensor() as largest:
        model(features, positions, mask)
    assert 0 < largest.numbers < heads * latents * elements / 4
    with LargestTensor() as largest:  # the plain kernel, for training on a CPU, does, so the check can fail
        model.train()(features, positions, mask)
    assert largest.numbers >= heads * latents * elements


def test_a_trace_on_the_cpu_is_float32_and_detached() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        trace = tiny().encode(*inputs(), torch.ones(2, 30, dtype=torch.bool))
    assert trace.looks[0].key.dtype == torch.bfloat16
    moved = trace.cpu()
    assert all(
        x.dtype == torch.float32 and not x.requires_grad
        for look in moved.looks
        for x in (look.query, look.key)
    )
    assert moved.mask is not None and moved.mask.dtype == torch.bool
    assert (moved.heads, moved.latent_count) == (2, 7)


def test_readout_sees_the_mean_over_latents() -> None:
    model = tiny()
    with torch.inference_mode():
        latents = model.encode(*inputs()).latents
        expected = (
            latents.mean(1).numpy() @ model.readout.linear.weight.numpy().T
            + model.readout.linear.bias.numpy()
        )
        np.testing.assert_allclose(model(*inputs()), expected, atol=1e-5)
