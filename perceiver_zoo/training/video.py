"""Camera work: clips whose label is right by construction, see `camera_work`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import cache, partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from perceiver_zoo.media.sample import VideoSample
from perceiver_zoo.modalities.video import VideoModality
from perceiver_zoo.training import camera_work
from perceiver_zoo.training.task import Batch, Task, one_hot


def swapped(*pairs: tuple[str, str]) -> np.ndarray:
    """Label of each class after the names in `pairs` change places."""
    names: list[str] = list(camera_work.CLASSES)
    other = dict(pairs) | {b: a for a, b in pairs}
    return np.array([names.index(other.get(name, name)) for name in names])


PAN, TILT = ("pan left", "pan right"), ("tilt up", "tilt down")
ROLL, ZOOM = ("roll clockwise", "roll counter-clockwise"), ("zoom in", "zoom out")
MIRRORED, UPENDED, REVERSED = swapped(PAN, ROLL), swapped(TILT, ROLL), swapped(PAN, TILT, ROLL, ZOOM)


SHEET = 100  # clips rendered at a time, from a seed of their own


@cache
def photographs(data: Path) -> camera_work.Photographs:
    return camera_work.training_photographs(data)


def render_sheet(data: Path, sheet: int) -> tuple[np.ndarray, np.ndarray]:
    """SHEET training clips and their labels, the same ones whichever process renders them."""
    torch.set_num_threads(1)
    return camera_work.render_batch(np.random.default_rng((0, sheet)), photographs(data), SHEET)


class CameraWork(Task):
    """A bank of rendered clips, seen mirrored, upside down and backwards (with the label that then is true).

    A random subset of the patches each step: a Perceiver reads a set.
    """

    modality: VideoModality
    split = "camera moves over photographs and street frames that no training clip used"
    bank = 36000
    elements = 240
    test = 2200
    smoothing = 0.05

    def __init__(self, data, modality) -> None:
        super().__init__(data, modality)
        self.classes = list(camera_work.CLASSES)

    def prepare(self) -> None:
        cache = Path(tempfile.gettempdir()) / f"perceiver-zoo-camera-work-{self.bank}.npz"
        if not cache.is_file():
            sheets = range(self.bank // SHEET)
            with ProcessPoolExecutor(mp_context=get_context("spawn")) as pool:
                drawn = pool.map(partial(render_sheet, self.data), sheets)
                parts = list(tqdm(drawn, total=len(sheets), desc="clips", unit="sheet", disable=None))
            clips, labels = (np.concatenate(column) for column in zip(*parts, strict=True))
            with cache.with_suffix(".tmp").open("wb") as file:
                np.savez(file, clips=clips, labels=labels)
            cache.with_suffix(".tmp").replace(cache)
        with np.load(cache, allow_pickle=False) as file:
            self.clips, self.labels = file["clips"], file["labels"]

    def draw(self, rng: np.random.Generator, size: int) -> Batch:
        chosen = rng.integers(len(self.labels), size=size)
        clips, labels = self.clips[chosen], self.labels[chosen].copy()
        for i in range(size):
            clip = clips[i]
            for axis, label_after in ((2, MIRRORED), (1, UPENDED), (0, REVERSED)):
                if rng.random() < 0.5:
                    clip, labels[i] = np.flip(clip, axis), label_after[labels[i]]
            clips[i] = clip
        targets = one_hot(labels, len(self.classes), self.smoothing)
        return seen(rng, clips, targets, self.modality, self.elements)

    def held_out(self) -> Iterator[tuple[VideoSample, int, str]]:
        pictures = camera_work.heldout_photographs(self.data)
        times = np.arange(self.modality.frames) / self.modality.rate
        clips, labels = camera_work.fixed_clips(pictures, self.test, seed=1)
        for clip, label in zip(clips, labels.tolist(), strict=True):
            yield VideoSample(clip, times), label, "camera work"


def seen(
    rng: np.random.Generator, clips: np.ndarray, targets: Tensor, modality: VideoModality, elements: int
) -> Batch:
    """Clips uint8 [B, T, S, S, 3] with each colour brighter or darker; of the patches a random `elements`."""
    gain = rng.uniform(0.8, 1.2, (len(clips), 1, 1, 1, 3)).astype(np.float32)
    pixels = torch.from_numpy(clips.astype(np.float32) / 255 * gain).clamp(0, 1)
    features, positions = modality.features(pixels), modality.positions
    kept = torch.from_numpy(rng.permutation(positions.shape[1])[:elements])
    return Batch(features[:, kept], positions[:, kept], targets)
