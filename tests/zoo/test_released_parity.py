"""Every released architecture at its full size, with random weights, answers as transformers' own code does."""

from __future__ import annotations

import gc

import pytest
import torch

from perceiver_zoo.modalities.base import grid_positions
from perceiver_zoo.nn import Perceiver
from perceiver_zoo.zoo import architectures
from perceiver_zoo.zoo.names import carry_over

transformers = pytest.importorskip("transformers")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

VISION = {
    "num_latents": 512,
    "d_latents": 1024,
    "num_blocks": 8,
    "num_self_attends_per_block": 6,
    "num_self_attention_heads": 8,
    "num_cross_attention_heads": 1,
    "num_labels": 1000,
    "image_size": 224,
}
AUDIOVISUAL = {
    "num_latents": 784,
    "d_latents": 512,
    "d_model": 704,
    "num_blocks": 1,
    "num_self_attends_per_block": 8,
    "num_self_attention_heads": 8,
    "num_cross_attention_heads": 1,
    "num_labels": 700,
    "num_frames": 16,
    "audio_samples_per_frame": 1920,
    "samples_per_patch": 16,
    "image_size": 56,
    "output_shape": [1, 16, 224, 224],
    "output_num_channels": 512,
}
FLOW = {
    "num_latents": 2048,
    "d_latents": 512,
    "d_model": 322,
    "num_blocks": 1,
    "num_self_attends_per_block": 24,
    "num_self_attention_heads": 16,
    "num_cross_attention_heads": 1,
    "train_size": [368, 496],
}
TEXT = {  # transformers' own defaults
    "num_latents": 256,
    "d_latents": 1280,
    "d_model": 768,
    "num_blocks": 1,
    "num_self_attends_per_block": 26,
    "qk_channels": 256,
    "v_channels": 1280,
    "num_self_attention_heads": 8,
    "num_cross_attention_heads": 8,
}


def pair(kind: str, settings: dict, config) -> tuple[torch.nn.Module, Perceiver]:
    """Their model with random weights that make its parts matter, and ours with the same."""
    torch.manual_seed(0)
    theirs = getattr(transformers, f"PerceiverFor{kind}")(transformers.PerceiverConfig(**settings)).eval()
    with torch.no_grad():
        for name, parameter in theirs.named_parameters():
            if parameter.dim() > 1 and "weight" in name:
                parameter.normal_(std=parameter[0].numel() ** -0.5)
            else:  # norms and biases that could be mixed up unseen are moved off their neutral start
                parameter.add_(0.2 * torch.randn_like(parameter))
    ours = Perceiver(config).eval()
    carry_over(ours, theirs.state_dict())
    return theirs, ours


@pytest.fixture(autouse=True)
def _all_cores():
    """Networks of this size are worth more than the one thread a test usually gets."""
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)
    gc.collect()


def noise(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def assert_same(ours: torch.Tensor, theirs: torch.Tensor) -> None:
    assert theirs.std() > 0.01  # there is something to compare
    torch.testing.assert_close(ours, theirs, atol=1e-4, rtol=0)


@pytest.mark.parametrize(
    ("kind", "config", "elements"),
    [
        ("ImageClassificationFourier", architectures.FOURIER, 224),
        ("ImageClassificationLearned", architectures.LEARNED, 224),
        ("ImageClassificationConvProcessing", architectures.CONV, 55),
    ],
)
@torch.inference_mode()
def test_vision(kind: str, config, elements: int) -> None:
    theirs, ours = pair(kind, VISION, config)
    pixels = noise(1, 3, 224, 224)
    expected = theirs(inputs=pixels).logits
    logits, trace = ours.run(pixels.flatten(2).transpose(1, 2), grid_positions(elements, elements))
    assert_same(logits, expected)
    assert trace.looks[0].key.shape[2] == elements**2 and trace.answer is not None


@torch.inference_mode()
def test_audiovisual() -> None:
    theirs, ours = pair("MultimodalAutoencoding", AUDIOVISUAL, architectures.AUDIOVISUAL)
    clip, wave = noise(1, 16, 3, 224, 224), noise(1, 30720, 1, seed=2)
    places = {"image": torch.tensor([0, 5, 50_000, 802_815]), "audio": torch.tensor([0, 77, 1919])}
    asked = {"image": places["image"], "audio": places["audio"], "label": None}
    expected = theirs(
        inputs={"image": clip, "audio": wave, "label": torch.zeros(1, 700)}, subsampled_output_points=asked
    ).logits
    patches = clip.unflatten(3, (56, 4)).unflatten(5, (56, 4))  # B, T, C, h, 4, w, 4
    features = {
        "audio": wave.reshape(1, 1920, 16),
        "image": patches.permute(0, 1, 3, 5, 4, 6, 2).reshape(1, 50_176, 48),
        "label": torch.zeros(1, 1, 700),
    }
    positions = {"audio": grid_positions(1920), "image": grid_positions(16, 56, 56)}
    logits, trace = ours.run(features, positions)
    assert_same(logits, expected["label"])
    for name, at in places.items():
        decoded = ours.readout.decoder(trace.latents, ours.readout.queries(name, at))
        assert_same(ours.readout.heads[name](decoded).flatten(1), expected[name].flatten(1))


@torch.inference_mode()
def test_flow() -> None:
    theirs, ours = pair("OpticalFlow", FLOW, architectures.FLOW)
    frames = noise(1, 2, 27, 368, 496)
    expected = theirs(inputs=frames).logits
    features = frames.permute(0, 3, 4, 1, 2).reshape(1, 368 * 496, 54)
    flow = ours(features, grid_positions(368, 496))
    # Theirs leaves the scale of the flow, 20 pixels, to the caller.
    assert_same(flow / 20 * 100, expected.reshape(1, -1, 2) * 100)


@torch.inference_mode()
def test_text() -> None:
    theirs, ours = pair("MaskedLM", TEXT, architectures.TEXT)
    ids = torch.randint(262, (1, 2048), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(2048)[None] < 300
    expected = theirs(inputs=ids, attention_mask=mask).logits
    logits = ours(ids, torch.arange(2048)[None, :, None], mask)
    assert_same(logits, expected)
