"""Fitting a model's temperature (Guo et al. 2017) on samples that it was neither trained on nor is measured on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from perceiver_zoo.media.sample import AudioSample, ImageSample, PointCloudSample, VideoSample
from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.pipeline.calibration import tempered
from perceiver_zoo.training import camera_work
from perceiver_zoo.training.audio import PARTS as SOUNDS
from perceiver_zoo.training.audio import Sounds
from perceiver_zoo.training.changes import audio as changes
from perceiver_zoo.training.evaluate import answers, calibration_error
from perceiver_zoo.training.image import KEPT_OUT as PHOTOGRAPHS
from perceiver_zoo.training.image import Cifar10, Photographs, TinyImageNet
from perceiver_zoo.training.packed import Packed, decode_mono
from perceiver_zoo.training.point_cloud import KEPT_OUT as SHAPE
from perceiver_zoo.training.point_cloud import PARTS as SHAPES
from perceiver_zoo.training.point_cloud import Shapes
from perceiver_zoo.training.recipes import task_of
from perceiver_zoo.training.task import Task
from perceiver_zoo.training.video import CameraWork

Labelled = Iterator[tuple[Any, int, str]]
CLIPS, SOUND = 1100, 600
TEMPERATURES = np.geomspace(0.2, 5, 600)


def photographs(task: Photographs) -> Labelled:
    """What `Photographs.prepare` leaves out: the last of all its files, together one in so many."""
    packed = [Packed(task.data / file, "images") for file in task.train]
    last = packed[-1]
    for i in range(len(last) - sum(map(len, packed)) // PHOTOGRAPHS, len(last)):
        yield ImageSample(last.image(i)), int(last["labels"][i]), task.part


def shapes(task: Shapes) -> Labelled:
    for part in SHAPES:
        points, labels = task.split_of(part, held=False)
        for i in range(0, len(labels), SHAPE):
            yield PointCloudSample(points[i]), int(labels[i]), part


def clips(task: CameraWork) -> Labelled:
    pictures = camera_work.training_photographs(task.data)
    times = np.arange(task.modality.frames) / task.modality.rate
    rendered, labels = camera_work.fixed_clips(pictures, CLIPS, seed=2)
    for clip, label in zip(rendered, labels.tolist(), strict=True):
        yield VideoSample(clip, times), label, "camera work"


def sounds(task: Sounds) -> Labelled:
    """Training clips are all there is: each as a phone across a noisy room would record it."""
    every = []
    for part, packed, offset in zip(SOUNDS, task.packed, task.offsets[:-1], strict=True):
        labels = packed["labels"] + offset
        every += [(packed, i, int(labels[i]), part.name) for i in np.flatnonzero(~part.held_out(packed))]
    rng = np.random.default_rng(0)
    by_class = [[row for row in every if row[2] == label] for label in range(len(task.classes))]
    for turn in range(SOUND):
        rows = by_class[turn % len(by_class)]
        packed, i, label, part = rows[rng.integers(len(rows))]
        sample = AudioSample(decode_mono(packed.record(int(i)), task.modality.rate), task.modality.rate)
        sample = changes.reverb(rng, sample, rng.uniform(0.2, 1.0))
        yield changes.noise(rng, sample, rng.uniform(0, 25)), label, part


# Which samples tell how sure a model may be, and what its card says of them.
SOURCES: dict[type[Task], tuple[Callable[[Any], Labelled], str]] = {
    Cifar10: (photographs, f"the last 1 in {PHOTOGRAPHS} CIFAR-10 training photographs, never trained on"),
    TinyImageNet: (
        photographs,
        f"the last 1 in {PHOTOGRAPHS} Tiny-ImageNet training photographs, never trained on",
    ),
    Shapes: (shapes, f"every {SHAPE}th training shape of each part, never trained on"),
    CameraWork: (clips, "camera moves over training photographs, from a seed of their own"),
    Sounds: (sounds, "training clips with reverb and noise (0 to 25 dB), for want of clips never trained on"),
}


def calibrate(pipeline: Pipeline, data: Path) -> dict[str, Any]:
    """Fit the temperature; what a model's card says of it, errors before and after on the samples it was fitted on."""
    entry = pipeline.entry
    task = task_of(entry.config["card"], data, pipeline.modality)
    if type(task) not in SOURCES:
        raise ValueError("nothing was kept out of such data to calibrate on")
    samples, source = SOURCES[type(task)]
    shown = tqdm(samples(task), desc=f"calibrate {entry.name}", unit="sample", disable=None)
    probabilities, labels, _ = answers(pipeline, shown)
    temperature = fitted_temperature(probabilities, labels)
    after = tempered(probabilities, temperature)
    return {
        "temperature": temperature,
        "on": source,
        "n": len(labels),
        "top1": round(float((probabilities.argmax(1) == labels).mean()), 4),
        "error_before": round(calibration_error(probabilities, labels), 4),
        "error_after": round(calibration_error(after, labels), 4),
    }


def fitted_temperature(probabilities: np.ndarray, labels: np.ndarray) -> float:
    """The temperature under which the right answers of [n, classes] are likeliest, to about half a percent."""

    def loss(temperature: float) -> float:
        right = tempered(probabilities, temperature)[np.arange(len(labels)), labels]
        return float(-np.log(np.maximum(right, 1e-30)).mean())

    return round(float(min(TEMPERATURES, key=loss)), 3)


def write_calibration(folder: Path, calibration: dict[str, Any]) -> None:
    """Put it into the card in config.json, which travels with the weights."""
    file = folder / "config.json"
    config = json.loads(file.read_text(encoding="utf-8"))
    config["card"]["calibration"] = calibration
    file.write_text(json.dumps(config, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
