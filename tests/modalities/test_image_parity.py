"""The released models' pixels are those of transformers' own image processor."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities.image import ImageModality

transformers = pytest.importorskip("transformers")


@pytest.mark.parametrize(("height", "width"), [(480, 640), (301, 223), (224, 224), (90, 1000), (37, 41)])
def test_pixels_equal_transformers(height: int, width: int) -> None:
    from transformers.models.perceiver.image_processing_pil_perceiver import PerceiverImageProcessorPil

    small = np.random.default_rng(0).integers(0, 256, (height // 6 + 2, width // 6 + 2, 3), dtype=np.uint8)
    picture = np.asarray(Image.fromarray(small).resize((width, height), Image.Resampling.BILINEAR))
    expected = PerceiverImageProcessorPil()(Image.fromarray(picture), return_tensors="pt")["pixel_values"]
    encoded = ImageModality(crop=224 / 256, colours="imagenet").encode(ImageSample(picture))
    ours = encoded.features.transpose(1, 2).unflatten(2, (224, 224))
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=0)
    left, top, side = encoded.layout.box
    assert side == int(224 / 256 * min(height, width)) and left == (width - side) // 2
    assert top == (height - side) // 2
