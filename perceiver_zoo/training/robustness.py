"""Accuracy on held-out data that was changed as real files are."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.training.changes import CHANGES
from perceiver_zoo.training.evaluate import answers
from perceiver_zoo.training.recipes import task_of

# Held-out samples a model, so that every change takes two minutes at most on two cores.
SAMPLES = {"image": 600, "audio": 150, "video": 220, "point_cloud": 300}
SEED = 0


def robustness(pipeline: Pipeline, data: Path) -> dict[str, Any]:
    """The contents of robustness.json: top-1 on a fixed random part of the held-out data, changed in each way."""
    entry = pipeline.entry
    task = task_of(entry.config["card"], data, pipeline.modality)
    samples = drawn(list(task.held_out()), SAMPLES[entry.modality])
    ways = [("none", lambda rng, sample, level: sample, ("",)), *CHANGES[entry.modality]]
    rows = []
    levels = [(name, change, level) for name, change, several in ways for level in several]
    for name, change, level in tqdm(levels, desc=f"robustness {entry.name}", unit="change", disable=None):
        changed = (
            (change(np.random.default_rng((SEED, i)), sample, level), label, part)
            for i, (sample, label, part) in enumerate(samples)
        )
        rows.append({"change": name, "level": level, "top1": top1(pipeline, changed)})
    return {
        "model": entry.name,
        "split": task.split,
        "n": len(samples),
        "seed": SEED,
        "sha256": entry.sha256,
        "rows": rows,
    }


def drawn(samples: list[Any], most: int) -> list[Any]:
    """At most so many, the same ones each time, in their own order."""
    kept = np.random.default_rng(SEED).permutation(len(samples))[:most]
    return [samples[i] for i in np.sort(kept)]


def top1(pipeline: Pipeline, samples: Iterable[tuple[Any, int, str]]) -> float:
    probabilities, labels, _ = answers(pipeline, samples)
    return round(float((probabilities.argmax(axis=1) == labels).mean()), 4)


def write_robustness(folder: Path, measured: dict[str, Any]) -> None:
    """Write robustness.json beside the weights it measured, one row a line."""
    rows = ",\n".join("  " + json.dumps(row, ensure_ascii=False) for row in measured["rows"])
    head = json.dumps(
        {name: value for name, value in measured.items() if name != "rows"}, indent=1, ensure_ascii=False
    )
    text = head.removesuffix("\n}") + ',\n "rows": [\n' + rows + "\n ]\n}\n"
    (folder / "robustness.json").write_text(text, encoding="utf-8")
