"""What separates a rendering from a recording: moving objects, light, noise, compression, bars, titles."""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F

TEXTURE = 3.0  # grey levels a pixel: with less to see, in the direction of least change, a move does not show


def add_objects(rng: np.random.Generator, clip: torch.Tensor, photograph: np.ndarray) -> torch.Tensor:
    """Move one or two softly cut patches of another photograph uint8 [H, W, 3] over the clip [T, 3, S, S]."""
    picture = torch.from_numpy(np.ascontiguousarray(photograph)).permute(2, 0, 1)[None].float()
    clip = _add_object(rng, clip, picture, 0.65)
    return _add_object(rng, clip, picture, 0.3) if rng.random() < 0.3 else clip


def _add_object(
    rng: np.random.Generator, clip: torch.Tensor, picture: torch.Tensor, largest: float
) -> torch.Tensor:
    """An ellipse with a bump on its own swaying way over the frame, as something passing or followed."""
    frames, size = len(clip), clip.shape[-1]
    t = torch.arange(frames).float() / (frames - 1)
    wide, high = rng.uniform(0.12, largest, 2)
    way = rng.uniform(-1, 1, 2) * rng.choice([0.1, 0.6, 1.4])
    middle, phase, sway = rng.uniform(-0.4, 0.4, 2), rng.uniform(0, 6.3, 2), rng.uniform(0, 0.06, 2)
    hertz = rng.uniform(0.5, 2.5)
    u = (torch.arange(size).float() + 0.5) / size - 0.5
    x, y = (
        v - (middle[i] + way[i] * (t - 0.5) + sway[i] * torch.sin(9.4 * hertz * t + phase[i])).view(-1, 1, 1)
        for i, v in enumerate((u.view(1, 1, -1), u.view(1, -1, 1)))
    )
    x, y = (2 / wide * x).expand(frames, size, size), (2 / high * y).expand(frames, size, size)
    bump = rng.uniform(-0.7, 0.7, 2)
    body = x * x + y * y + rng.uniform(-0.6, 0.6) * x * y
    r = torch.minimum(body, 3 * ((x - bump[0]) ** 2 + (y - bump[1]) ** 2))
    mask = torch.sigmoid((1 - r) * rng.uniform(4, 15)).unsqueeze(1)
    # about as many source pixels as it covers, so that it neither aliases nor blurs
    zoom, at = rng.uniform(0.5, 1.3) * size, rng.uniform(-0.5, 0.5, 2)
    reach = [zoom * d / n for d, n in zip((wide, high), (picture.shape[3], picture.shape[2]), strict=True)]
    grid = torch.stack([at[0] + reach[0] * x, at[1] + reach[1] * y], -1).view(1, -1, size, 2)
    seen = F.grid_sample(picture, grid, padding_mode="reflection", align_corners=False)
    seen = seen.view(3, frames, size, size).transpose(0, 1)
    return torch.lerp(clip, seen, mask)


def wear_out(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """A clip [T, 3, S, S] in 0-255 after lens, light, sensor, editing and compression, each by chance."""
    if rng.random() < 0.3:
        clip = _soften(rng, clip)
    if rng.random() < 0.8:
        clip = _light(rng, clip)
    if rng.random() < 0.25:
        clip = _stutter(rng, clip)
    if rng.random() < 0.5:
        clip = _noise(rng, clip)
    if rng.random() < 0.2:
        clip = _overlay(rng, clip)
    if rng.random() < 0.15:
        clip = _bars(rng, clip)
    if rng.random() < 0.35:
        clip = _compress(rng, clip)
    return clip


def _soften(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """A soft lens or a small original: reduced and enlarged again; or the sharpening of many cameras."""
    size = clip.shape[-1]
    small = F.interpolate(clip, size=int(size * rng.uniform(0.5, 0.95)), mode="area")
    soft = F.interpolate(small, size=size, mode="bilinear", align_corners=False)
    return soft if rng.random() < 0.6 else torch.lerp(soft, clip, rng.uniform(1.2, 1.9))


def _light(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """Another look, and light that changes slowly, rarely at once; seldom a flash or a fade."""
    frames, middle = len(clip), len(clip) // 2
    graded = _grade(rng, clip)
    # so dark, bright or pale that the move would be lost: leave it as it was
    clip = graded if texture(graded[middle]) >= TEXTURE / 2 else clip.clone()
    t = np.arange(frames)
    if rng.random() < 0.4:
        wave = np.sin(t * rng.uniform(0.2, 3.1) + rng.uniform(0, 6.3))
        light = rng.normal(0, 0.25) * (t / (frames - 1) - 0.5) + rng.uniform(0, 0.08) * wave
        if rng.random() < 0.1:
            light += rng.normal(0, 0.3) * (t >= rng.integers(1, frames))
        clip *= torch.from_numpy(np.exp(light)).float().view(-1, 1, 1, 1)
    if rng.random() < 0.02:
        clip[int(rng.integers(1, frames))] += rng.uniform(60, 150)
    if rng.random() < 0.05:
        # at most three frames from black or white, so the move stays visible
        fade = np.clip((t + 1) / rng.uniform(1.5, 4.0), 0, 1)[:: rng.choice([-1, 1])]
        fade = torch.from_numpy(fade.copy()).float().view(-1, 1, 1, 1)
        clip = torch.lerp(torch.full_like(clip, float(rng.choice([0, 0, 255]))), clip, fade)
    return clip.clamp_(0, 255)


def _grade(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """Exposure, white balance, contrast, gamma and saturation, one for the whole clip; or greyscale."""
    saturation = 0.0 if rng.random() < 0.12 else rng.uniform(0.5, 1.3)
    clip = torch.lerp(clip.mean(1, keepdim=True).expand_as(clip), clip, saturation)
    contrast = rng.uniform(0.65, 1.25)
    gain = contrast * np.exp(rng.normal(0, 0.2) + rng.normal(0, 0.04, 3))
    clip = clip * torch.from_numpy(gain).float().view(3, 1, 1) + float(
        (1 - contrast) * 110 + rng.normal(0, 8)
    )
    clip = clip.clamp_(0, 255)
    if rng.random() < 0.3:
        clip = clip.div_(255).pow_(math.exp(rng.normal(0, 0.25))).mul_(255)
    return clip


def texture(frame: torch.Tensor) -> float:
    """RMS change from pixel to pixel of a frame [3, S, S], in the direction in which it changes least."""
    grey = frame.mean(0).numpy()
    gx, gy = grey[:-1, 1:] - grey[:-1, :-1], grey[1:, :-1] - grey[:-1, :-1]
    xx, yy, xy = (gx * gx).mean(), (gy * gy).mean(), (gx * gy).mean()
    return math.sqrt(max(0.0, (xx + yy) / 2 - math.hypot((xx - yy) / 2, xy)))


def _stutter(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """A source of a lower frame rate shows every frame twice; a busy recorder repeats one now and then."""
    t = np.arange(len(clip))
    if rng.random() < 0.5:
        shown = np.maximum(t - (t + rng.integers(0, 2)) % 2, 0)
    else:
        shown = np.where(rng.random(len(t)) < 0.15, np.maximum(t - 1, 0), t)
    return clip[torch.from_numpy(shown)]


def _noise(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """Gaussian noise, new in every frame, grey or coloured, mostly weak."""
    frames, _, size, _ = clip.shape
    noise = torch.from_numpy(rng.standard_normal((frames, 1, size, size), dtype=np.float32))
    noise *= 12 * rng.random() ** 2
    if rng.random() < 0.5:  # the same noise displaced passes for independent, at a third of the cost
        noise = torch.cat([noise, noise.roll((5, 17), (2, 3)), noise.roll((23, 7), (2, 3))], 1)
    return clip + noise


def _overlay(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """A logo in a corner or a line of subtitles that stays while the picture moves."""
    size = clip.shape[-1]
    clip = clip.clone()
    if rng.random() < 0.5:
        high = wide = int(size * rng.uniform(0.1, 0.22))
        y, x = (int(rng.choice([0.05, 0.95 - high / size]) * size) for _ in range(2))
        mark = torch.from_numpy(rng.uniform(0, 255, (1, 3, 4, 4))).float()
        paint = F.interpolate(mark, size=high, mode="nearest")[0]
        cover = torch.full((1, 1), rng.uniform(0.5, 1))
    else:
        high, wide = max(2, int(size * rng.uniform(0.05, 0.09))), int(size * rng.uniform(0.4, 0.85))
        y, x = int(size * rng.uniform(0.78, 0.9)), (size - wide) // 2
        if rng.random() < 0.3:
            clip[:, :, y - 1 : y + high + 1, x - 1 : x + wide + 1] *= 0.3
        paint = torch.tensor([255.0, 255.0, float(rng.choice([255, 255, 60]))]).view(3, 1, 1)
        cover = torch.from_numpy(rng.uniform(0.6, 1) * (rng.random((high, wide)) < 0.6)).float()
    part = clip[:, :, y : y + high, x : x + wide]
    part += cover * (paint - part)
    return clip


def _bars(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """Black bars above and below, or left and right."""
    bar = int(clip.shape[-1] * rng.uniform(0.04, 0.2))
    clip = clip.clone()
    rows = clip if rng.random() < 0.6 else clip.transpose(2, 3)
    rows[:, :, :bar], rows[:, :, rows.shape[2] - bar :] = 0, 0
    return clip


def _compress(rng: np.random.Generator, clip: torch.Tensor) -> torch.Tensor:
    """The artefacts of JPEG at quality 20-90: all frames in one tall strip, in one call."""
    frames, _, size, _ = clip.shape
    strip = clip.round().clamp(0, 255).byte().permute(0, 2, 3, 1).reshape(frames * size, size, 3).numpy()
    file = io.BytesIO()
    Image.fromarray(strip).save(file, "JPEG", quality=int(rng.integers(20, 91)))
    strip = np.array(Image.open(file))
    return torch.from_numpy(strip).view(frames, size, size, 3).permute(0, 3, 1, 2).float()
