"""Optical flow: where every pixel of one frame went in the next, and what its own query read to say so."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import get_ident

import numpy as np
import torch

from perceiver_zoo.lenses.answer import through_latents
from perceiver_zoo.media.sample import Sample, VideoSample
from perceiver_zoo.modalities import InputArray
from perceiver_zoo.modalities.flow import FlowLayout, FlowModality
from perceiver_zoo.nn import Look, Perceiver, Trace
from perceiver_zoo.nn.attention import attention_scores
from perceiver_zoo.nn.readouts import CHUNK
from perceiver_zoo.pipeline.classifier import Pipeline, device_name


@dataclass(frozen=True, eq=False)
class FlowResult:
    """flow: float32 [H, W, 2], pixels right and down from the first frame to the second. seconds: time of each step.

    inputs and trace have one window a tile of the picture; the trace's keys are in half precision.
    """

    model: str
    sample: VideoSample
    flow: np.ndarray
    inputs: InputArray
    trace: Trace
    layout: FlowLayout
    device: str
    seconds: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class FlowLook:
    """What the query of one pixel read.

    weights: float32 [tiles, h, w], which sum to one in the pixel's own tile and are NaN in the others, for a query
    reads its own tile alone. cell: (tile, row, column) of the pixel. carried: how much of the query's attention lies on
    the latents that were followed, 1 where all were.
    """

    weights: np.ndarray
    cell: tuple[int, int, int]
    carried: float


class FlowPipeline(Pipeline):
    """A model for optical flow."""

    def flow(
        self,
        source: Sample | str | Path,
        first: int | None = None,
        tiles: int | None = None,
        progress: Callable[[int, int], None] | None = None,
    ) -> FlowResult:
        """Flow from frame `first` to the next one; by default of the middle of the clip.

        tiles: read at most so many, the modality's own number if None. progress(done, total) is told of every layer.
        Raises MediaError for a file it cannot read, ValueError for a sample of another kind or a frame it has not.
        """
        started = time.perf_counter()
        sample, modality = self.read(source), self.modality
        assert isinstance(sample, VideoSample) and isinstance(modality, FlowModality)
        read = time.perf_counter()
        inputs = replace(modality, tiles=tiles or modality.tiles).encode(sample, first)
        layout = inputs.layout
        assert isinstance(layout, FlowLayout)
        answers, traces = [], []
        with counted(self.network, inputs, progress):
            for tile in inputs.in_turn(1):
                answer, trace = self.run(tile)
                answers.append(answer)
                traces.append(halved(trace))
        flow = layout.merge(torch.cat(answers).unflatten(1, layout.shape).numpy())
        done = time.perf_counter()
        return FlowResult(
            model=self.entry.name,
            sample=sample,
            flow=flow,
            inputs=inputs,
            trace=Trace.joined(traces),
            layout=layout,
            device=device_name(self.device),
            seconds={"read": read - started, "run": done - read},
        )

    @torch.inference_mode()
    def look(self, result: FlowResult, y: int, x: int, most: int | None = None) -> FlowLook:
        """What the query of the sample's pixel (y, x) read, by way of the latents.

        most: follow only so many latents, those the query read most, in as much less time; None follows all.
        """
        tile, row, column = result.layout.cell_of(y, x)
        at, own = row * result.layout.shape[1] + column, slice(tile, tile + 1)
        features = result.inputs.features[own, at : at + 1].to(self.device)
        positions = result.inputs.positions[:, at : at + 1].to(self.device)
        latents = result.trace.latents[own]
        element = self.network.adapter(features, positions)
        asked = self.network.readout.decoder.look(latents.to(self.device), element)
        query, key = asked.query.float().cpu(), asked.key.float().cpu()
        share = attention_scores(query, key).softmax(dim=-1)[0, 0, 0]  # the decoder has one head
        kept = share.topk(min(most or len(share), len(share))).indices
        look = result.trace.looks[0]
        trace = Trace((Look(look.query[own][:, :, kept], look.key[own]),), latents)
        weights = through_latents(trace, Look(query, key[:, :, kept]))
        grid = np.full((len(result.layout.corners), *result.layout.shape), np.nan, np.float32)
        grid[tile] = result.layout.fold(weights[0])
        return FlowLook(grid, (tile, row, column), float(share[kept].sum()))


def halved(trace: Trace) -> Trace:
    """With its keys in half precision: those of one tile of the released model are 235 MB in float32."""
    looks = tuple(Look(look.query, look.key.half()) for look in trace.looks)
    return replace(trace, looks=looks)


@contextmanager
def counted(
    network: Perceiver, inputs: InputArray, progress: Callable[[int, int], None] | None
) -> Iterator[None]:
    """While this is open, tell of every layer and every part of the answer that this thread has run."""
    if progress is None:
        yield
        return
    layers = [*network.cross_attends, *(layer for block in network.blocks for layer in block.children())]
    windows, elements = inputs.features.shape[:2]
    total = windows * (len(layers) + -(-elements // CHUNK))
    thread, done = get_ident(), 0

    def tell(*_: object) -> None:
        nonlocal done
        if get_ident() == thread:  # others may run the same network
            done += 1
            progress(done, total)

    hooks = [layer.register_forward_hook(tell) for layer in (*layers, network.readout.decoder.final)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()
