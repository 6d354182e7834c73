"""Text with hidden bytes: what stands there, and which bytes were read to say so."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np
import torch

from perceiver_zoo.lenses.answer import through_latents
from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.text import TextLayout
from perceiver_zoo.nn import Look, Trace
from perceiver_zoo.pipeline.classifier import Pipeline, device_name


@dataclass(frozen=True, eq=False)
class TextResult:
    """filled: the text with its hidden bytes put in. logits: float32 [longest, vocabulary]. asked: the queries of all
    places and the latents' keys."""

    model: str
    sample: TextSample
    filled: str
    logits: np.ndarray
    asked: Look
    trace: Trace
    layout: TextLayout
    device: str
    seconds: dict[str, float] = field(default_factory=dict)

    def look(self, places: list[int] | None = None) -> np.ndarray:
        """What the queries of these places (default: all hidden ones) read, on average: [longest], sums to one."""
        places = places or np.flatnonzero(self.layout.hidden).tolist()
        maps = [
            through_latents(self.trace, Look(self.asked.query[:, :, at : at + 1], self.asked.key))[0]
            for at in places
        ]
        return torch.stack(maps).mean(dim=0).numpy()


class TextPipeline(Pipeline):
    """A model of masked language, byte by byte."""

    @torch.inference_mode()
    def fill(self, source: TextSample | str) -> TextResult:
        """Fill the bytes written as [MASK]; MediaError for a text that is empty or too long."""
        started = time.perf_counter()
        sample = TextSample(source) if isinstance(source, str) else source
        inputs = self.modality.encode(sample)
        layout = inputs.layout
        assert isinstance(layout, TextLayout)
        answer, trace = self.run(inputs)
        readout = self.network.readout
        asked = readout.decoder.look(trace.latents.to(self.device), readout.queries[None])
        return TextResult(
            model=self.entry.name,
            sample=sample,
            filled=layout.fill(answer[0].numpy()),
            logits=answer[0].numpy(),
            asked=Look(asked.query.float().cpu(), asked.key.float().cpu()),
            trace=trace,
            layout=layout,
            device=device_name(self.device),
            seconds={"run": time.perf_counter() - started},
        )
