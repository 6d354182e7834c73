"""Hidden bytes filled in, and which bytes were read to do so."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from perceiver_zoo.media import MediaError
from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.text import BYTES, HIDDEN, TextModality
from perceiver_zoo.pipeline import TextResult
from perceiver_zoo.zoo.architectures import TEXT
from tests.small_released import LONGEST, text_pipeline

OWN = "This is an incomplete sentence where some words are" + HIDDEN * 9
SCRIPTS = [
    "Ein Caf[MASK][MASK] am Fluß",
    "Москва — столица [MASK][MASK][MASK][MASK]",
    "東京は[MASK][MASK][MASK]の首都",
    "القاهرة [MASK] مصر",
    "नमस्ते [MASK][MASK][MASK]",
    "👩‍👩‍👧 [MASK] 👍🏽",
    "[MASK]\tline\nfeed\x00[MASK]",
    HIDDEN * 5,
]


@pytest.fixture(scope="module")
def pipeline():
    return text_pipeline()


@pytest.fixture(scope="module")
def result(pipeline) -> TextResult:
    return pipeline.fill(OWN)


@pytest.mark.parametrize("text", [OWN, *SCRIPTS])
def test_bytes_that_are_not_hidden_stay(pipeline, text):
    result = pipeline.fill(text)
    pieces = result.pieces()
    assert "".join(piece for piece, _ in pieces) == result.filled
    assert HIDDEN not in result.filled
    kept = [piece for piece, filled in pieces if not filled]
    assert "".join(kept) == text.replace(HIDDEN, "")
    assert len(result.hidden) == text.count(HIDDEN)


@pytest.mark.parametrize("text", ["nothing hidden", "日本語 🇯🇵"])
def test_a_text_with_nothing_hidden_comes_out_as_it_is(pipeline, text):
    result = pipeline.fill(text)
    assert result.filled == text and result.pieces() == [(text, False)] and result.candidates() == []
    with pytest.raises(ValueError, match="no byte of this text is hidden"):
        result.look()


def test_what_is_filled_in_is_the_likeliest_byte(pipeline, result):
    with torch.inference_mode():
        inputs = pipeline.modality.encode(TextSample(OWN))
        logits = pipeline.network(inputs.features, inputs.positions, inputs.mask)[0]
    np.testing.assert_allclose(result.logits, logits.numpy(), atol=1e-4)
    for place, row in zip(result.hidden, result.candidates(top=256), strict=True):
        odds = logits[place, BYTES:].softmax(-1)
        assert row[0][0] == int(odds.argmax()) and sum(share for _, share in row) == pytest.approx(1)
        assert [share for _, share in row] == sorted((share for _, share in row), reverse=True)
        assert dict(row)[65] == pytest.approx(float(odds[65]), abs=1e-5)
    assert [len(row) for row in result.candidates()] == [5] * 9


def naive(pipeline, result: TextResult, place: int, head: int | None) -> np.ndarray:
    """The place's rows over the latents times the latents' rows over the bytes, head by head."""
    network, trace = pipeline.network, result.trace
    attention = network.readout.decoder.cross_attend
    with torch.inference_mode():
        query = attention.attention.query(attention.norm_latents(network.readout.queries[place]))
        key = attention.attention.key(attention.norm_inputs(trace.latents[0]))
        shares = []
        for q, k in zip(query.chunk(4), key.chunk(4, dim=1), strict=True):
            shares.append((k @ q / len(q) ** 0.5).softmax(-1))
        look, read = trace.looks[0], []
        for q, k in zip(look.query[0], look.key[0], strict=True):
            scores = (q @ k.T / q.shape[-1] ** 0.5).masked_fill(~trace.mask, float("-inf"))
            read.append(scores.softmax(-1))
        rows = torch.stack(read).mean(0) if head is None else read[head]
        return (torch.stack(shares).mean(0) @ rows).numpy()


@pytest.mark.parametrize("head", [None, 2])
def test_a_look_is_the_product_of_the_two_attentions(pipeline, result, head):
    maps = [naive(pipeline, result, place, head) for place in result.hidden]
    for place, expected in zip(result.hidden, maps, strict=True):
        np.testing.assert_allclose(result.look([place], head), expected, atol=1e-6)
    np.testing.assert_allclose(result.look(head=head), np.mean(maps, axis=0), atol=1e-6)


@pytest.mark.parametrize("places", [None, [1], [3, 50]])
def test_a_look_sums_to_one_over_what_was_read(result, places):
    weights = result.look(places)
    assert weights.shape == (LONGEST,) and weights.sum() == pytest.approx(1, abs=1e-5)
    assert weights.min() >= 0 and not weights[result.layout.count :].any()


def test_the_latents_have_maps_as_elsewhere(result):
    each = [result.weights("latent", latent=i, head=1) for i in range(12)]
    np.testing.assert_allclose(result.weights("mean", head=1), np.mean(each, axis=0), atol=1e-6)
    scores = result.weights("latent", latent=2, scale="scores")
    assert np.isnan(scores[result.layout.count :]).all() and np.isfinite(scores[: result.layout.count]).all()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "There is no text"),
        ("a" * (LONGEST - 1), f"is {LONGEST - 1} bytes long; the model reads at most {LONGEST - 2} bytes"),
        ("é" * (LONGEST // 2), "is 128 bytes long"),
        ("half \ud83d", "half a character"),
    ],
)
def test_a_text_that_cannot_be_read_is_one_sentence(pipeline, text, message):
    with pytest.raises(MediaError, match=message) as error:
        pipeline.fill(text)
    assert "\n" not in str(error.value)


def test_as_long_as_it_may_be(pipeline):
    text = "a" * (LONGEST - 3) + HIDDEN
    assert pipeline.fill(text).filled.startswith("a" * (LONGEST - 3))


def test_a_head_that_does_not_exist_is_refused(result):
    with pytest.raises(ValueError, match=r"look 0 has heads 0\.\.3"):
        result.look(head=4)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_answers_as_the_cpu_does(result):
    there = text_pipeline(device="cuda").fill(OWN)
    np.testing.assert_allclose(there.logits, result.logits, atol=0.1 * np.abs(result.logits).max())
    np.testing.assert_allclose(there.look(), result.look(), atol=0.02)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_the_released_size():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        result = text_pipeline(TEXT, TextModality()).fill(OWN)
        assert result.look().sum() == pytest.approx(1, abs=1e-4)
        held = [result.asked.query, result.asked.key, result.trace.looks[0].query, result.trace.looks[0].key]
        assert sum(tensor.nbytes for tensor in held) + result.logits.nbytes < 10e6
    finally:
        torch.set_num_threads(threads)
