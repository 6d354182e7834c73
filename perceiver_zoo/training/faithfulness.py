"""Measuring how true each lens is on held-out data: deletion and insertion areas beside a random order's."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.pipeline.faithfulness import curves
from perceiver_zoo.training.recipes import task_of

ASKED = ("latent", "element")  # lenses that take these show what a person chose


def measure(
    pipeline: Pipeline, data: Path, samples: int = 200, steps: int = 8, seed: int = 0
) -> dict[str, Any]:
    """The contents of faithfulness.json: every lens at the last look, on `samples` held-out samples.

    Classes are drawn alike where the data allow it. The class asked is the one the model named. gap: how much more
    lies under insertion, and less under deletion, than for the random order; error: its standard error.
    """
    entry = pipeline.entry
    task = task_of(entry.config["card"], data, pipeline.modality)
    held = list(task.held_out())
    chosen = stratified(np.array([label for _, label, _ in held]), samples, np.random.default_rng(seed))
    look = len(entry.network["looks"]) - 1
    areas: dict[str, list[dict[str, float]]] = {}
    for i in tqdm(chosen, desc=f"faithfulness {entry.name}", unit="sample", disable=None):
        result = pipeline.classify(held[i][0])
        for name, lens in LENSES.items():
            if lens.available(result.trace) and not set(lens.takes) & set(ASKED):
                weights = result.weights(name, look=look)
                drawn = curves(pipeline, result, weights, steps=steps, seed=seed + int(i))
                areas.setdefault(name, []).append(drawn.areas)
    return {
        "model": entry.name,
        "split": task.split,
        "sha256": entry.sha256,
        "n": len(chosen),
        "seed": seed,
        "steps": steps,
        "look": look,
        "lenses": {name: figures(found) for name, found in areas.items()},
    }


def stratified(labels: np.ndarray, count: int, rng: np.random.Generator) -> list[int]:
    """At most `count` indices, class after class in turn, so that no class is drawn twice before all were once."""
    order = rng.permutation(len(labels))
    turn = np.zeros(len(labels), dtype=int)
    for label in np.unique(labels):
        own = order[labels[order] == label]
        turn[own] = np.arange(len(own))
    return sorted(order[np.argsort(turn[order], kind="stable")][:count].tolist())


def figures(found: list[dict[str, float]]) -> dict[str, float]:
    """Mean areas of one lens and its gap to the random order."""
    area = {name: np.array([one[name] for one in found]) for name in found[0]}
    gap = area["insertion"] - area["random_insertion"] + area["random_deletion"] - area["deletion"]
    error = gap.std(ddof=1) / len(gap) ** 0.5 if len(gap) > 1 else 0.0
    means = {name: round(float(values.mean()), 4) for name, values in area.items()}
    return means | {"gap": round(float(gap.mean()), 4), "error": round(float(error), 4)}


def write_faithfulness(folder: Path, measured: dict[str, Any]) -> None:
    """Write faithfulness.json beside the weights it measured."""
    text = json.dumps(measured, indent=1, ensure_ascii=False)
    (folder / "faithfulness.json").write_text(text + "\n", encoding="utf-8")
