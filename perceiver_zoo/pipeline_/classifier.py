"""From a sample to labels and a trace: load a model once, classify, then ask the trace for maps."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch

from perceiver_zoo import media
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.media.sample import Sample
from perceiver_zoo.modalities import InputArray, Modality
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.nn import Perceiver, Trace
from perceiver_zoo.zoo import ZooEntry, find, list_models
from perceiver_zoo.zoo.weights import load_weights

PRECISIONS = ("auto", "exact")


@dataclass(frozen=True)
class Label:
    """A class name and its probability in 0..1."""

    label: str
    probability: float


@dataclass(frozen=True, eq=False)
class Result:
    """What a model said of one sample, and all that is needed to draw where it looked.

    probabilities: float32 [W, classes], one row a window. seconds: time of each step.
    """

    model: str
    sample: Sample
    names: list[str]
    probabilities: np.ndarray
    trace: Trace
    layout: Layout
    unit: str
    device: str
    seconds: dict[str, float] = field(default_factory=dict)

    def labels(self, top: int = 5) -> list[Label]:
        """The `top` likeliest classes, probabilities averaged over the windows."""
        mean = self.probabilities.mean(axis=0)
        order = np.argsort(-mean, kind="stable")[:top]
        return [Label(self.names[i], float(mean[i])) for i in order.tolist()]

    def weights(self, lens: str = "mean", **asked: Any) -> np.ndarray:
        """Map [W, M] under a lens; `asked` are the lens's own arguments (look, head, scale, latent)."""
        if lens not in LENSES:
            raise ValueError(f"lens is one of {', '.join(LENSES)}, not {lens!r}")
        return LENSES[lens](self.trace, **asked).numpy()

    def map(self, lens: str = "mean", **asked: Any) -> np.ndarray:
        """The same map folded to the sample's own shape, float32 [W, *layout.shape]."""
        return self.layout.fold(self.weights(lens, **asked))


class Pipeline:
    """One loaded model. precision: "auto" is bf16 on a GPU and float32 elsewhere, "exact" is float32 everywhere."""

    def __init__(
        self,
        entry: ZooEntry,
        network: Perceiver,
        modality: Modality,
        device: torch.device,
        precision: str = "auto",
    ) -> None:
        if precision not in PRECISIONS:
            raise ValueError(f"precision is one of {', '.join(PRECISIONS)}, not {precision!r}")
        self.entry = entry
        self.network = network.to(device).eval()
        self.modality = modality
        self.device = device
        self.half = precision == "auto" and device.type == "cuda"

    def classify(self, source: Sample | str | Path) -> Result:
        """Run the model once over a sample or a file of its modality.

        Raises MediaError for a file it cannot read, ValueError for a sample of another modality.
        """
        started = time.perf_counter()
        sample = media.read(source, self.entry.modality) if isinstance(source, str | Path) else source
        if sample.modality != self.entry.modality:
            raise ValueError(
                f"{self.entry.name} reads {self.entry.modality} samples, not {sample.modality} samples"
            )
        read = time.perf_counter()
        inputs = self.modality.encode(sample)
        probabilities, trace = self.run(inputs)
        done = time.perf_counter()
        return Result(
            model=self.entry.name,
            sample=sample,
            names=self.entry.labels,
            probabilities=probabilities,
            trace=trace,
            layout=inputs.layout,
            unit=self.modality.unit,
            device=device_name(self.device),
            seconds={"read": read - started, "run": done - read},
        )

    @torch.inference_mode()
    def run(self, inputs: InputArray) -> tuple[np.ndarray, Trace]:
        """Probabilities [W, classes] and the trace, on the CPU."""
        mask = None if inputs.mask is None else inputs.mask.to(self.device)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
            trace = self.network.encode(
                inputs.features.to(self.device), inputs.positions.to(self.device), mask
            )
            logits = self.network.readout(trace.latents)
        return logits.float().softmax(dim=-1).cpu().numpy(), trace.cpu()


def best_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What a person calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"


def load(name: str | ZooEntry, device: str | torch.device | None = None, precision: str = "auto") -> Pipeline:
    """Load a model of the zoo by name; UnknownModelError when there is none."""
    entry = name if isinstance(name, ZooEntry) else find(name)
    network, modality, _ = load_weights(entry.folder)
    return Pipeline(entry, network, modality, torch.device(device) if device else best_device(), precision)


def default_model(modality: str) -> str:
    """The model of a modality that measured best; ValueError when there is none."""
    names = list_models(modality)
    if not names:
        raise ValueError(f"no model for {modality} is installed")
    return max(names, key=lambda name: find(name).metrics.get("top1", 0.0))
