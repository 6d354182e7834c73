"""Clips of camera work whose label is right by construction: a virtual camera moves over real photographs.

The eleven CLASSES and what their names mean (always said of the camera, never of the content) stand in
`camera_path`; `camera_wear` adds what separates a clean rendering from a real recording.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from perceiver_zoo.training.camera_path import CLASSES, FRAMES, RATE, CameraPath, draw_path
from perceiver_zoo.training.camera_pictures import Photographs, heldout_photographs, training_photographs
from perceiver_zoo.training.camera_wear import TEXTURE, add_objects, texture, wear_out

__all__ = [
    "CLASSES", "FRAMES", "RATE", "SIZE", "Photographs", "fixed_clips", "heldout_photographs", "render",
    "render_batch", "training_photographs",
]  # fmt: skip

SIZE = 48  # pixels along each side of a frame
NARROWEST = 28.0  # source pixels across the smallest window, enlarged to SIZE
TRIES = 8  # photographs tried for one with enough to see in the window


def render(
    rng: np.random.Generator,
    photographs: Photographs,
    label: int,
    *,
    frames: int = FRAMES,
    size: int = SIZE,
    clean: bool = False,
) -> np.ndarray:
    """One clip of class `label`: uint8 [frames, size, size, 3] at 8 frames a second; the generator fixes it.

    clean: the bare camera move, without objects, light, noise, compression, bars and so on.
    """
    for attempt in range(TRIES):
        clip, index = _shot(rng, photographs, label, frames, size, clean)
        if CLASSES[label] == "cut":
            k = int(rng.integers(2, frames - 1))
            # now and then to another part of the same picture
            index = index if rng.random() < 0.15 else None
            clip = torch.cat([clip[:k], _shot(rng, photographs, label, frames, size, clean, index)[0][k:]])
            if not _differ(clip[k - 1], clip[k]) and attempt < TRIES - 1:
                continue
        if min(texture(clip[0]), texture(clip[-1])) >= TEXTURE:
            break
    if not clean:
        shots = clip.split((k, frames - k)) if CLASSES[label] == "cut" else (clip,)
        clip = torch.cat([_with_objects(rng, shot, photographs) for shot in shots])
        clip = wear_out(rng, clip)
    return clip.round_().clamp_(0, 255).byte().permute(0, 2, 3, 1).contiguous().numpy()


def render_batch(rng: np.random.Generator, photographs: Photographs, n: int) -> tuple[np.ndarray, np.ndarray]:
    """n random clips: uint8 [n, FRAMES, SIZE, SIZE, 3] and labels int64 [n], every class equally likely."""
    labels = rng.integers(0, len(CLASSES), n)
    clips = np.empty((n, FRAMES, SIZE, SIZE, 3), np.uint8)
    for i, label in enumerate(labels):
        clips[i] = render(rng, photographs, int(label))
    return clips, labels


def fixed_clips(photographs: Photographs, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As `render_batch`, but the same clips for the same seed, labels in turn; clip i is so for any n."""
    labels = np.arange(n, dtype=np.int64) % len(CLASSES)
    clips = np.empty((n, FRAMES, SIZE, SIZE, 3), np.uint8)
    for i, label in enumerate(labels):
        clips[i] = render(np.random.default_rng([seed, i]), photographs, int(label))
    return clips, labels


@dataclass(frozen=True)
class _Camera:
    """All that turns a path into pixels.

    x, y, width: the base window's centre and width in source pixels; aspect: how much wider than high it is.
    shutter: how long a frame is exposed, readout: how much later its last row than its first; both in frames.
    relief: how strongly near parts move more than far ones (parallax), and the waves that say what is near.
    """

    x: float
    y: float
    width: float
    aspect: float
    shutter: float
    readout: float
    relief: tuple[float, float, float, float] | None


def _shot(
    rng: np.random.Generator,
    photographs: Photographs,
    label: int,
    frames: int,
    size: int,
    clean: bool,
    index: int | None = None,
) -> tuple[torch.Tensor, int]:
    """One camera move over a photograph or a take of a still camera: [frames, 3, size, size] in 0-255.

    Also gives the index of the picture; `index` asks for that one.
    """
    index = photographs.draw(rng) if index is None else index
    which = np.zeros(frames, np.int64)
    take = photographs[index][None]
    if not clean and rng.random() < 0.3:
        # people who really move: the frames of a take in turn, played at its own or a slower pace
        whole = photographs.take(index)
        if len(whole) > 1 and _still(whole):
            pace = rng.uniform(0.35, (len(whole) - 1) / frames)
            take, which = whole, (rng.random() + pace * np.arange(frames)).astype(np.int64)
    if rng.random() < 0.5:
        take = take[:, :, ::-1]
    picture = torch.from_numpy(np.ascontiguousarray(take)).permute(0, 3, 1, 2).float()
    height, width = picture.shape[2:]
    aspect = math.exp(rng.uniform(-0.15, 0.45)) if rng.random() < 0.25 else 1.0
    path = draw_path(rng, label, frames, (width / NARROWEST / aspect, height / NARROWEST))
    camera = _aim(rng, path, width, height, aspect, CLASSES[label].split()[0] in ("pan", "tilt", "zoom"))
    return _film(picture, which, path, camera, size), index


def _with_objects(rng: np.random.Generator, shot: torch.Tensor, photographs: Photographs) -> torch.Tensor:
    return add_objects(rng, shot, photographs[photographs.draw(rng)]) if rng.random() < 0.5 else shot


def _still(take: np.ndarray) -> bool:
    """Whether the camera of a take stood still: the contours of the first frame are in place in the last."""
    first, last = take[0, ::2, ::2].mean(2), take[-1, ::2, ::2].mean(2)
    gy, gx = np.gradient(first)
    edges = np.hypot(gx, gy)
    strong = edges >= np.quantile(edges, 0.8)
    return float(np.median(np.abs(last - first)[strong])) < 10


def _aim(
    rng: np.random.Generator, path: CameraPath, width: int, height: int, aspect: float, travels: bool
) -> _Camera:
    """Choose how large a window and where, so that the whole path stays on the photograph [height, width]."""
    x, y, scale, angle = path.x * aspect, path.y, np.exp(path.log_scale), path.angle
    lean = angle[len(angle) // 2]
    cx, cy = np.cos(lean) * x - np.sin(lean) * y, np.sin(lean) * x + np.cos(lean) * y
    relief, spare = None, 0.0
    if travels and rng.random() < 0.35:
        reach = 0.5 * max(np.ptp(cx), np.ptp(cy), np.ptp(scale))
        waves = rng.uniform(1.5, 6.0)
        turn = rng.uniform(0, math.pi)
        # steeper relief would fold the picture over itself
        strength = min(0.35, 0.4 / (waves * reach)) * rng.random()
        relief = (strength, waves * math.cos(turn), waves * math.sin(turn), rng.uniform(0, 2 * math.pi))
        spare = strength * reach
    # half extents of the turned window at every moment
    ex = 0.5 * scale * (aspect * np.abs(np.cos(angle)) + np.abs(np.sin(angle))) + spare
    ey = 0.5 * scale * (aspect * np.abs(np.sin(angle)) + np.abs(np.cos(angle))) + spare
    left, right, top, bottom = (cx - ex).min(), (cx + ex).max(), (cy - ey).min(), (cy + ey).max()
    widest = min(width / (right - left), height / (bottom - top))
    narrowest = NARROWEST / scale.min()
    if widest > narrowest:  # rather wide: what people film are scenes
        base = narrowest * (widest / narrowest) ** math.sqrt(rng.random())
    else:  # the picture is mirrored at its edge rather than enlarged much more
        base = max(widest, 0.75 * narrowest)
    slack_x, slack_y = width - base * (right - left), height - base * (bottom - top)
    return _Camera(
        x=(rng.random() if slack_x > 0 else 0.5) * slack_x - base * left,
        y=(rng.random() if slack_y > 0 else 0.5) * slack_y - base * top,
        width=base,
        aspect=aspect,
        shutter=rng.uniform(0, 0.5) if rng.random() < 0.5 else 0.0,
        readout=rng.uniform(0, 0.25) if rng.random() < 0.3 else 0.0,
        relief=relief,
    )


def _film(
    picture: torch.Tensor, which: np.ndarray, path: CameraPath, camera: _Camera, size: int
) -> torch.Tensor:
    """Sample the path: picture [P, 3, H, W], frame t from picture which[t] -> [T, 3, size, size]."""
    frames = len(which)
    steps = np.stack(path.at(np.arange(frames * 4) / 4))
    pixels = 4 * size * np.abs(np.diff(steps)).max(1) @ np.array([1, 1, 0.5, 0.5])  # a frame, at most
    subs = int(np.clip(np.ceil(pixels * camera.shutter / 1.5), 1, 5))
    t = np.arange(frames)[:, None, None] + camera.shutter * ((np.arange(subs) + 0.5) / subs - 0.5)[:, None]
    u = (np.arange(size, dtype=np.float32) + 0.5) / size - 0.5
    if camera.readout:
        t = t + camera.readout * u
    source_x, source_y, seen = _look(path, camera, t, u)
    if camera.relief:
        strength, wave_x, wave_y, phase = camera.relief
        middle_x, middle_y, _ = _look(path, camera, np.full((1, 1, 1), (frames - 1) / 2), u)
        near = strength * np.sin((wave_x * source_x + wave_y * source_y) / camera.width + phase)
        source_x, source_y = source_x + near * (source_x - middle_x), source_y + near * (source_y - middle_y)
    height, width = picture.shape[2:]
    grid = np.stack([source_x * (2 / width) - 1, source_y * (2 / height) - 1], -1).astype(np.float32)
    # bilinear sampling alone is free of aliasing up to about 1.25 source pixels a pixel
    detail = np.log2(np.maximum(seen * math.sqrt(camera.aspect) / (1.25 * size), 1.0))
    return _sample(picture, which, torch.from_numpy(grid), detail)


def _look(
    path: CameraPath, camera: _Camera, t: np.ndarray, u: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Source x and y [T, subs, S, S] of each pixel at moments t [T, subs, 1 or S], and the width seen [T]."""
    x, y, scale, angle = (v[..., None].astype(np.float32) for v in path.at(t))
    lean = path.angle[len(path.angle) // 2]
    half = camera.width * np.exp(scale)
    x, y = camera.width * camera.aspect * x, camera.width * y
    across, down = half * camera.aspect * u, half * u[:, None]
    cos, sin = np.cos(angle), np.sin(angle)
    source_x = camera.x + math.cos(lean) * x - math.sin(lean) * y + cos * across - sin * down
    source_y = camera.y + math.sin(lean) * x + math.cos(lean) * y + sin * across + cos * down
    return source_x, source_y, half.mean((1, 2, 3))


def _sample(picture: torch.Tensor, which: np.ndarray, grid: torch.Tensor, detail: np.ndarray) -> torch.Tensor:
    """Look up grid [T, subs, S, S, 2] between two levels of an image pyramid, detail [T] -> [T, 3, S, S]."""
    frames, subs, size = grid.shape[:3]
    clip, reduced = None, picture
    for level in range(math.ceil(detail.max()) + 1):
        if level:
            reduced = _halve(reduced)
        # near enough to a level, that level alone
        share = np.clip(1.125 - 1.25 * np.abs(detail - level), 0, 1)
        at = np.flatnonzero(share)
        if not len(at):
            continue
        view = grid if len(at) == frames else grid[at]
        if len(reduced) == 1:  # one tall strip is faster than many small pictures
            strip = view.reshape(1, -1, size, 2)
            seen = F.grid_sample(reduced, strip, padding_mode="reflection", align_corners=False)
            seen = seen.view(3, len(at), subs, size, size).transpose(0, 1)
        else:
            few = reduced[torch.from_numpy(which[at])]
            seen = F.grid_sample(few, view.flatten(1, 2), padding_mode="reflection", align_corners=False)
            seen = seen.view(len(at), 3, subs, size, size)
        seen = seen.mean(2) if subs > 1 else seen[:, :, 0]
        if len(at) == frames and share.min() == 1:
            return seen
        clip = torch.zeros(frames, 3, size, size) if clip is None else clip
        seen = seen * torch.from_numpy(share[at]).float().view(-1, 1, 1, 1)
        if len(at) == frames:
            clip += seen
        else:
            clip[at] += seen
    assert clip is not None  # there is at least one part
    return clip


def _halve(picture: torch.Tensor) -> torch.Tensor:
    """[P, 3, H, W] at half the size, by the mean of each 2 x 2 pixels."""
    height, width = picture.shape[2:]
    if height % 2 or width % 2:
        return F.interpolate(picture, [(height + 1) // 2, (width + 1) // 2], mode="area")
    rows = picture[:, :, ::2] + picture[:, :, 1::2]
    return (rows[..., ::2] + rows[..., 1::2]) * 0.25


def _differ(before: torch.Tensor, after: torch.Tensor) -> bool:
    """Whether two frames [3, S, S] show plainly different pictures, also when seen coarsely."""
    a, b = (F.adaptive_avg_pool2d(f, 6).flatten() for f in (before, after))
    return float((a - b).abs().mean()) > 20 and float(torch.corrcoef(torch.stack([a, b]))[0, 1]) < 0.7
