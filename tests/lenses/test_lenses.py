"""Maps against the same numbers taken from an explicit [H, N, M] array."""

from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

from perceiver_zoo.lenses import LENSES, SCALES, answer, latent, mean, rows
from perceiver_zoo.nn import Trace
from tests.lenses.trace_making import random_trace

PLAIN = ["mean", "latent"]  # the lenses that know both scales
ASKED = [*product(range(3), (None, 0, 2), SCALES)]


def naive(trace: Trace, look: int, scale: str) -> torch.Tensor:
    """Every weight or score at once: [W, H, N, M]."""
    query, key = trace.looks[look].query, trace.looks[look].key
    scores = torch.einsum("whnd,whmd->whnm", query, key) / math.sqrt(query.shape[-1])
    left_out = torch.zeros(scores.shape, dtype=torch.bool)
    if trace.mask is not None:
        left_out |= ~trace.mask[:, None, None, :]
    if scale == "scores":
        return scores.masked_fill(left_out, float("nan"))
    exponents = scores.double().exp().masked_fill(left_out, 0)
    return (exponents / exponents.sum(-1, keepdim=True)).float()


def close(got: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(got, expected, atol=1e-5, rtol=1e-5, equal_nan=True)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("look", "head", "scale"), ASKED)
def test_maps_equal_the_explicit_array(look: int, head: int | None, scale: str, masked: bool) -> None:
    trace = random_trace(masked=masked)
    full = naive(trace, look, scale)
    full = full.mean(1) if head is None else full[:, head]
    close(mean(trace, look, head, scale), full.mean(1))
    for i in range(5):
        close(latent(trace, look, head, scale, i), full[:, i])


@settings(max_examples=20, deadline=None)
@given(
    elements=st.integers(1, 60),
    latents=st.integers(1, 9),
    masked=st.booleans(),
    seed=st.integers(0, 999),
    data=st.data(),
)
def test_weights_sum_to_one(
    elements: int, latents: int, masked: bool, seed: int, data: st.DataObject
) -> None:
    trace = random_trace(elements=elements, latents=latents, masked=masked, seed=seed)
    which = {"look": data.draw(st.integers(0, 2)), "head": data.draw(st.sampled_from([None, 0, 1, 2]))}
    for weights in (
        mean(trace, **which),
        latent(trace, **which, latent=data.draw(st.integers(0, latents - 1))),
    ):
        assert weights.shape == (2, elements) and (weights >= 0).all()
        torch.testing.assert_close(weights.sum(1), torch.ones(2))


@pytest.mark.parametrize("lens", PLAIN)
@pytest.mark.parametrize("head", [None, 1])
def test_elements_left_out_weigh_nothing_and_have_no_score(lens: str, head: int | None) -> None:
    trace = random_trace(masked=True)
    assert trace.mask is not None and not trace.mask.all()
    weights, scores = (LENSES[lens](trace, 1, head, scale) for scale in ("weights", "scores"))
    assert (weights[~trace.mask] == 0).all() and (weights[trace.mask] > 0).all()
    assert torch.equal(scores.isnan(), ~trace.mask)


@pytest.mark.parametrize("chunk", [1, 40, 33 * 3, 1 << 30])
@pytest.mark.parametrize("lens", PLAIN)
def test_chunks_change_nothing(lens: str, chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows, "KEPT", 0)
    trace = random_trace(masked=True)
    whole = [LENSES[lens](trace, *asked) for asked in ASKED]
    monkeypatch.setattr(rows, "CHUNK", chunk)
    for before, asked in zip(whole, ASKED, strict=True):
        torch.testing.assert_close(LENSES[lens](trace, *asked), before, atol=1e-6, rtol=0, equal_nan=True)


@pytest.mark.parametrize("scale", SCALES)
def test_a_map_of_many_elements_never_holds_all_rows(scale: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Largest(TorchDispatchMode):
        numbers = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            made = func(*args, **(kwargs or {}))
            if isinstance(made, torch.Tensor):
                self.numbers = max(self.numbers, made.numel())
            return made

    monkeypatch.setattr(rows, "KEPT", 0)
    monkeypatch.setattr(rows, "CHUNK", 4 * 3 * 2 * 1000)  # four latents at a time
    trace = random_trace(elements=1000, latents=64)
    with Largest() as largest:
        mean(trace, 2, None, scale)
    assert 1000 <= largest.numbers <= 2 * 3 * 1000 * 6 < 2 * 3 * 1000 * 64


def test_half_precision_traces_are_computed_in_float32() -> None:
    trace = random_trace()
    half = Trace(tuple(type(look)(look.query.half(), look.key.half()) for look in trace.looks), trace.latents)
    assert mean(half).dtype == torch.float32
    torch.testing.assert_close(mean(half), mean(trace), atol=1e-2, rtol=0)


@pytest.mark.parametrize("lens", PLAIN)
@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"look": 3}, "look 3 does not exist: the run has looks 0..2"),
        ({"look": -1}, "look -1 does not exist: the run has looks 0..2"),
        ({"head": 3}, "head 3 does not exist: look 0 has heads 0..2"),
        ({"head": -1}, "head -1 does not exist: look 0 has heads 0..2"),
        ({"scale": "log"}, "scale is one of scores, weights, not 'log'"),
    ],
)
def test_what_does_not_exist_is_said_in_a_sentence(lens: str, asked: dict, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        LENSES[lens](random_trace(), **asked)


@pytest.mark.parametrize("which", [5, -1])
def test_a_latent_that_does_not_exist(which: int) -> None:
    with pytest.raises(ValueError, match=f"^latent {which} does not exist: the model has latents 0..4$"):
        latent(random_trace(), latent=which)


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(("look", "head"), [(0, None), (2, 1)])
def test_the_answers_look_is_the_decoders_row_times_the_encoders_map(
    look: int, head: int | None, masked: bool
) -> None:
    trace = random_trace(masked=masked, answered=True)
    assert trace.answer is not None
    row = (
        (trace.answer.query @ trace.answer.key.transpose(-1, -2) / 2).softmax(-1).mean(1)
    )  # [W, 1, N], d = 4
    full = naive(trace, look, "weights")
    full = full.mean(1) if head is None else full[:, head]
    got = answer(trace, look, head)
    close(got, (row @ full)[:, 0])
    torch.testing.assert_close(got.sum(1), torch.ones(2))


def test_the_answers_look_follows_the_one_latent_that_was_asked() -> None:
    trace = random_trace(answered=True)
    assert trace.answer is not None
    trace.answer.key.zero_()
    trace.answer.key[:, :, 3] = 1e4 * trace.answer.query[:, :, 0]
    close(answer(trace, 1), latent(trace, 1, latent=3))


def test_the_answers_look_needs_a_query_and_has_no_scores() -> None:
    with pytest.raises(ValueError, match="needs a model whose answer one query made"):
        answer(random_trace())
    with pytest.raises(ValueError, match="its scale is weights"):
        answer(random_trace(answered=True), scale="scores")
