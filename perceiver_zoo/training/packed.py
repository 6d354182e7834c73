"""Reading the packed data sets: `.npz` files opened with allow_pickle=False, records laid end to end."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from PIL import Image
from tqdm import tqdm


class Packed:
    """One packed file: its arrays by name, and record i of the byte field `records`."""

    def __init__(self, path: Path, records: str | None = None) -> None:
        if not path.is_file():
            raise FileNotFoundError(f"{path} is missing: point --data at the folder of packed data sets")
        with np.load(path, allow_pickle=False) as file:
            self.arrays = {name: file[name] for name in file.files}
        self.records = records

    def __getitem__(self, name: str) -> np.ndarray:
        return self.arrays[name]

    def __len__(self) -> int:
        return len(self.arrays["labels"])

    @property
    def classes(self) -> list[str]:
        return [str(name) for name in self["classes"]]

    def record(self, i: int) -> io.BytesIO:
        start, end = self["offsets"][i : i + 2]
        return io.BytesIO(self[self.records or ""][start:end].tobytes())

    def image(self, i: int) -> np.ndarray:
        """Image i, uint8 [H, W, 3]."""
        return np.asarray(Image.open(self.record(i)).convert("RGB"))

    def images(self, note: str) -> np.ndarray:
        """Every image, uint8 [n, H, W, 3]."""
        read = (self.image(i) for i in range(len(self)))
        return np.stack(list(tqdm(read, total=len(self), desc=note, unit="image", leave=False, disable=None)))

    def sounds(self, rate: int, note: str) -> Iterator[np.ndarray]:
        """Every clip in turn, mono float32 at `rate`."""
        for i in tqdm(range(len(self)), desc=note, unit="clip", leave=False, disable=None):
            yield decode_mono(self.record(i), rate)


def decode_mono(file: io.BytesIO, rate: int) -> np.ndarray:
    """Sound of an encoded file, mono float32 [L] at `rate`."""
    resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate)
    with av.open(file, "r") as container:
        parts = [part for frame in container.decode(audio=0) for part in resampler.resample(frame)]
    parts += resampler.resample(None)
    return np.concatenate([part.to_ndarray()[0] for part in parts])
