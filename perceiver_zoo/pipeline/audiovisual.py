"""What the latents kept of one window of sound and picture, brought back by the model's own queries."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audiovisual import (
    AudiovisualLayout,
    AudiovisualModality,
    resize,
    with_black_picture,
)
from perceiver_zoo.pipeline.classifier import Pipeline
from perceiver_zoo.pipeline.result import Result

Progress = Callable[[int, int], object]


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """One window as the model read it and as its latents give it back.

    frames, frames_back: uint8 [T, S, S, 3], `rate` of them a second. sound, sound_back: as long as the frames.
    seconds: how long it took.
    """

    frames: np.ndarray
    frames_back: np.ndarray
    sound: AudioSample
    sound_back: AudioSample
    rate: float
    seconds: float

    @property
    def picture_psnr(self) -> float:
        """Decibels over all pixels of the window, the peak being 255."""
        return psnr(self.frames, self.frames_back, 255)

    @property
    def sound_psnr(self) -> float:
        """Decibels over all samples of the window, the peak being an amplitude of 1."""
        return psnr(self.sound.waveform, self.sound_back.waveform, 1)


def queries(readout: torch.nn.Module) -> int:
    """How many queries bring one window back: one a pixel and one a patch of sound."""
    return sum(math.prod(grid) for grid in readout.grids.values())  # type: ignore[union-attr]


@torch.inference_mode()
def reconstruct(
    model: Pipeline, result: Result, window: int = 0, progress: Progress | None = None
) -> Reconstruction:
    """Bring window `window` of a result back from its latents; progress(done, total) counts queries.

    `model` is the one that gave the result. ValueError for a window there is not.
    """
    if not 0 <= window < len(result.trace.latents):
        raise ValueError(f"window {window} is not one of 0..{len(result.trace.latents) - 1}")
    started = time.perf_counter()
    readout, modality = model.network.readout, model.modality
    assert isinstance(modality, AudiovisualModality)
    frames, sound = window_of(modality, result, window)
    latents = result.trace.latents[window : window + 1].to(model.device)
    total, back, done = queries(readout), {}, 0

    def tell(at: int, _: int) -> None:
        if progress:
            progress(done + at, total)

    for name, grid in readout.grids.items():
        with torch.autocast(model.device.type, torch.bfloat16, enabled=model.half):
            back[name] = readout.bring_back(name, latents, tell)[0].float().cpu().numpy()
        done += math.prod(grid)
    frames_back = modality.frames_back(back["image"].reshape(*readout.grids["image"], 3))
    sound_back = modality.sound_back(back["audio"])
    return Reconstruction(
        frames, frames_back, sound, sound_back, modality.rate, time.perf_counter() - started
    )


def window_of(modality: AudiovisualModality, result: Result, window: int) -> tuple[np.ndarray, AudioSample]:
    """Frames uint8 [T, S, S, 3] and sound of one window, as the model read them."""
    sample, layout = result.sample, result.layout
    assert isinstance(layout, AudiovisualLayout)
    clip = with_black_picture(sample, modality.rate) if isinstance(sample, AudioSample) else sample
    left, top, side = layout.box
    chosen = layout.frames[window].tolist()
    square = clip.frames[chosen, top : top + side, left : left + side]  # type: ignore[union-attr]
    frames = np.stack([resize(pixels, modality.size) for pixels in square])
    wave = modality.window_sounds(clip.audio, layout.starts[window : window + 1])[0]  # type: ignore[union-attr]
    return frames, AudioSample(wave, modality.sound_rate)


def psnr(given: np.ndarray, back: np.ndarray, peak: float) -> float:
    """Peak signal-to-noise ratio in decibels, infinite where nothing differs."""
    error = float(np.mean((given.astype(np.float64) - back.astype(np.float64)) ** 2))
    return 10 * math.log10(peak**2 / error) if error else math.inf
