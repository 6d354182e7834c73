"""From weights to colours: one scale for every view, perceptually even and safe for colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Plasma (van der Walt and Smith 2015, CC0), ten stops from the least weight to the most.
STOPS = ("0d0887", "46039f", "7201a8", "9c179e", "bd3786", "d8576b", "ed7953", "fb9f3a", "fdca26", "f0f921")
PALETTE = np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in STOPS], dtype=np.float32)


@dataclass(frozen=True)
class Span:
    """The values at the two ends of the colour scale."""

    low: float
    high: float

    def shade(self, values: np.ndarray) -> np.ndarray:
        """Values -> 0..1 along the scale; NaN (not read) -> 0."""
        width = self.high - self.low
        return (
            np.nan_to_num(np.clip((values - self.low) / width, 0, 1)) if width > 0 else np.zeros_like(values)
        )


def span_of(values: np.ndarray, scale: str) -> Span:
    """Weights start at zero, scores at their least; where weights lie on both sides, zero is in the middle."""
    if scale == "weights" and np.nanmin(values) < 0:
        reach = float(np.nanmax(np.abs(values)))
        return Span(-reach, reach)
    low = 0.0 if scale == "weights" else float(np.nanmin(values))
    return Span(low, float(np.nanmax(values)))


def colours(shade: np.ndarray) -> np.ndarray:
    """Shades [...] in 0..1 -> RGB uint8 [..., 3]."""
    at = shade * (len(PALETTE) - 1)
    lower = np.minimum(at.astype(int), len(PALETTE) - 2)
    part = (at - lower)[..., None]
    return (PALETTE[lower] * (1 - part) + PALETTE[lower + 1] * part + 0.5).astype(np.uint8)


def desaturate(pixels: np.ndarray) -> np.ndarray:
    """RGB uint8 [..., 3] -> nearly grey float32 [..., 3], so that only the map brings colour."""
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return 0.85 * grey[..., None] + 0.15 * pixels


def overlay(pixels: np.ndarray, shade: np.ndarray) -> np.ndarray:
    """Lay shades [..., H, W] over pixels uint8 [..., H, W, 3]; the stronger the weight, the more it covers."""
    alpha = (0.1 + 0.75 * shade**0.6)[..., None]
    return (desaturate(pixels) * (1 - alpha) + colours(shade) * alpha + 0.5).astype(np.uint8)


def enlarge(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Grid [..., h, w] -> [..., height, width]; every element keeps its own hard-edged cell."""
    rows = np.arange(height) * grid.shape[-2] // height
    columns = np.arange(width) * grid.shape[-1] // width
    return grid[..., rows[:, None], columns]
