"""The labels of rendered camera work, checked by measuring the motion in the pixels; needs no data set."""

from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from perceiver_zoo.training import camera_pictures, camera_work
from perceiver_zoo.training.camera_work import (
    CLASSES,
    FRAMES,
    SIZE,
    Photographs,
    fixed_clips,
    render,
    render_batch,
)

LABEL = {name: i for i, name in enumerate(CLASSES)}


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    """Clips are too small to share out among cores."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _landscape(seed: int, width: int = 160, height: int = 128) -> np.ndarray:
    """A picture with texture at every scale, as photographs have."""
    rng = np.random.default_rng(seed)
    total = np.zeros((height, width, 3))
    for cells in (3, 6, 12, 24, 48):
        noise = rng.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
        total += np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)) - 128.0
    return np.clip(128 + 0.8 * total, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Photographs:
    files = [io.BytesIO() for _ in range(16)]
    for seed, file in enumerate(files):
        Image.fromarray(_landscape(seed)).save(file, "WEBP", quality=90)
    path = tmp_path_factory.mktemp("pictures") / "pack.npz"
    _pack(path, [file.getvalue() for file in files], frames_per_clip=8)
    return Photographs([camera_pictures.PackedPictures(path)])


def _pack(path: Path, files: list[bytes], **more: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    offsets = np.cumsum([0] + [len(f) for f in files])
    np.savez(path, images=np.frombuffer(b"".join(files), np.uint8), offsets=offsets, **more)


def _grey(clip: np.ndarray) -> np.ndarray:
    return clip.astype(np.float64).mean(-1)


def _motion(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Content motion between two grey frames [S, S]: right, down (pixels), growth, clockwise turn (radians).

    Gauss-Newton on the brightness constancy of a similarity transform, from coarse to fine.
    """
    size = len(first)
    y, x = np.mgrid[:size, :size] - (size - 1) / 2
    motion = np.zeros(4)
    for blur in (4, 2, 1):
        a, b = _blur(first, blur), _blur(second, blur)
        for _ in range(4):
            right, down, growth, turn = motion
            scale, cos, sin = np.exp(growth), np.cos(turn), np.sin(turn)
            seen_x = scale * (cos * x - sin * y) + right + (size - 1) / 2
            seen_y = scale * (sin * x + cos * y) + down + (size - 1) / 2
            warped, inside = _at(b, seen_x, seen_y)
            gy, gx = np.gradient(warped)
            steps = np.stack([gx, gy, gx * x + gy * y, gy * x - gx * y], -1)[inside]
            change = np.linalg.lstsq(steps, (a - warped)[inside], rcond=None)[0]
            # steps are taken in the frame of the first picture, so shifts are turned into the second's
            motion += np.array([scale * change[0], scale * change[1], change[2], change[3]])
    return motion


def _blur(picture: np.ndarray, sigma: float) -> np.ndarray:
    f = np.fft.fftfreq(len(picture) * 2)
    soft = np.exp(-2 * (np.pi * sigma) ** 2 * (f[:, None] ** 2 + f[None] ** 2))
    mirrored = np.pad(picture, (0, len(picture)), mode="symmetric")
    return np.fft.ifft2(np.fft.fft2(mirrored) * soft).real[: len(picture), : len(picture)]


def _at(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Bilinear samples, and where they lie inside."""
    last = len(picture) - 1
    inside = (x >= 0) & (x <= last) & (y >= 0) & (y <= last)
    x, y = np.clip(x, 0, last - 1e-6), np.clip(y, 0, last - 1e-6)
    x0, y0 = x.astype(int), y.astype(int)
    x, y = x - x0, y - y0
    top = picture[y0, x0] * (1 - x) + picture[y0, x0 + 1] * x
    bottom = picture[y0 + 1, x0] * (1 - x) + picture[y0 + 1, x0 + 1] * x
    return top * (1 - y) + bottom * y, inside


def _total(clip: np.ndarray) -> np.ndarray:
    """Summed motion over the frames: right, down in frame widths, log growth, clockwise turn in radians."""
    grey = _grey(clip)
    steps = np.array([_motion(a, b) for a, b in pairwise(grey)])
    return steps.sum(0) / [clip.shape[1], clip.shape[1], 1, 1]


@pytest.mark.parametrize(
    ("name", "axis", "sign"),
    [
        ("pan right", 0, -1),
        ("pan left", 0, 1),
        ("tilt up", 1, 1),
        ("tilt down", 1, -1),
        ("zoom in", 2, 1),
        ("zoom out", 2, -1),
        ("roll clockwise", 3, -1),
        ("roll counter-clockwise", 3, 1),
    ],
)
def test_content_moves_as_the_label_says(photographs: Photographs, name: str, axis: int, sign: int) -> None:
    least = [0.09, 0.09, np.log(1.12), np.radians(8)][axis]
    for seed in range(4):
        rng = np.random.default_rng(seed)
        total = sign * _total(render(rng, photographs, LABEL[name], clean=True))
        assert total[axis] > least, (seed, total)


def test_static_rests_and_shake_returns(photographs: Photographs) -> None:
    for seed in range(4):
        still = _grey(render(np.random.default_rng(seed), photographs, LABEL["static"], clean=True))
        shaken = _grey(render(np.random.default_rng(seed), photographs, LABEL["shake"], clean=True))
        rest = np.array([_motion(still[0], frame) for frame in still[1:]])
        swing = np.array([_motion(a, b) for a, b in pairwise(shaken)])[:, :2]
        assert np.abs(rest[:, :2]).max() < 1, seed
        way = np.abs(swing).sum(0).max()
        assert way > 4, seed
        assert np.abs(swing.sum(0)).max() < 0.6 * way, seed


def test_cut_is_one_jump_between_resting_shots(photographs: Photographs) -> None:
    for seed in range(8):
        grey = _grey(render(np.random.default_rng(seed), photographs, LABEL["cut"], clean=True))
        change = np.abs(np.diff(grey, axis=0)).mean((1, 2))
        k = int(change.argmax()) + 1
        assert 2 <= k <= FRAMES - 2, seed
        assert change[k - 1] > 2 * np.delete(change, k - 1).max(), seed


@pytest.mark.parametrize("label", range(len(CLASSES)), ids=CLASSES)
def test_a_clip_is_fixed_by_its_seed(photographs: Photographs, label: int) -> None:
    one, same, other = (render(np.random.default_rng(s), photographs, label) for s in (5, 5, 6))
    assert one.shape == (FRAMES, SIZE, SIZE, 3) and one.dtype == np.uint8
    assert (one == same).all()
    assert (one != other).any()


def test_other_shapes(photographs: Photographs) -> None:
    assert render(np.random.default_rng(0), photographs, 3, frames=8, size=64).shape == (8, 64, 64, 3)


def test_fixed_clips_are_balanced_and_do_not_depend_on_their_number(photographs: Photographs) -> None:
    clips, labels = fixed_clips(photographs, 33, seed=1)
    fewer, _ = fixed_clips(photographs, 12, seed=1)
    assert (np.bincount(labels, minlength=len(CLASSES)) == 3).all()
    assert clips.dtype == np.uint8 and labels.dtype == np.int64
    assert (clips[:12] == fewer).all()


def test_batches_are_random(photographs: Photographs) -> None:
    clips, labels = render_batch(np.random.default_rng(0), photographs, 24)
    assert clips.shape == (24, FRAMES, SIZE, SIZE, 3) and labels.shape == (24,)
    assert len(set(labels.tolist())) > 5


def test_heldout_photographs_are_disjoint_from_training(tmp_path: Path) -> None:
    def one(value: int) -> bytes:
        file = io.BytesIO()
        Image.new("RGB", (64, 64), (value // 256, value % 256, 40)).save(file, "WEBP", lossless=True)
        return file.getvalue()

    for i, name in enumerate(("train_0", "train_1", "val")):
        _pack(tmp_path / "image" / f"tiny_imagenet_{name}.npz", [one(10_000 + 10 * i + j) for j in range(5)])
    _pack(tmp_path / "video" / "street_frames.npz", [one(j) for j in range(600)], frames_per_clip=2)
    train = camera_work.training_photographs(tmp_path)
    heldout = camera_work.heldout_photographs(tmp_path)
    assert (len(train), len(heldout)) == (10 + 2 * len(camera_pictures.STREET_TRAINING), 5 + 120)
    seen = {p.tobytes() for p in train}
    assert not seen & {p.tobytes() for p in heldout}
    rng = np.random.default_rng(0)
    street = np.mean([train[train.draw(rng)][0, 0, 0] < 10 for _ in range(400)])
    assert 0.4 < street < 0.6


def test_a_folder_of_photographs(tmp_path: Path) -> None:
    Image.fromarray(_landscape(0, 1600, 900)).save(tmp_path / "large.jpg")
    Image.fromarray(_landscape(1, 300, 200)).save(tmp_path / "small.png")
    (tmp_path / "notes.txt").write_text("no picture")
    folder = Photographs([camera_pictures.FolderPictures(tmp_path)])
    assert [p.shape for p in folder] == [(360, 640, 3), (200, 300, 3)]
    assert render(np.random.default_rng(0), folder, LABEL["zoom in"]).shape == (FRAMES, SIZE, SIZE, 3)
    with pytest.raises(IndexError):
        folder[2]
