"""Text with hidden bytes: what stands there, and which bytes were read to say so."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

import numpy as np
import torch
from torch import Tensor

from perceiver_zoo.lenses import LENSES
from perceiver_zoo.lenses.rows import check, pick, weight_rows
from perceiver_zoo.media.sample import TextSample
from perceiver_zoo.modalities.text import BYTES, TextLayout
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

    @property
    def hidden(self) -> list[int]:
        """Places of the hidden bytes among the elements, in order."""
        return np.flatnonzero(self.layout.hidden).tolist()

    def weights(self, lens: str = "mean", **asked: Any) -> np.ndarray:
        """Map [longest] under the lens "mean" or "latent"; `asked` are the lens's own arguments."""
        return LENSES[lens](self.trace, **asked)[0].numpy()

    def look(self, places: list[int] | None = None, head: int | None = None) -> np.ndarray:
        """What the queries of these places (None: of all hidden bytes) read, on average: [longest], sums to one.

        A query's row over the latents times their rows over the bytes, as the answer lens has it; head is one of the
        latents' heads, None the mean. ValueError where there is no query or no such head.
        """
        places = self.hidden if places is None else places
        if not places:
            raise ValueError("no byte of this text is hidden, so no query was asked")
        check(self.trace, 0, head, "weights")
        read = rows(*pick(self.trace, 0, head), self.trace.mask)
        share = rows(self.asked.query[:, :, places], self.asked.key, None)
        return (share.mean(dim=0) @ read).numpy()

    def candidates(self, top: int = 5) -> list[list[tuple[int, float]]]:
        """The `top` likeliest bytes of each hidden one with their probabilities among all 256."""
        logits = torch.from_numpy(self.logits[self.hidden, BYTES:])
        likeliest = logits.softmax(dim=-1).topk(top)
        pairs = zip(likeliest.indices.tolist(), likeliest.values.tolist(), strict=True)
        return [list(zip(*pair, strict=True)) for pair in pairs]

    def pieces(self) -> list[tuple[str, bool]]:
        """The filled text in pieces, True where it was filled in; bytes that are no UTF-8 together are U+FFFD."""
        likeliest = iter(self.candidates(top=1))
        found = []
        for hidden, run in groupby(self.layout.characters, key=lambda character: character.text is None):
            if hidden:
                filled = bytes(next(likeliest)[0][0] for _ in run)
                found.append((filled.decode("utf-8", errors="replace"), True))
            else:
                found.append(("".join(character.text or "" for character in run), False))
        return found


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


def rows(query: Tensor, key: Tensor, mask: Tensor | None) -> Tensor:
    """Attention [N, M] of queries [1, heads, N, d] on keys [1, heads, M, d], the mean over the heads."""
    return torch.cat(list(weight_rows(query.float(), key.float(), mask)), dim=2).mean(dim=1)[0]
