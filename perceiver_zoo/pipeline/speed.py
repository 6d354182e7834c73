"""How long a model takes to answer on the CPU, and each lens to draw a map of the answer's trace."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from perceiver_zoo.lenses import LENSES, Lens
from perceiver_zoo.modalities import build_modality
from perceiver_zoo.nn import Perceiver, PerceiverConfig
from perceiver_zoo.pipeline.classifier import Pipeline
from perceiver_zoo.pipeline.loading import load
from perceiver_zoo.pipeline.result import Result
from perceiver_zoo.zoo import ZooEntry, assets, reads


def measure(pipeline: Pipeline, file: Path, runs: int) -> dict[str, Any]:
    """Seconds of a run and of every lens's maps, folded: medians of `runs` runs, and what the run was of.

    Of each lens "first" is the first map after an answer, and "next" the slowest of those after it, with another
    argument, head, look or scale each time. As on the page, the mean of the last look is drawn first of all.
    """
    sample = pipeline.read(file)
    spent, first, later = [], defaultdict(list), defaultdict(list)
    pipeline.classify(sample)  # the first run of a process pays for more than itself
    for _ in range(runs):
        result = pipeline.classify(sample)
        spent.append(result.seconds["run"])
        result = replace(result, names=[str(label) for label in range(result.logits.shape[-1])])
        for lens in LENSES.values():
            if lens.available(result.trace):
                asked, *others = questions(result, lens)
                first[lens.name].append(seconds(lambda: result.map(lens.name, **asked)))  # noqa: B023
                later[lens.name].append(
                    [seconds(lambda: result.map(lens.name, **other)) for other in others]  # noqa: B023
                )
    trace = result.trace
    return {
        "model": pipeline.entry.name,
        "trained": pipeline.entry.state != "remote",
        "windows": len(trace.latents),
        "elements": trace.looks[0].key.shape[2],
        "latents": trace.latent_count,
        "run": median(spent),
        "lenses": {
            name: {"first": median(first[name]), "next": max(map(median, zip(*later[name], strict=True)))}
            for name in first
        },
    }


def questions(result: Result, lens: Lens) -> list[dict[str, Any]]:
    """What is asked of a lens: its map at the last look, then the same with one thing changed each time."""
    trace = result.trace
    sizes = {
        "latent": trace.latent_count,
        "rank": trace.latent_count,
        "element": trace.looks[0].key.shape[2],
        "label": len(result.names),
    }
    asked = {"look": len(trace.looks) - 1} | dict.fromkeys(lens.takes, 0)
    changed = [asked | {name: sizes[name] // 2} for name in lens.takes]
    changed += [asked | {"head": head} for head in {0, trace.heads - 1}]
    changed += [asked | {"look": 0}] if len(trace.looks) > 1 else []
    changed += [asked | {"scale": "scores"}] if "scores" in lens.scales else []
    return [asked, *changed]


def seconds(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def on_cpu(entry: ZooEntry) -> Pipeline:
    """The model in float32 on the CPU; with random weights, which take as long, where it is not downloaded."""
    if entry.state != "remote":
        return load(entry, "cpu", "exact")
    network = Perceiver(PerceiverConfig.from_dict(entry.network))
    modality = build_modality(entry.modality, entry.config["reading"])
    return Pipeline(entry, network, modality, torch.device("cpu"), "exact")


def example(entry: ZooEntry) -> Path:
    """A bundled file that the model reads."""
    folder = assets() / "examples"
    listed = json.loads((folder / "examples.json").read_text(encoding="utf-8"))
    modality = next(modality for modality in reads(entry) if modality in listed)
    return folder / modality / listed[modality][0]["file"]
