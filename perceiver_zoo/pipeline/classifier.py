"""One loaded model: a sample goes in, labels and a trace come out."""

from __future__ import annotations

import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import ref

import torch
from torch import Tensor

from perceiver_zoo import media
from perceiver_zoo.media.sample import Sample
from perceiver_zoo.modalities import InputArray, Modality
from perceiver_zoo.nn import Perceiver, Trace
from perceiver_zoo.pipeline.calibration import temperature_of
from perceiver_zoo.pipeline.result import Result
from perceiver_zoo.zoo import ZooEntry
from perceiver_zoo.zoo.weights import save_weights

PRECISIONS = ("auto", "exact")
ELEMENTS_AT_ONCE = 1 << 17  # more would need gigabytes for the released models


class Pipeline:
    """One loaded model. precision: "auto" is bf16 on a GPU and float32 elsewhere, "exact" is float32 everywhere.

    It answers and does not learn: the network's parameters no longer take gradients.
    """

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
        self.network = network.to(device).eval().requires_grad_(False)
        self.modality = modality
        self.device = device
        self.half = precision == "auto" and device.type == "cuda"

    def classify(self, source: Sample | str | Path) -> Result:
        """Run the model once over a sample or a file of its modality.

        Raises MediaError for a file it cannot read, ValueError for a sample of another modality.
        """
        started = time.perf_counter()
        sample = self.read(source)
        read = time.perf_counter()
        inputs = self.modality.encode(sample)
        seconds = {"read": read - started}
        result = self.answer(sample, inputs)
        seconds["run"] = time.perf_counter() - read
        return replace(result, seconds=seconds)

    def answer(self, sample: Sample, inputs: InputArray) -> Result:
        """The result of one run over the input array of a sample, or over what a mask leaves of it."""
        logits, trace = self.run(inputs)
        return Result(
            model=self.entry.name,
            sample=sample,
            names=self.entry.labels,
            logits=logits.numpy(),
            trace=trace,
            inputs=inputs,
            layout=inputs.layout,
            modality=self.modality,
            device=device_name(self.device),
            pipeline=ref(self),
            temperature=temperature_of(self.entry.config),
        )

    def read(self, source: Sample | str | Path) -> Sample:
        """The sample itself, or the one a file holds.

        Raises MediaError for a file of another kind, ValueError for such a sample.
        """
        kinds = self.modality.kinds or (self.modality.name,)
        if not isinstance(source, str | Path):
            if source.modality not in kinds:
                wanted = " and ".join(kinds)
                raise ValueError(f"{self.entry.name} reads {wanted} samples, not {source.modality} samples")
            return source
        only: Any = kinds[0] if len(kinds) == 1 else None
        sample = media.read(source, only, **self.modality.options)
        if sample.modality not in kinds:
            found = sample.modality.replace("_", " ")
            raise media.MediaError(f"This is a file of kind {found}; accepted are {' and '.join(kinds)}.")
        return sample

    @torch.inference_mode()
    def run(self, inputs: InputArray) -> tuple[Tensor, Trace]:
        """The network's answers [W, ...] in float32 and the trace, both on the CPU; a few windows at a time."""
        answers, traces = [], []
        for part in inputs.in_turn(ELEMENTS_AT_ONCE):
            part = part.to(self.device)
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                answer, trace = self.network.run(part.features, part.positions, part.mask)
            answers.append(answer.float().cpu())
            traces.append(trace.cpu())
        return torch.cat(answers), Trace.joined(traces)

    def save_pretrained(self, folder: str | Path) -> None:
        """Write model.safetensors (float32) and config.json, from which `load(folder)` makes this very model.

        The model's card, if it has one, goes with it.
        """
        card = self.entry.config["card"]
        save_weights(
            Path(folder),
            self.network,
            self.entry.modality,
            self.modality,
            self.entry.labels,
            card,
            torch.float32,
        )
        if self.entry.folder and (own := self.entry.folder / "README.md").is_file():
            shutil.copy(own, folder)

    def push_to_hub(self, repo: str, private: bool = False, token: str | None = None) -> str:
        """Put the model into the repository `repo` ("user/name") on the Hub, made if need be; returns its address.

        Raises huggingface_hub's own errors: without a token that may write, there is nothing to do about them here.
        """
        from huggingface_hub import HfApi

        api = HfApi(token=token)
        api.create_repo(repo, private=private, exist_ok=True)
        with tempfile.TemporaryDirectory() as folder:
            self.save_pretrained(folder)
            done = api.upload_folder(repo_id=repo, folder_path=folder, commit_message="Upload a Perceiver")
        return str(done.commit_url)


def best_device() -> torch.device:
    """The GPU where there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def device_name(device: torch.device) -> str:
    """What a person calls it."""
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
