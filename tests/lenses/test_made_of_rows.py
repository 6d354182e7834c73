"""Lenses that weigh the latents' rows, against the same numbers taken from an explicit [H, N, M] array."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import product

import pytest
import torch

from perceiver_zoo.lenses import (
    LENSES,
    answer_gradient,
    class_evidence,
    focus,
    gradient,
    latent,
    looks_at,
    order,
    readers,
    rollout,
    rows,
    shares,
)
from perceiver_zoo.nn import Trace
from tests.lenses.test_lenses import close, naive
from tests.lenses.trace_making import answers_pull, random_pull, random_trace

ASKED = [*product((0, 2), (None, 1), (False, True))]


def full_of(trace: Trace, look: int, head: int | None) -> torch.Tensor:
    """All rows [W, N, M]."""
    full = naive(trace, look, "weights")
    return full.mean(1) if head is None else full[:, head]


@pytest.fixture(params=[(0, 1), (0, 1 << 22), (1 << 25, 1), (1 << 25, 1 << 22)])
def kept(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that are kept or computed anew, one latent or all of them at a time."""
    monkeypatch.setattr(rows, "KEPT", request.param[0])
    monkeypatch.setattr(rows, "CHUNK", request.param[1])


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize(("look", "head", "masked"), ASKED)
def test_lenses_equal_their_naive_definitions(look: int, head: int | None, masked: bool) -> None:
    trace = random_trace(masked=masked)
    full = full_of(trace, look, head)
    assert trace.evidence is not None
    said = trace.latents @ trace.evidence.weight[2] / 5
    close(class_evidence(trace, look, head, label=2), torch.einsum("wn,wnm->wm", said, full))
    weights = torch.full((2, 5), 1 / 5)
    for mix in reversed(trace.mixing[look:]):
        weights = torch.einsum("wn,wnk->wk", weights, mix)
    close(shares(trace, look), weights)
    close(rollout(trace, look, head), torch.einsum("wn,wnm->wm", weights, full))
    close(readers(trace, 0, look, head), full[:, :, 0])
    read = full[:, :, 0] / full[:, :, 0].sum(1, keepdim=True)
    close(looks_at(trace, look, head, element=0), torch.einsum("wn,wnm->wm", read, full))
    entropy = -(full * full.clamp_min(1e-30).log()).sum(-1).mean(0)
    _, measure = order(trace, look, head)
    close(measure, entropy.sort().values)
    for rank, which in enumerate(entropy.argsort().tolist()):
        close(focus(trace, look, head, rank=rank), full[:, which])
        close(focus(trace, look, head, "scores", rank), latent(trace, look, head, "scores", which))


def test_the_only_head_is_the_mean_over_heads_and_its_rows_are_made_once() -> None:
    trace = random_trace(heads=1)
    made = rows.kept_rows.cache_info().misses
    for head in (None, 0):
        for lens in ("mean", "focus", "looks_at", "rollout", "class_evidence"):
            LENSES[lens](trace, 1, head)
    assert rows.kept_rows.cache_info().misses == made + 1


def test_a_latent_that_reads_one_element_has_no_entropy() -> None:
    trace = random_trace(latents=2, heads=1)
    look = trace.looks[0]
    look.query[:, :, 0], look.key[:, :, 3] = 100, 100
    look.query[:, :, 1] = 0
    which, measure = order(trace, 0)
    assert which.tolist() == [0, 1]
    close(measure, torch.tensor([0.0, math.log(11)]))


def test_rows_are_made_of_a_run_that_can_be_learned_from() -> None:
    trace = random_trace()
    look = trace.looks[0]
    trained = replace(trace, looks=(type(look)(look.query.clone().requires_grad_(), look.key),))
    close(looks_at(trained, element=1), looks_at(trace, element=1))


@pytest.mark.parametrize(("look", "head", "masked"), ASKED)
def test_gradients_weigh_attention(
    look: int, head: int | None, masked: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    trace = random_trace(masked=masked)
    pull = random_pull(trace)
    product = naive(trace, look, "weights") * torch.einsum(
        "whnd,whmd->whnm", pull[look].gradient, pull[look].value
    )
    product = product if head is None else product[:, head : head + 1]
    for chunk in (1, 1 << 22):
        monkeypatch.setattr(rows, "CHUNK", chunk)
        close(gradient(trace, look, head, pull=pull), product.clamp_min(0).mean(1).mean(1))


@pytest.mark.parametrize(("look", "head", "masked"), ASKED)
def test_gradients_weigh_the_answers_look(look: int, head: int | None, masked: bool) -> None:
    trace = random_trace(masked=masked, answered=True)
    pull = answers_pull(trace)
    assert trace.answer is not None
    row = (trace.answer.query @ trace.answer.key.transpose(-1, -2) / 2).softmax(-1)
    weighed = (row * torch.einsum("whqd,whnd->whqn", pull.gradient, pull.value)).clamp_min(0).mean(1)[:, 0]
    expected = torch.einsum("wn,wnm->wm", weighed, full_of(trace, look, head))
    close(answer_gradient(trace, look, head, pull=pull), expected)


def test_rollout_starts_at_the_decoders_row() -> None:
    trace = random_trace(answered=True)
    assert trace.answer is not None
    row = (trace.answer.query @ trace.answer.key.transpose(-1, -2) / 2).softmax(-1).mean(1)[:, 0]
    close(shares(trace, 2), torch.einsum("wn,wnk->wk", row, trace.mixing[2]))


def test_latents_are_ordered_by_their_share_of_a_class() -> None:
    trace = random_trace()
    assert trace.evidence is not None
    said = (trace.latents @ trace.evidence.weight[1] / 5).mean(0)
    which, measure = order(trace, by="share", label=1)
    assert which.tolist() == said.argsort(descending=True).tolist()
    close(measure, said[which])
    assert order(trace, by="index")[0].tolist() == [0, 1, 2, 3, 4]


def test_an_element_one_latent_alone_reads_shows_that_latents_row() -> None:
    trace = random_trace()
    for look in trace.looks[:1]:
        look.key[:, :, 4] = 0
        look.query[:, :, 1:] *= 0
        look.query[:, :, 1] = 1
        look.key[:, :, 4] = 50
        look.query[:, :, 0] = -1
        look.query[:, :, 2:] = -1
    close(looks_at(trace, 0, element=4), latent(trace, 0, latent=1))


@pytest.mark.parametrize(
    ("lens", "own", "message"),
    [
        ("focus", {"rank": 5}, "rank 5 does not exist"),
        ("class_evidence", {"label": 4}, "label 4 does not exist: the model has classes 0..3"),
        ("looks_at", {"element": 11}, "element 11 does not exist: the input array has elements 0..10"),
        ("rollout", {"scale": "scores"}, "its scale is weights"),
        ("class_evidence", {"scale": "scores"}, "its scale is weights"),
        ("looks_at", {"element": -1}, "element -1 does not exist"),
        ("looks_at", {"scale": "scores"}, "its scale is weights"),
        ("gradient", {"scale": "scores"}, "its scale is weights"),
        ("gradient", {}, "ask it of a result"),
        ("answer_gradient", {"scale": "scores"}, "its scale is weights"),
        ("answer_gradient", {}, "needs the query of an answer and its gradients"),
    ],
)
def test_what_does_not_exist_is_said(lens: str, own: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        LENSES[lens](random_trace(), **own)


def test_an_order_that_does_not_exist_is_said() -> None:
    with pytest.raises(ValueError, match="ordered by one of focus, share, index, not 'size'"):
        order(random_trace(), by="size")
    with pytest.raises(ValueError, match="name its label"):
        order(random_trace(), by="share")


def test_a_lens_is_there_where_the_trace_has_what_it_needs() -> None:
    read, answered = random_trace(), random_trace(answered=True)
    neither = replace(read, evidence=None, mixing=())
    plain = {"mean", "latent", "focus", "looks_at"}
    for trace, more in (
        (read, {"rollout", "class_evidence", "gradient"}),
        (answered, {"rollout", "answer", "answer_gradient"}),
        (neither, set()),
    ):
        assert {name for name, lens in LENSES.items() if lens.available(trace)} == plain | more


@pytest.mark.parametrize("answered", [False, True])
def test_the_maps_of_a_signed_lens_alone_lie_on_both_sides_of_zero(answered: bool) -> None:
    trace = random_trace(answered=answered)
    for name, lens in LENSES.items():
        if lens.available(trace):
            made = {"gradient": random_pull, "answer_gradient": answers_pull}
            shown = lens(trace, pull=made[name](trace)) if name in made else lens(trace)
            assert (shown > 0).any() and bool((shown < 0).any()) == lens.signed, name


def test_what_a_trace_does_not_have_is_said() -> None:
    answered, unmixed = random_trace(answered=True), replace(random_trace(), mixing=())
    with pytest.raises(ValueError, match="needs a mean readout"):
        class_evidence(answered)
    with pytest.raises(ValueError, match="kept how its latents mixed"):
        rollout(unmixed)
    masked = random_trace(masked=True)
    assert masked.mask is not None
    left = int((~masked.mask[0]).nonzero()[0])
    with pytest.raises(ValueError, match=f"element {left} was not read"):
        looks_at(masked, element=left)
    masked.mask[0, left] = True
    masked.mask[1, left] = False  # by one window of two
    with pytest.raises(ValueError, match=f"element {left} was not read"):
        looks_at(masked, 1, element=left)
