"""The real checkpoints from the real Hub; `make test-network` runs this where there is a network.

What is expected stands in transformers' own integration tests (test_modeling_perceiver.py and
test_pipelines_image_classification.py), for the two cats of COCO 000000039769.
"""

from __future__ import annotations

import io
import urllib.request

import numpy as np
import pytest
import torch
from PIL import Image

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.pipeline import load

pytestmark = [pytest.mark.network, pytest.mark.timeout(3600)]
CATS = "http://images.cocodataset.org/val2017/000000039769.jpg"


@pytest.fixture(scope="module")
def cats() -> ImageSample:
    try:
        with urllib.request.urlopen(CATS, timeout=20) as answer:
            return ImageSample(np.asarray(Image.open(io.BytesIO(answer.read())).convert("RGB")))
    except OSError as error:
        pytest.skip(f"no network: {error}")


@pytest.mark.parametrize(
    ("name", "logits", "best"),
    [
        (
            "perceiver_io_learned.imagenet",
            [-1.1652, -0.1992, -0.7520],
            {"tabby": 0.3022, "Egyptian": 0.2362, "tiger": 0.1856},
        ),
        (
            "perceiver_io_fourier.imagenet",
            [-1.1295, -0.2832, 0.3226],
            {"tabby": 0.5658, "tiger": 0.1309, "Egyptian": 0.0722, "remote": 0.0707},
        ),
        (
            "perceiver_io_conv.imagenet",
            [-1.1186, 0.0554, 0.0897],
            {"tabby": 0.4385, "tiger": 0.3210, "Egyptian": 0.0502, "remote": 0.0137},
        ),
    ],
)
def test_golden_logits(cats: ImageSample, name: str, logits: list[float], best: dict[str, float]) -> None:
    model = load(name, device="cpu", precision="exact")
    answer, _ = model.run(model.modality.encode(cats))
    torch.testing.assert_close(answer[0, :3], torch.tensor(logits), atol=1e-4, rtol=0)
    said = model.classify(cats).labels(len(best))
    for label, (word, probability) in zip(said, best.items(), strict=True):
        assert word in label.label and label.probability == pytest.approx(probability, abs=1e-3)


@pytest.mark.parametrize(
    "name",
    [
        "perceiver_io_multimodal.kinetics700",
        "perceiver_io_flow.autoflow",
        "perceiver_io_language.wikipedia_c4",
    ],
)
def test_the_others_arrive_and_fit(cats: ImageSample, name: str) -> None:
    assert load(name, device="cpu").network is not None


def test_the_text_model_fills_its_papers_sentence(cats: ImageSample) -> None:
    model = load("perceiver_io_language.wikipedia_c4", device="cpu", precision="exact")
    hidden = "This is an incomplete sentence where some words are" + "[MASK]" * 9
    assert model.fill(hidden).filled.endswith(" missing.")  # type: ignore[attr-defined]
