"""The training loop on a task small enough to learn in a second."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from perceiver_zoo.media.sample import ImageSample
from perceiver_zoo.modalities import Modality
from perceiver_zoo.nn import FourierConfig
from perceiver_zoo.training import loop
from perceiver_zoo.training.recipe import Recipe
from perceiver_zoo.training.recipes import RECIPES
from perceiver_zoo.training.task import Batch, Task, one_hot
from perceiver_zoo.zoo.weights import load_weights

COLOURS = np.array([[1, -1, -1], [-1, 1, -1], [-1, -1, 1]], dtype=np.float32)


class Colours(Task):
    """Is it red, green or blue? Breaks off after `draws_left` batches, as a killed run would."""

    draws_left = 10**9

    def __init__(self, data: Path, modality: Modality) -> None:
        super().__init__(data, modality)
        self.classes = ["red", "green", "blue"]

    def prepare(self) -> None:
        pass

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        Colours.draws_left -= 1
        if Colours.draws_left < 0:
            raise InterruptedError
        labels = rng.integers(3, size=size)
        features = COLOURS[labels][:, None] + rng.normal(0, 1, (size, 16, 3))
        positions = torch.zeros(1, 16, 2)
        return Batch(torch.from_numpy(features.astype(np.float32)), positions, one_hot(labels, 3))

    def held_out(self) -> Iterator[tuple[ImageSample, int, str]]:
        raise NotImplementedError


RECIPE = Recipe(
    name="colours",
    task=Colours,
    modality="image",
    reading={"size": 4},
    network={
        "position": FourierConfig(2, (4, 4)),
        "latents": 4,
        "latent_dim": 8,
        "block_layers": 1,
        "self_heads": 2,
        "dropout": 0.3,
    },
    share="paper",
    looks=2,
    steps=30,
    batch=16,
    optimizer="adamw",
    lr=1e-2,
    warmup=2,
    ema=0.9,
    save_every=4,
    trained_on="three colours",
)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop.Progress, "every", 5)
    monkeypatch.setattr(Colours, "draws_left", 10**9)


def run(folder: Path, **asked: Any) -> dict[str, torch.Tensor]:
    return load_weights(loop.train(RECIPE, folder, folder / "run", **asked))[0].state_dict()


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_a_run_learns_logs_and_leaves_weights_that_load(tmp_path: Path) -> None:
    weights = loop.train(RECIPE, tmp_path, tmp_path / "deep" / "run")
    rows = [json.loads(line) for line in (tmp_path / "deep" / "run" / "log.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == list(range(5, 31, 5))
    assert rows[-1]["loss"] < 0.7 * rows[0]["loss"] and rows[-1]["accuracy"] > 0.9
    assert max(row["lr"] for row in rows) <= RECIPE.lr and rows[-1]["lr"] < rows[2]["lr"]
    network, modality, config = load_weights(weights)
    assert config["labels"] == ["red", "green", "blue"] and modality.size == 4
    assert config["card"] == RECIPE.card(30, 0)
    features = torch.from_numpy(COLOURS)[:, None].expand(3, 16, 3)
    with torch.inference_mode():
        assert network(features, torch.zeros(1, 16, 2)).argmax(1).tolist() == [0, 1, 2]
    assert not list((tmp_path / "deep" / "run").glob("*.tmp"))


@pytest.mark.parametrize("draws", [6, 8, 11])
def test_an_interrupted_run_ends_as_an_unbroken_one(
    draws: int, unbroken: dict[str, torch.Tensor], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Colours, "draws_left", draws)
    with pytest.raises(InterruptedError):
        run(tmp_path, steps=12)
    monkeypatch.setattr(Colours, "draws_left", 8)  # not enough to start all over
    torch.manual_seed(99)  # another process has another state
    assert same(run(tmp_path, steps=12), unbroken)


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    return run(tmp_path_factory.mktemp("unbroken"), steps=12)


def test_a_finished_run_is_left_as_it_is(tmp_path: Path) -> None:
    first = run(tmp_path, steps=4)
    written = (tmp_path / "run" / "weights" / "model.safetensors").read_bytes()
    assert same(run(tmp_path, steps=4), first)
    assert (tmp_path / "run" / "weights" / "model.safetensors").read_bytes() == written


def test_the_seed_decides(tmp_path: Path) -> None:
    first, again, other = (
        run(tmp_path / name, steps=3, seed=seed) for name, seed in (("a", 3), ("b", 3), ("c", 4))
    )
    assert same(first, again) and not same(first, other)


def test_the_weights_are_an_average_over_steps(tmp_path: Path) -> None:
    averaged = run(tmp_path, steps=4)
    state = torch.load(tmp_path / "run" / "state.pt", weights_only=True)
    assert state["step"] == 4
    assert same({name: tensor.half().float() for name, tensor in state["ema"].items()}, averaged)
    assert not torch.equal(state["ema"]["latents"], state["model"]["latents"])


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_builds_a_network_that_looks_more_than_once(name: str) -> None:
    recipe = RECIPES[name]
    assert recipe.name == name
    with torch.device("meta"):
        config = recipe.config(10)
    assert len(config.looks) >= 2 and config.position is not None
    assert config.channels == recipe.build_modality().channels
    assert recipe.licence and recipe.trained_on


def test_a_resumed_log_has_every_row_once(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_text('{"step": 50}\n{"step": 100}\n{"step": 150}\n')
    with loop.continued_log(path, first=100) as log:
        print('{"step": 150, "again": true}', file=log)
    assert path.read_text().splitlines() == ['{"step": 50}', '{"step": 100}', '{"step": 150, "again": true}']
