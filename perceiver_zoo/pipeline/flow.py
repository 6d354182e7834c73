"""Optical flow: where every pixel of one frame went in the next, and what its own query read to say so."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch

from perceiver_zoo.lenses.answer import through_latents
from perceiver_zoo.media.sample import Sample, VideoSample
from perceiver_zoo.modalities import InputArray
from perceiver_zoo.modalities.flow import FlowLayout
from perceiver_zoo.nn import Look, Trace
from perceiver_zoo.pipeline.classifier import Pipeline, device_name


@dataclass(frozen=True, eq=False)
class FlowResult:
    """flow: float32 [H, W, 2], pixels right and down from the first frame to the second. seconds: time of each step.

    inputs and trace have one window a tile of the picture.
    """

    model: str
    sample: VideoSample
    flow: np.ndarray
    inputs: InputArray
    trace: Trace
    layout: FlowLayout
    device: str
    seconds: dict[str, float] = field(default_factory=dict)


class FlowPipeline(Pipeline):
    """A model for optical flow."""

    def flow(self, source: Sample | str | Path, first: int | None = None) -> FlowResult:
        """Flow from frame `first` to the next one; by default of the middle of the clip.

        Raises MediaError for a file it cannot read, ValueError for a sample of another kind or a frame it has not.
        """
        started = time.perf_counter()
        sample = self.read(source)
        assert isinstance(sample, VideoSample)
        read = time.perf_counter()
        inputs = self.modality.encode(sample, first)  # type: ignore[call-arg]
        layout = inputs.layout
        assert isinstance(layout, FlowLayout)
        answer, trace = self.run(inputs)
        flow = layout.merge(answer.unflatten(1, layout.shape).numpy())
        done = time.perf_counter()
        seconds = {"read": read - started, "run": done - read}
        return FlowResult(
            self.entry.name, sample, flow, inputs, trace, layout, device_name(self.device), seconds
        )

    @torch.inference_mode()
    def look(self, result: FlowResult, y: int, x: int) -> tuple[int, np.ndarray]:
        """What the query of the sample's pixel (y, x) read: the tile, and its map [h, w], which sums to one."""
        tile, row, column = result.layout.cell_of(y, x)
        at = row * result.layout.shape[1] + column
        features = result.inputs.features[tile : tile + 1, at : at + 1]
        positions = result.inputs.positions[:, at : at + 1]
        element = self.network.adapter(features.to(self.device), positions.to(self.device))
        latents = result.trace.latents[tile : tile + 1].to(self.device)
        asked = self.network.readout.decoder.look(latents, element)
        own = Look(result.trace.looks[0].query[tile : tile + 1], result.trace.looks[0].key[tile : tile + 1])
        weights = through_latents(Trace((own,), latents.cpu()), Look(asked.query.cpu(), asked.key.cpu()))
        return tile, result.layout.fold(weights[0])
