"""Which weights each look and block uses, and what that makes of the paper's ImageNet model."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import torch

from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig, sharing

IMAGENET: dict[str, Any] = {
    "channels": 3,
    "position": FourierConfig(64, (224, 224)),
    "latents": 512,
    "latent_dim": 1024,
    "block_layers": 6,
    "self_heads": 8,
    "classes": 1000,
}


@pytest.mark.parametrize(
    ("pattern", "looks", "parameters"),
    [("paper", 8, 44_912_254), ("paper", 1, 42_135_859), ("all", 8, 42_135_859), ("none", 8, 326_241_856)],
)
def test_parameter_counts_of_the_papers_imagenet_model(pattern: str, looks: int, parameters: int) -> None:
    with torch.device("meta"):
        model = Perceiver(PerceiverConfig(**IMAGENET, **sharing(pattern, looks)))
    assert model.adapter.width == 261
    assert sum(p.numel() for p in model.parameters()) == parameters


@pytest.mark.parametrize(
    ("pattern", "looks", "cross_attends", "blocks"),
    [
        ("paper", 4, (0, 1, 1, 1), (0, 0, 0, 0)),
        ("paper", 1, (0,), (0,)),
        ("all", 3, (0, 0, 0), (0, 0, 0)),
        ("none", 3, (0, 1, 2), (0, 1, 2)),
        (3, 7, (0, 1, 2, 0, 1, 2, 0), (0, 1, 2, 0, 1, 2, 0)),
        (1, 2, (0, 0), (0, 0)),
    ],
)
def test_patterns_are_data(pattern: str | int, looks: int, cross_attends: tuple, blocks: tuple) -> None:
    assert sharing(pattern, looks) == {"looks": cross_attends, "blocks": blocks}


@pytest.mark.parametrize(("pattern", "looks"), [("some", 3), (0, 3), (4, 3), (-1, 3), ("2", 3), (1.5, 3)])
def test_unknown_patterns_are_refused(pattern: Any, looks: int) -> None:
    with pytest.raises(ValueError, match=r"sharing is 'paper', 'all', 'none' or 1..3 sets used in turn"):
        sharing(pattern, looks)


@pytest.mark.parametrize(
    ("looks", "blocks"), [((), ()), ((0, 1), (0,)), ((1, 1), (0, 0)), ((0, 2), (0, 0)), ((0, 0), (0, -1))]
)
def test_configs_that_skip_a_set_or_differ_in_length_are_refused(looks: tuple, blocks: tuple) -> None:
    with pytest.raises(ValueError, match=r"^(looks|blocks) .*(same length|every set from 0 up)"):
        PerceiverConfig(**IMAGENET, looks=looks, blocks=blocks)


def test_channels_that_do_not_split_over_the_heads_are_refused() -> None:
    config = PerceiverConfig(**{**IMAGENET, "latent_dim": 30, "self_heads": 4}, **sharing("all", 1))
    with pytest.raises(ValueError, match="30 channels do not split over 4 heads"):
        Perceiver(config)


@pytest.mark.parametrize("position", [None, FourierConfig(4, (8.0, 6.0))])
def test_config_survives_json(position: FourierConfig | None) -> None:
    config = replace(PerceiverConfig(**IMAGENET, **sharing(3, 5)), position=position, embed=32, dropout=0.1)
    assert PerceiverConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_each_look_and_block_uses_the_weights_it_names() -> None:
    """Zeroing a set that only look 2 uses changes the latents there and not before."""
    torch.manual_seed(0)
    small = {**IMAGENET, "latents": 4, "latent_dim": 8, "self_heads": 2, "block_layers": 1, "classes": 3}
    model = Perceiver(PerceiverConfig(**small, looks=(0, 1, 0), blocks=(0, 0, 1))).eval()
    features, positions = torch.randn(1, 9, 3), torch.rand(1, 9, 2) * 2 - 1
    with torch.no_grad():
        before = model.encode(features, positions)
        for parameter in model.cross_attends[1].parameters():
            parameter.zero_()
        after = model.encode(features, positions)
    assert torch.equal(before.looks[0].query, after.looks[0].query)
    assert torch.equal(before.looks[0].key, after.looks[0].key)
    assert torch.equal(before.looks[2].key, after.looks[2].key)
    assert not torch.equal(before.looks[1].query, after.looks[1].query)
    assert not torch.equal(before.looks[2].query, after.looks[2].query)
