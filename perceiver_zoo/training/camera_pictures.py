"""The photographs a synthetic camera moves over: packed WebP files and folders of image files."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from perceiver_zoo.training.packed import Packed

LONGEST_SIDE = 640  # larger image files are reduced to this many pixels
STREET_HELD_OUT = range(240, 300)
# takes before 240 that show a scene which the held-out ones show too, found by comparing and looking
STREET_SHARED = (*range(4, 12), *range(58, 67), 72, 73, *range(123, 151), 210, *range(237, 240))
STREET_TRAINING = tuple(i for i in range(240) if i not in STREET_SHARED)
SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".bmp")


class PackedPictures:
    """Pictures of a packed file (`images`: WebP files end to end, `offsets`), decoded on demand.

    Where the file says `frames_per_clip`, so many neighbouring pictures are one take of one camera.
    takes: the numbers of those to use, all by default; without `frames_per_clip` every picture is one.
    """

    def __init__(self, path: Path, takes: Iterable[int] | None = None) -> None:
        self._pack = Packed(path, "images")
        self.take = int(self._pack.arrays.get("frames_per_clip", 1))
        count = (len(self._pack["offsets"]) - 1) // self.take
        numbers = np.asarray(range(count) if takes is None else list(takes))
        self._records = (numbers[:, None] * self.take + np.arange(self.take)).ravel()
        # takes are few and drawn often, so they stay decoded
        self._cache: dict[int, np.ndarray] | None = {} if self.take > 1 else None

    def __len__(self) -> int:
        return len(self._records)

    def __getitem__(self, index: int) -> np.ndarray:
        if self._cache is not None and index in self._cache:
            return self._cache[index]
        record = self._pack.record(self._records[index])
        picture = np.array(Image.open(record, formats=("WEBP",)).convert("RGB"))
        if self._cache is not None:
            self._cache[index] = picture
        return picture


class FolderPictures:
    """Every image file below a folder, reduced to at most 640 px; the last few hundred stay decoded."""

    take = 1

    def __init__(self, folder: Path, kept: int = 500) -> None:
        self._paths = sorted(p for p in Path(folder).rglob("*") if p.suffix.lower() in SUFFIXES)
        self._cache: OrderedDict[int, np.ndarray] = OrderedDict()
        self._kept = kept

    def __len__(self) -> int:
        return len(self._paths)

    def __getitem__(self, index: int) -> np.ndarray:
        if index not in self._cache:
            with Image.open(self._paths[index]) as image:
                image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
                image = image.convert("RGB")
                image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
                self._cache[index] = np.array(image)
            if len(self._cache) > self._kept:
                self._cache.popitem(last=False)
        self._cache.move_to_end(index)
        return self._cache[index]


Pictures = PackedPictures | FolderPictures


class Photographs(Sequence):
    """Sources of pictures as one sequence of uint8 [H, W, 3]; `draw` gives each its share of the draws."""

    def __init__(self, sources: Sequence[Pictures], shares: Sequence[float] | None = None) -> None:
        kept = [(s, w) for s, w in zip(sources, shares or [len(s) for s in sources], strict=True) if len(s)]
        if not kept:
            raise ValueError("no photographs found")
        self._sources = [s for s, _ in kept]
        self._shares = np.cumsum([w for _, w in kept]) / sum(w for _, w in kept)
        self._ends = np.cumsum([len(s) for s in self._sources])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def _place(self, index: int) -> tuple[int, int]:
        if not 0 <= index < len(self):
            raise IndexError(index)
        part = int(np.searchsorted(self._ends, index, side="right"))
        return part, index - (int(self._ends[part - 1]) if part else 0)

    def __getitem__(self, index: int) -> np.ndarray:
        part, inner = self._place(index)
        return self._sources[part][inner]

    def draw(self, rng: np.random.Generator) -> int:
        """The index of a random picture."""
        part = min(int(np.searchsorted(self._shares, rng.random(), side="right")), len(self._sources) - 1)
        end = int(self._ends[part])
        return int(rng.integers(end - len(self._sources[part]), end))

    def take(self, index: int) -> np.ndarray:
        """uint8 [n, H, W, 3]: the frames of the take that picture `index` belongs to; a photograph is one."""
        part, inner = self._place(index)
        source = self._sources[part]
        first = inner - inner % source.take
        return np.stack([source[i] for i in range(first, min(first + source.take, len(source)))])


def training_photographs(data_root: Path | str, folder: Path | str | None = None) -> Photographs:
    """Tiny-ImageNet's training pictures and street clips before 240, half of the draws each.

    A folder of image files, searched in depth, makes it a third each. Street clips of scenes also held out
    are left out.
    """
    root = Path(data_root)
    sources: list[Pictures] = [
        PackedPictures(root / "image" / "tiny_imagenet_train_0.npz"),
        PackedPictures(root / "image" / "tiny_imagenet_train_1.npz"),
        PackedPictures(root / "video" / "street_frames.npz", STREET_TRAINING),
    ]
    shares = [0.25, 0.25, 0.5]
    if folder is not None:
        sources.append(FolderPictures(Path(folder)))
        shares.append(0.5)
    return Photographs(sources, shares)


def heldout_photographs(data_root: Path | str) -> Photographs:
    """Tiny-ImageNet's validation pictures and street clips 240-299, half of the draws each."""
    root = Path(data_root)
    tiny = PackedPictures(root / "image" / "tiny_imagenet_val.npz")
    return Photographs(
        [tiny, PackedPictures(root / "video" / "street_frames.npz", STREET_HELD_OUT)], [0.5, 0.5]
    )
