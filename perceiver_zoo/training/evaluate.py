"""Measuring a model on the held-out data, each sample read the way the page reads it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from perceiver_zoo.modalities import InputArray
from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.pipeline.calibration import temperature_of, tempered
from perceiver_zoo.training.recipes import task_of
from perceiver_zoo.zoo import ZooEntry

BATCH = 64


def evaluate(pipeline: Pipeline, data: Path) -> dict[str, Any]:
    """Figures of one model on its recipe's held-out split of the packed data below `data`."""
    entry = pipeline.entry
    task = task_of(entry.config["card"], data, pipeline.modality)
    if task.classes != entry.labels:
        raise ValueError(f"{entry.name} names other classes than its data")
    samples = tqdm(task.held_out(), desc=f"evaluate {entry.name}", unit="sample", disable=None)
    probabilities, labels, parts = answers(pipeline, samples)
    calibrated = tempered(probabilities, temperature_of(entry.config))
    return figures(entry, task.split, calibrated, labels, parts)


def answers(
    pipeline: Pipeline, samples: Iterable[tuple[Any, int, str]]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities [n, classes] as the network gives them, labels [n] and parts [n] of many samples."""
    probabilities, labels, parts = [], [], []
    for inputs, chunk in chunks(pipeline, samples):
        probabilities.append(mean_over_windows(pipeline, inputs))
        labels += [label for _, label, _ in chunk]
        parts += [part for _, _, part in chunk]
    return np.concatenate(probabilities), np.array(labels), np.array(parts)


def chunks(pipeline: Pipeline, samples: Any) -> Iterator[tuple[list[InputArray], list[Any]]]:
    """Encoded samples in groups of BATCH."""
    inputs: list[InputArray] = []
    chunk: list[Any] = []
    for item in samples:
        inputs.append(pipeline.modality.encode(item[0]))
        chunk.append(item)
        if len(chunk) == BATCH:
            yield inputs, chunk
            inputs, chunk = [], []
    if chunk:
        yield inputs, chunk


def mean_over_windows(pipeline: Pipeline, inputs: list[InputArray]) -> np.ndarray:
    """Probabilities [n, classes]; samples whose arrays have one shape run together."""
    alike: dict[torch.Size, list[int]] = {}
    for i, item in enumerate(inputs):
        alike.setdefault(item.features.shape, []).append(i)
    rows: dict[int, np.ndarray] = {}
    for indices in alike.values():
        windows = inputs[indices[0]].features.shape[0]
        features = torch.cat([inputs[i].features for i in indices])
        positions = torch.cat([inputs[i].positions.expand(windows, -1, -1) for i in indices])
        masks = [mask for i in indices if (mask := inputs[i].mask) is not None]
        mask = torch.cat(masks) if masks else None
        logits, _ = pipeline.run(InputArray(features, positions, inputs[indices[0]].layout, mask))
        together = logits.softmax(dim=-1).numpy()
        for i, row in zip(indices, together.reshape(len(indices), windows, -1).mean(axis=1), strict=True):
            rows[i] = row
    return np.stack([rows[i] for i in range(len(inputs))])


def figures(
    entry: ZooEntry, split: str, probabilities: np.ndarray, labels: np.ndarray, parts: np.ndarray
) -> dict[str, Any]:
    """The contents of metrics.json."""
    return {
        "modality": entry.modality,
        "model": entry.name,
        "split": split,
        "sha256": entry.sha256,
        **accuracies(probabilities, labels),
        "calibration_error": round(calibration_error(probabilities, labels), 4),
        "parts": {
            str(part): accuracies(probabilities[parts == part], labels[parts == part])
            for part in np.unique(parts)
        },
        "confusion": confusion(probabilities, labels).tolist(),
    }


def accuracies(probabilities: np.ndarray, labels: np.ndarray) -> dict[str, Any]:
    """n, top1, top5 and mean_class_accuracy, shares in 0..1."""
    order = np.argsort(-probabilities, axis=1, kind="stable")
    right = order[:, 0] == labels
    per_class = [right[labels == label].mean() for label in np.unique(labels)]
    return {
        "n": len(labels),
        "top1": round(float(right.mean()), 4),
        "top5": round(float((order[:, :5] == labels[:, None]).any(axis=1).mean()), 4),
        "mean_class_accuracy": round(float(np.mean(per_class)), 4),
    }


def calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 15) -> float:
    """Expected calibration error (Guo et al. 2017, section 2): |confidence - accuracy|, weighted by bin size."""
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    bin_of = np.minimum((confidence * bins).astype(int), bins - 1)
    gaps = [abs(confidence[bin_of == b].sum() - right[bin_of == b].sum()) for b in range(bins)]
    return float(sum(gaps) / len(labels))


def confusion(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Counts [true class, answered class]."""
    counts = np.zeros((probabilities.shape[1], probabilities.shape[1]), dtype=int)
    np.add.at(counts, (labels, probabilities.argmax(axis=1)), 1)
    return counts


def write_metrics(folder: Path, measured: dict[str, Any]) -> None:
    """Write metrics.json beside the weights it measured."""
    text = json.dumps(measured, indent=1, ensure_ascii=False)
    (folder / "metrics.json").write_text(text + "\n", encoding="utf-8")
