"""Figures against cases counted by hand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities import Modality
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.nn import FourierConfig, Perceiver, PerceiverConfig, sharing
from perceiver_zoo.pipeline import Pipeline, load
from perceiver_zoo.training import evaluate as measuring
from perceiver_zoo.training.evaluate import accuracies, calibration_error, confusion, evaluate, write_metrics
from perceiver_zoo.training.recipes import RECIPES
from perceiver_zoo.training.task import Batch, Task
from perceiver_zoo.zoo import read_entry
from perceiver_zoo.zoo.weights import save_weights

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1], [0.3, 0.3, 0.4], [0.5, 0.4, 0.1]])
LABELS = np.array([0, 1, 1, 1])


def test_accuracies() -> None:
    assert accuracies(PROBABILITIES, LABELS) == {
        "n": 4,
        "top1": 0.5,
        "top5": 1.0,
        "mean_class_accuracy": 0.6667,
    }


def test_top5_counts_the_five_likeliest() -> None:
    row = np.array([0.3, 0.2, 0.15, 0.12, 0.1, 0.08, 0.05])
    measured = accuracies(np.stack([row] * 7), np.arange(7))
    assert (measured["top1"], measured["top5"]) == (round(1 / 7, 4), round(5 / 7, 4))


def test_confusion_has_true_classes_in_rows() -> None:
    assert confusion(PROBABILITIES, LABELS).tolist() == [[1, 0, 0], [1, 1, 1], [0, 0, 0]]


def test_calibration_error() -> None:
    # each answer lies in a bin of its own: |0.7 - 1|, |0.8 - 1|, |0.4 - 0|, |0.5 - 0|
    assert calibration_error(PROBABILITIES, LABELS) == pytest.approx((0.3 + 0.2 + 0.4 + 0.5) / 4)


@pytest.mark.parametrize(("right", "error"), [(10, 0.2), (8, 0.0), (0, 0.8)])
def test_calibration_error_within_one_bin(right: int, error: float) -> None:
    probabilities = np.tile([0.8, 0.2], (10, 1))
    labels = np.array([0] * right + [1] * (10 - right))
    assert calibration_error(probabilities, labels) == pytest.approx(error)


def test_certainty_falls_in_the_last_bin() -> None:
    assert calibration_error(np.array([[1.0, 0.0]]), np.array([0])) == 0


class Sounds(Task):
    """Sounds of one and of several windows, more of them than run at once."""

    split = "all there are"
    count = 9

    def __init__(self, data: Path, modality: Modality) -> None:
        super().__init__(data, modality)
        self.classes = ["a", "b", "c"]

    def prepare(self) -> None:
        raise AssertionError("measuring needs no training records")

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        raise AssertionError("measuring draws no batches")

    def held_out(self) -> Iterator[tuple[AudioSample, int, str]]:
        for i in range(self.count):
            times = np.arange((7000, 3000, 7000, 9000)[i % 4])
            wave = np.sin(
                times * (0.05 + 0.3 * i) + times**2 * 1e-5
            )  # each with a band and a sweep of its own
            yield AudioSample(wave.astype(np.float32), 16_000), i % 3, "even" if i % 2 == 0 else "odd"


@pytest.fixture
def pipeline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    torch.manual_seed(0)
    modality = AudioModality(seconds=0.3)
    config = PerceiverConfig(
        channels=modality.channels,
        position=FourierConfig(2, (8, 4)),
        latents=4,
        latent_dim=8,
        block_layers=1,
        classes=3,
        self_heads=2,
        **sharing("paper", 2),
    )
    network = Perceiver(config)
    with torch.no_grad():
        network.readout.linear.weight.mul_(20)
    recipe = type("Recipe", (), {"task": Sounds})
    monkeypatch.setitem(RECIPES, "sounds", recipe)
    monkeypatch.setattr(measuring, "BATCH", 4)
    save_weights(tmp_path / "tiny", network, "audio", modality, ["a", "b", "c"], {"recipe": "sounds"})
    return load(read_entry(tmp_path / "tiny"), device="cpu")


def test_measuring_reads_each_sample_as_the_page_does(pipeline: Pipeline, tmp_path: Path) -> None:
    measured = evaluate(pipeline, tmp_path)
    samples = list(Sounds(tmp_path, pipeline.modality).held_out())
    results = [pipeline.classify(sample) for sample, _, _ in samples]
    assert [len(result.probabilities) for result in results] == [2, 1, 2, 3, 2, 1, 2, 3, 2]
    one_by_one = np.stack([result.probabilities.mean(0) for result in results])
    encoded = [pipeline.modality.encode(sample) for sample, _, _ in samples]
    np.testing.assert_allclose(measuring.mean_over_windows(pipeline, encoded), one_by_one, atol=1e-5)
    assert np.abs(np.diff(one_by_one, axis=0)).max(axis=1).min() > 1e-3  # so that a mix-up would show
    labels, parts = np.array([label for _, label, _ in samples]), np.array([part for *_, part in samples])
    assert {key: measured[key] for key in ("n", "top1", "top5", "mean_class_accuracy")} == accuracies(
        one_by_one, labels
    )
    assert measured["confusion"] == confusion(one_by_one, labels).tolist()
    assert measured["calibration_error"] == pytest.approx(calibration_error(one_by_one, labels), abs=1e-4)
    assert measured["parts"] == {
        p: accuracies(one_by_one[parts == p], labels[parts == p]) for p in ("even", "odd")
    }
    assert (measured["sha256"], measured["split"]) == (pipeline.entry.sha256, "all there are")
    write_metrics(pipeline.entry.folder, measured)
    assert read_entry(pipeline.entry.folder).metrics == json.loads(json.dumps(measured)) == measured


def test_a_model_of_other_classes_is_not_measured(pipeline: Pipeline, tmp_path: Path) -> None:
    pipeline.entry.config["labels"] = ["a", "c", "b"]
    with pytest.raises(ValueError, match="tiny names other classes than its data"):
        evaluate(pipeline, tmp_path)
