"""Maps of a model whose answer is known to depend on one region, and elements really left out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media import ImageSample
from perceiver_zoo.modalities import build_modality
from perceiver_zoo.nn import Perceiver, PerceiverConfig, sharing
from perceiver_zoo.pipeline import Curves, Pipeline, Result, curves, faithfulness, left_out, load
from perceiver_zoo.zoo import read_entry
from perceiver_zoo.zoo.registry import best_lens
from perceiver_zoo.zoo.weights import save_weights
from tests.modalities.sample_making import modality_of, network_of, sample_of

RED = np.zeros((8, 8), bool)
RED[2:5, 4:7] = True


def sample(red: bool = True) -> ImageSample:
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 2] = 255
    if red:
        pixels[RED] = (255, 0, 0)
    return ImageSample(pixels)


def planted(folder: Path, readout: str) -> Pipeline:
    """Its latents read red pixels before blue ones, and "red" is what reading them changes before the last layer."""
    torch.manual_seed(0)
    config = PerceiverConfig(
        channels=3,
        position=None,
        latents=4,
        latent_dim=16,
        block_layers=2,
        classes=2,
        self_heads=2,
        cross_heads=2,
        cross_channels=8,
        readout=readout,
        **sharing("paper", 2),
    )
    network = Perceiver(config).eval()
    modality = build_modality("image", {"size": 8, "neighbourhood": 1})
    last = network.readout.linear if readout == "mean" else network.readout.decoder.final
    reads: list[torch.Tensor] = []
    hook = last.register_forward_pre_hook(lambda _, given: reads.append(given[0].flatten()))
    with torch.no_grad():
        network.latents.normal_()
        for cross_attend in network.cross_attends:
            attention = cross_attend.attention  # type: ignore[union-attr]
            attention.query.weight.mul_(0.1)
            attention.query.bias.fill_(1)
            attention.key.weight.zero_()
            attention.key.weight[:, 0] = 1
            attention.key.weight[:, 2] = -1
        for inputs in map(modality.encode, (sample(), sample(red=False))):
            network(inputs.features, inputs.positions)
        hook.remove()
        change = reads[0] - reads[1]
        last.weight[1] = 4 * change / change.square().sum()
        last.bias[1] = 2 - last.weight[1] @ reads[0]
        last.weight[0] = 0
    save_weights(folder, network, "image", modality, ["blue", "red"], {"licence": "cc0-1.0"}, torch.float32)
    return load(read_entry(folder), device="cpu")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    return planted(tmp_path_factory.mktemp("planted") / "planted", "mean")


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Pipeline:
    """The same with an answer that one query makes, as Perceiver IO's."""
    return planted(tmp_path_factory.mktemp("asking") / "asking", "class")


@pytest.fixture
def result(pipeline: Pipeline) -> Result:
    return pipeline.classify(sample())


@pytest.mark.parametrize("look", [0, 1])
@pytest.mark.parametrize("readout", ["mean", "class"])
def test_every_lens_finds_what_the_answer_depends_on(
    readout: str, look: int, pipeline: Pipeline, asking: Pipeline
) -> None:
    model = pipeline if readout == "mean" else asking
    result, found = model.classify(sample()), set()
    assert (
        result.labels(1)[0].label == "red" and model.classify(sample(red=False)).labels(1)[0].label == "blue"
    )
    for name, lens in LENSES.items():
        if lens.available(result.trace):
            own = {"element": int(np.flatnonzero(RED)[0])} if name == "looks_at" else {}
            weights = result.map(name, look=look, **own)[0]
            assert weights[RED].min() > 2 * np.abs(weights[~RED]).max(), name
            found.add(name)
    others = {"answer", "answer_gradient"} if readout == "mean" else {"class_evidence", "gradient"}
    assert set(LENSES) - found == others


def test_class_evidence_adds_up_to_the_logit(result: Result) -> None:
    assert result.trace.evidence is not None
    for label, look, head in ((0, 0, None), (1, 0, 1), (1, 1, None)):
        total = result.weights("class_evidence", label=label, look=look, head=head).sum(axis=1)
        bias = float(result.trace.evidence.bias[label])
        np.testing.assert_allclose(total + bias, result.logits[:, label], atol=1e-4)


def test_a_class_is_named_and_maps_are_taken_off_each_other(result: Result) -> None:
    red, blue = (result.map("class_evidence", label=name, look=1) for name in ("red", "blue"))
    np.testing.assert_array_equal(result.map("class_evidence", label=1, look=1), red)
    np.testing.assert_array_equal(result.map("class_evidence", look=1), red)  # the likeliest
    taken = result.map("class_evidence", label="red", look=1, minus={"label": "blue"})
    np.testing.assert_allclose(taken, red - blue, atol=1e-6)
    looks = result.map("mean", look=1, minus={"look": 0})
    np.testing.assert_allclose(looks, result.map(look=1) - result.map(look=0), atol=1e-6)
    with pytest.raises(ValueError, match="there is no class 'green': planted knows 2 others"):
        result.map("class_evidence", label="green")


def test_the_gradient_is_how_the_logit_changes(pipeline: Pipeline, result: Result) -> None:
    """Against autograd through attention weights that are held as an array."""
    from perceiver_zoo.pipeline.gradient import pulls

    network, inputs = pipeline.network, result.inputs
    latents, weights = network.latents[None].requires_grad_(), []
    elements = network.adapter(inputs.features, inputs.positions)
    for at, block in zip(network.config.looks, network.config.blocks, strict=True):
        cross_attend = network.cross_attends[at]
        key, value = cross_attend.read(elements)  # type: ignore[operator]
        query = cross_attend.ask(latents)  # type: ignore[operator]
        weight = (query @ key.transpose(-1, -2) / 2).softmax(-1)
        weights.append(weight)
        latents = latents + cross_attend.attention.out((weight @ value).transpose(1, 2).flatten(-2))  # type: ignore
        latents = network.blocks[block](latents + cross_attend.dense(latents))  # type: ignore[operator]
    logit = network.readout(latents, elements)[0, 1]
    for expected, pull in zip(torch.autograd.grad(logit, weights), pulls(pipeline, inputs, 1), strict=True):
        torch.testing.assert_close(
            pull.gradient @ pull.value.transpose(-1, -2), expected, atol=1e-5, rtol=1e-4
        )


def test_the_answers_gradient_is_how_the_logit_changes(asking: Pipeline) -> None:
    """The same for the decoder: against autograd through the answer's attention weights."""
    from perceiver_zoo.pipeline.gradient import answer_pull

    result = asking.classify(sample())
    readout: Any = asking.network.readout
    cross_attend, latents = readout.decoder.cross_attend, result.trace.latents.clone()
    key, value = cross_attend.read(latents)
    weight = (cross_attend.ask(readout.query[None]) @ key.transpose(-1, -2) / 4).softmax(-1).requires_grad_()
    read = readout.query + cross_attend.attention.joined(weight @ value)
    logit = readout.decoder.final(read + cross_attend.dense(read))[0, 0, 1]
    assert float(logit.detach()) == pytest.approx(float(result.logits[0, 1]), abs=1e-5)
    (expected,) = torch.autograd.grad(logit, weight)
    pull = answer_pull(asking, result.trace, 1)
    torch.testing.assert_close(pull.gradient @ pull.value.transpose(-1, -2), expected, atol=1e-6, rtol=1e-4)


def test_a_gradient_reads_the_input_array_that_was_made(
    pipeline: Pipeline, result: Result, monkeypatch: pytest.MonkeyPatch
) -> None:
    again = pipeline.answer(result.sample, result.inputs)
    monkeypatch.delattr(type(pipeline.modality), "encode")
    assert again.weights("gradient", look=1).any()


@pytest.mark.parametrize("keep", [False, True])
def test_elements_left_out_are_not_there(keep: bool, pipeline: Pipeline, result: Result) -> None:
    weights = result.weights("mean")
    changed = left_out(pipeline, result, weights, 9 / 64, keep=keep)
    assert changed.trace.mask is not None
    np.testing.assert_array_equal(changed.trace.mask.numpy()[0] ^ keep, ~RED.ravel())
    stays = RED.ravel() if keep else ~RED.ravel()
    inputs = result.inputs
    with torch.inference_mode():
        fewer = pipeline.network(inputs.features[:, stays], inputs.positions[:, stays])
    np.testing.assert_allclose(changed.logits, fewer.numpy(), atol=1e-5)
    assert changed.labels(1)[0].label == ("red" if keep else "blue")
    assert changed.map()[0][~stays.reshape(8, 8)].max() == 0
    again = left_out(pipeline, changed, changed.weights("mean"), 1.0)  # at least one element stays
    assert again.trace.mask is not None and int(again.trace.mask.sum()) == 1


def test_curves_are_what_leaving_out_says(pipeline: Pipeline, result: Result) -> None:
    weights = result.weights("class_evidence", look=1)
    drawn = curves(pipeline, result, weights, "red", steps=8)
    for at, share in enumerate(drawn.shares):
        for keep, curve in ((False, drawn.deletion), (True, drawn.insertion)):
            alone = left_out(pipeline, result, weights, share, keep=keep)
            assert curve[at] == pytest.approx(alone.probabilities[0, 1], abs=1e-4)
    areas = drawn.areas
    assert areas["deletion"] < areas["random_deletion"] - 0.1
    assert areas["insertion"] > areas["random_insertion"]
    same = curves(pipeline, result, weights, "red", steps=8)
    np.testing.assert_array_equal(same.random_deletion, drawn.random_deletion)


@pytest.fixture(scope="module")
def windowed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Pipeline, Result]:
    """An untrained model that reads a sound in several windows, with answers that depend on what is read."""
    network = network_of("audio", 3)
    with torch.no_grad():
        network.readout.linear.weight.mul_(20)
    folder = tmp_path_factory.mktemp("windowed") / "windowed"
    save_weights(folder, network, "audio", modality_of("audio"), ["a", "b", "c"], {"licence": "cc0-1.0"})
    pipeline = load(read_entry(folder), device="cpu")
    return pipeline, pipeline.classify(sample_of("audio"))


@pytest.mark.parametrize("at_once", [1, 1 << 17])
def test_curves_of_windows_are_those_of_four_orders(
    at_once: int, windowed: tuple[Pipeline, Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The map's order and a random one, each from both ends, in every window."""
    pipeline, result = windowed
    orders: list[np.ndarray] = []
    read_first = faithfulness.read_first

    def watched(pipeline: Pipeline, result: Result, given: torch.Tensor, shares: list[float]) -> np.ndarray:
        orders.extend(given.numpy())
        return read_first(pipeline, result, given, shares)

    monkeypatch.setattr(faithfulness, "read_first", watched)
    monkeypatch.setattr(faithfulness, "ELEMENTS_AT_ONCE", at_once)
    label = int(result.probabilities.mean(0).argsort()[1])  # not the likeliest
    weights = result.weights("class_evidence", look=1, label=label)
    weights -= weights.mean()  # so that half is against it
    count = weights.shape[1]
    drawn = curves(pipeline, result, weights, label, steps=4, seed=5)
    marked, backwards, shuffled, reshuffled = orders
    for own in (marked, shuffled):
        np.testing.assert_array_equal(np.sort(own), np.broadcast_to(np.arange(count), own.shape))
    assert all((np.diff(row[order]) <= 0).all() for row, order in zip(weights, marked, strict=True))
    np.testing.assert_array_equal(backwards, marked[:, ::-1])
    np.testing.assert_array_equal(reshuffled, shuffled[:, ::-1])
    assert not (shuffled[0] == shuffled[1]).all() and not (shuffled == np.arange(count)).all(axis=1).any()
    for at, share in enumerate(drawn.shares):
        for order, deletion, insertion in (
            (marked, drawn.deletion, drawn.insertion),
            (shuffled, drawn.random_deletion, drawn.random_insertion),
        ):
            rank = np.empty_like(weights)
            np.put_along_axis(rank, order, np.broadcast_to(-np.arange(count), rank.shape), axis=1)
            for keep, curve in ((False, deletion), (True, insertion)):
                alone = left_out(pipeline, result, rank, share, keep=keep)
                assert curve[at] == pytest.approx(alone.probabilities[:, label].mean(), abs=1e-4)
    assert (
        np.ptp(drawn.deletion) > 1e-3 and np.ptp(result.probabilities[:, label]) > 1e-3
    )  # so a mix-up shows


def test_the_area_is_that_under_the_line() -> None:
    shares, line, none = np.array([0, 0.25, 1]), np.array([1, 0, 1]), np.zeros(3)
    areas = Curves(shares, line, none, none, 1 - line).areas
    assert areas == {"deletion": 0.5, "insertion": 0, "random_deletion": 0, "random_insertion": 0.5}


def test_only_what_was_read_is_ranked(pipeline: Pipeline, result: Result) -> None:
    """Negative weights lie above what was not read; shares are of what was read."""
    weights = np.linspace(-2, -1, 64, dtype=np.float32)[None].copy()
    weights[0, 60:] = np.nan
    changed = left_out(pipeline, result, weights, 0.12)  # 7.68 of 64
    assert changed.trace.mask is not None
    assert (~changed.trace.mask[0]).nonzero()[:, 0].tolist() == list(range(52, 60))
    again = left_out(pipeline, changed, np.linspace(0, 1, 64)[None], 0.25)  # of the 56 that are left
    assert again.trace.mask is not None
    assert again.trace.mask[0].nonzero()[:, 0].tolist() == list(range(42))
    with pytest.raises(ValueError, match="some are left out already"):
        curves(pipeline, changed, weights)


def test_what_cannot_be_left_out_is_said(pipeline: Pipeline, result: Result) -> None:
    with pytest.raises(ValueError, match="a share lies in"):
        left_out(pipeline, result, result.weights(), 1.5)
    with pytest.raises(ValueError, match="the map is"):
        curves(pipeline, result, result.weights()[:, :5])


def test_the_best_lens_is_clearly_better_than_random_or_none_is() -> None:
    assert set(LENSES) >= {"mean", "rollout"}
    lenses = {"mean": {"gap": 0.05, "error": 0.01}, "rollout": {"gap": 0.2, "error": 0.1}}
    assert best_lens({"lenses": lenses}) is None
    lenses["rollout"]["error"] = 0.05
    assert best_lens({"lenses": lenses}) == "rollout"
    assert best_lens({}) is None
