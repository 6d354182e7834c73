"""A temperature found again, what it must not change, and samples that were never trained on."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.pipeline.calibration import temperature_of, tempered
from perceiver_zoo.training import calibration
from perceiver_zoo.training.audio import PARTS, Sounds
from perceiver_zoo.training.calibration import calibrate, fitted_temperature, write_calibration
from perceiver_zoo.training.evaluate import calibration_error
from perceiver_zoo.training.video import CameraWork
from tests.training.test_recipes import packed, tone
from tests.training.test_tasks import photographs, shapes


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(1, keepdims=True))
    return powers / powers.sum(1, keepdims=True)


@pytest.mark.parametrize("true", [0.5, 1.0, 2.5])
def test_the_temperature_that_made_the_labels_is_found(true: float) -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 3, (20_000, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(logits / true)])
    found = fitted_temperature(softmax(logits), labels)
    assert found == pytest.approx(true, rel=0.05)
    assert calibration_error(tempered(softmax(logits), found), labels) < 0.015


def test_a_temperature_divides_the_logits_and_keeps_their_order() -> None:
    logits = np.random.default_rng(1).normal(0, 4, (100, 7))
    for temperature in (0.3, 1.0, 3.0):
        changed = tempered(softmax(logits).astype(np.float32), temperature)
        np.testing.assert_allclose(changed, softmax(logits / temperature), atol=1e-4)
        np.testing.assert_allclose(changed.sum(1), 1)
        assert (changed.argmax(1) == logits.argmax(1)).all()


def test_what_is_fitted_is_said_with_its_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(2)
    logits = rng.normal(0, 3, (3000, 4))
    labels = np.array([rng.choice(4, p=row) for row in softmax(logits / 2)])
    sure = softmax(logits)
    task = SimpleNamespace()
    monkeypatch.setattr(calibration, "task_of", lambda *made: task)
    monkeypatch.setattr(calibration, "SOURCES", {SimpleNamespace: (lambda own: [own], "these samples")})
    monkeypatch.setattr(calibration, "answers", lambda model, shown: (sure, labels, len(list(shown))))
    model = SimpleNamespace(entry=SimpleNamespace(config={"card": {}}, name="it"), modality=None)
    found = calibrate(model, Path())  # type: ignore[arg-type]
    assert found["temperature"] == fitted_temperature(sure, labels) == pytest.approx(2, rel=0.1)
    assert (found["on"], found["n"]) == ("these samples", 3000)
    assert found["top1"] == round(float((logits.argmax(1) == labels).mean()), 4)
    assert found["error_before"] == round(calibration_error(sure, labels), 4)
    after = tempered(sure, found["temperature"])
    assert found["error_after"] == round(calibration_error(after, labels), 4) < found["error_before"] / 2
    monkeypatch.setattr(calibration, "SOURCES", {})
    with pytest.raises(ValueError, match="nothing was kept out"):
        calibrate(model, Path())  # type: ignore[arg-type]


def test_photographs_are_those_that_training_leaves_out(tmp_path: Path) -> None:
    task = photographs(tmp_path)
    task.train = (task.train[0], task.test)  # type: ignore[misc]
    task.prepare()
    every = np.concatenate([calibration.Packed(tmp_path / file, "images").images("") for file in task.train])
    found = list(calibration.photographs(task))
    assert len(found) == 4 and len(task.images) == 96  # 100 in two files
    np.testing.assert_array_equal([sample.pixels for sample, _, _ in found], every[96:])
    assert [(label, part) for _, label, part in found] == [(label, "cifar10") for label in (6, 7, 8, 9)]


def test_shapes_are_those_that_training_leaves_out(tmp_path: Path) -> None:
    task = shapes(tmp_path)
    found = list(calibration.shapes(task))
    for part in task.parts:
        own = [(sample.points, label) for sample, label, of in found if of == part]
        every, labels = task.split_of(part, held=False)
        assert len(own) + len(task.trained_on(part)[0]) == len(every) and len(own) == 2
        np.testing.assert_array_equal([points for points, _ in own], every[[0, 16]])
        assert [label for _, label in own] == labels[[0, 16]].tolist()


def test_sounds_are_training_clips_changed_as_a_room_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, records = np.arange(12) % 4 == 0, [tone(300 + 50 * i, 16_000) for i in range(12)]
    for i, part in enumerate(PARTS):
        own = {"fold": 4 * held} if i == 0 else {"is_test": held}
        names = (
            [str(n) for n in range(3)] if part.name == "digits" else [f"{part.name} {n}" for n in range(3)]
        )
        packed(tmp_path / part.file, records, part.records, names, **own)
    task = Sounds(tmp_path, AudioModality())
    monkeypatch.setattr(calibration, "SOUND", 45)
    changed = []
    for change in ("reverb", "noise"):
        same = lambda rng, sample, level, change=change: changed.append(change) or sample  # noqa: E731
        monkeypatch.setattr(calibration.changes, change, same)
    found = list(calibration.sounds(task))
    assert changed == ["reverb", "noise"] * 45
    assert [label for _, label, _ in found] == [turn % 9 for turn in range(45)]
    waves = [calibration.decode_mono(task.packed[0].record(i), 16_000) for i in range(12)]
    for sample, label, part in found:
        (which,) = (i for i, wave in enumerate(waves) if np.array_equal(wave, sample.waveform))
        assert not held[which] and which % 3 == label % 3 and part == PARTS[label // 3].name


def test_clips_are_filmed_over_training_photographs(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []

    def fixed(pictures: str, count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        seeds.append((pictures, seed))
        return np.zeros((count, 16, 48, 48, 3), np.uint8), np.arange(count) % 11

    monkeypatch.setattr(calibration.camera_work, "training_photographs", lambda data: "trained on")
    monkeypatch.setattr(calibration.camera_work, "heldout_photographs", lambda data: "held out")
    monkeypatch.setattr(calibration.camera_work, "fixed_clips", fixed)
    task = CameraWork(Path(), VideoModality())
    found = list(calibration.clips(task))
    assert len(list(task.held_out())) == task.test and len(found) == calibration.CLIPS
    assert [label for _, label, _ in found[:12]] == [*range(11), 0]
    (ours, seed), (theirs, other) = seeds
    assert (ours, theirs) == ("trained on", "held out") and seed != other


def test_it_travels_in_the_card(tmp_path) -> None:
    (tmp_path / "config.json").write_text('{"card": {"licence": "mit"}}')
    assert temperature_of({"card": {}}) == 1.0
    write_calibration(tmp_path, {"temperature": 0.7, "n": 3})
    config = json.loads((tmp_path / "config.json").read_text())
    assert config["card"]["licence"] == "mit" and temperature_of(config) == 0.7
