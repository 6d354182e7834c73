"""Flow of a clip, and what the query of one of its pixels read."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from perceiver_zoo.media import AudioSample, MediaError
from perceiver_zoo.modalities import FlowModality, InputArray
from perceiver_zoo.nn import Look, Trace
from perceiver_zoo.pipeline import FlowResult
from perceiver_zoo.zoo.architectures import FLOW
from tests.small_released import SMALL_FLOW, TILE, clip_sample, flow_pipeline

# One tile as it is, two tiles side by side, and one that is too small, too large and too long.
SIZES = [(24, 32), (24, 60), (12, 16), (90, 70), (8, 300)]
ELEMENTS = TILE[0] * TILE[1]


@pytest.fixture(scope="module")
def pipeline():
    return flow_pipeline()


@pytest.fixture(scope="module")
def result(pipeline) -> FlowResult:
    return pipeline.flow(clip_sample(24, 60))


@pytest.mark.parametrize("size", SIZES)
def test_every_pixel_of_the_sample_moves(pipeline, size):
    sample = clip_sample(*size)
    result = pipeline.flow(sample)
    assert result.flow.shape == (*size, 2) and result.flow.dtype == np.float32
    assert np.isfinite(result.flow).all() and result.flow.std() > 0
    assert result.sample is sample and result.layout.frames == (1, 2)
    assert (result.model, result.device) == ("perceiver_io_flow.autoflow", "CPU")
    assert set(result.seconds) == {"read", "run"}


def test_one_tile_is_the_networks_own_answer(pipeline):
    result = pipeline.flow(clip_sample(*TILE), 3)
    with torch.inference_mode():
        answer = pipeline.network(result.inputs.features, result.inputs.positions)
    np.testing.assert_allclose(result.flow, answer.reshape(*TILE, 2).numpy(), atol=1e-4)
    assert result.layout.frames == (3, 4)


def test_fewer_tiles_may_be_asked_for(pipeline):
    assert len(pipeline.flow(clip_sample(48, 64)).layout.corners) > 1
    assert len(pipeline.flow(clip_sample(48, 64), tiles=1).layout.corners) == 1


def test_the_order_of_the_elements_does_not_matter(pipeline):
    inputs = pipeline.modality.encode(clip_sample(*TILE))
    order = torch.randperm(ELEMENTS, generator=torch.Generator().manual_seed(0))
    mixed = InputArray(inputs.features[:, order], inputs.positions[:, order], inputs.layout)
    (answer, _), (other, _) = pipeline.run(inputs), pipeline.run(mixed)
    torch.testing.assert_close(other, answer[:, order], atol=1e-4, rtol=0)


def test_a_file_is_read_as_a_video(pipeline, tmp_path: Path):
    from tests.files import clip

    result = pipeline.flow(clip(tmp_path / "clip.mp4", seconds=0.5))
    assert result.flow.shape == (120, 160, 2)


def test_progress_counts_to_the_end_and_leaves_nothing_behind(pipeline):
    told = []
    with_it = pipeline.flow(clip_sample(24, 60), progress=lambda *at: told.append(at))
    total = told[-1][1]
    assert told == [(i + 1, total) for i in range(total)]
    # A cross-attend, two layers and one part of the answer for each of two tiles.
    assert total == 8
    assert not any(module._forward_hooks for module in pipeline.network.modules())
    np.testing.assert_array_equal(with_it.flow, pipeline.flow(clip_sample(24, 60)).flow)


@pytest.mark.parametrize("pixel", [(0, 0), (23, 59), (12, 20), (5, 44)])
def test_a_look_sums_to_one_in_its_own_tile(pipeline, result, pixel):
    look = pipeline.look(result, *pixel)
    tile = result.layout.cell_of(*pixel)[0]
    assert look.cell == result.layout.cell_of(*pixel) and look.weights.shape == (2, *TILE)
    assert look.weights[tile].sum() == pytest.approx(1, abs=1e-4) and look.weights[tile].min() >= 0
    assert np.isnan(look.weights[1 - tile]).all()
    assert look.carried == pytest.approx(1, abs=1e-5)


def naive(pipeline, result: FlowResult, pixel: tuple[int, int], kept: int) -> np.ndarray:
    """The pixel's row over the latents, of which the largest are kept, times the latents' rows over the elements."""
    network = pipeline.network
    tile, row, column = result.layout.cell_of(*pixel)
    with torch.inference_mode():
        inputs = network.adapter(result.inputs.features, result.inputs.positions)[tile : tile + 1]
        trace = network.look_at(inputs)
        asked = network.readout.decoder.look(trace.latents, inputs)
        own = asked.query[0, 0, row * TILE[1] + column] @ asked.key[0, 0].T / asked.query.shape[-1] ** 0.5
        share = own.softmax(-1)
        share[share < share.sort(descending=True).values[kept - 1]] = 0
        look = trace.looks[0]
        read = (look.query[0, 0] @ look.key[0, 0].T / look.query.shape[-1] ** 0.5).softmax(-1)
        return (share / share.sum() @ read).reshape(TILE).numpy()


@pytest.mark.parametrize("kept", [16, 3])
def test_a_look_is_the_product_of_the_two_attentions(pipeline, result, kept):
    pixel = (7, 41)
    look = pipeline.look(result, *pixel, most=kept)
    # Keys are kept in half precision.
    np.testing.assert_allclose(
        look.weights[look.cell[0]], naive(pipeline, result, pixel, kept), rtol=0.03, atol=1e-6
    )
    assert (look.carried < 0.999) == (kept < 16)


def test_a_planted_element_is_where_every_look_lies(pipeline, result):
    look = result.trace.looks[0]
    planted = torch.zeros_like(look.key)
    planted[0, :, 5 * TILE[1] + 9] = 100.0
    trace = Trace((Look(torch.ones_like(look.query), planted),), result.trace.latents)
    for pixel in ((2, 3), (20, 11)):
        weights = pipeline.look(replace(result, trace=trace), *pixel).weights
        assert np.unravel_index(np.nanargmax(weights), weights.shape) == (0, 5, 9)
        assert np.nanmax(weights) > 0.99


def test_keys_are_kept_in_half_precision(result):
    look = result.trace.looks[0]
    assert look.key.dtype == torch.float16 and look.query.dtype == torch.float32
    assert look.key.shape[:3] == (2, 1, ELEMENTS)


@pytest.mark.parametrize(("pixel"), [(-1, 0), (24, 0), (0, 60)])
def test_a_pixel_outside_is_refused(pipeline, result, pixel):
    with pytest.raises(ValueError, match="is outside a picture of 24 x 60 pixels"):
        pipeline.look(result, *pixel)


def test_what_cannot_be_compared_is_said_in_a_sentence(pipeline):
    with pytest.raises(MediaError, match="one frame only"):
        pipeline.flow(clip_sample(24, 32, frames=1))
    with pytest.raises(ValueError, match=re.escape("the clip has frames 0..4")):
        pipeline.flow(clip_sample(24, 32), 4)
    with pytest.raises(ValueError, match="reads video samples, not audio samples"):
        pipeline.flow(AudioSample(np.zeros(9, np.float32), 16_000))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_answers_as_the_cpu_does(pipeline, result):
    network = flow_pipeline(SMALL_FLOW, device="cuda")
    there = network.flow(clip_sample(24, 60))
    np.testing.assert_allclose(there.flow, result.flow, atol=0.1 * np.abs(result.flow).max())
    assert np.nansum(network.look(there, 3, 4).weights) == pytest.approx(1, abs=1e-3)


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_released_size_fits_a_small_machine():
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        pipeline = flow_pipeline(FLOW, FlowModality(tiles=1))
        start = memory("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # forget the highest use of memory so far
        result = pipeline.flow(clip_sample(240, 320))
        assert result.flow.shape == (240, 320, 2) and np.isfinite(result.flow).all()
        assert memory("VmHWM") - start < 2_500
        look = pipeline.look(result, 100, 200, most=64)
        assert np.nansum(look.weights) == pytest.approx(1, abs=1e-3)
        own = result.trace.looks[0]
        held = [own.query, own.key, result.trace.latents, result.inputs.features]
        assert sum(tensor.nbytes for tensor in held) < 180e6
    finally:
        torch.set_num_threads(threads)


def memory(name: str) -> float:
    """One of the kernel's figures of this process, in MB."""
    found = re.search(rf"{name}:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) / 1e3
