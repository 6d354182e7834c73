"""From weights to colours: one scale for all views and one for signed maps, both safe for colour-blind eyes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Plasma (van der Walt and Smith 2015, CC0), ten stops from the least weight to the most.
STOPS = ("0d0887", "46039f", "7201a8", "9c179e", "bd3786", "d8576b", "ed7953", "fb9f3a", "fdca26", "f0f921")
# Purple to orange (Brewer 2003, Apache-2.0), nearly white where a signed map is zero.
SIGNED = (
    "2d004b",
    "542788",
    "8073ac",
    "b2abd2",
    "d8daeb",
    "f7f7f7",
    "fee0b6",
    "fdb863",
    "e08214",
    "b35806",
    "7f3b08",
)


def palette(stops: tuple[str, ...]) -> np.ndarray:
    return np.array([[int(stop[i : i + 2], 16) for i in (0, 2, 4)] for stop in stops], dtype=np.float32)


PALETTES = {False: palette(STOPS), True: palette(SIGNED)}


@dataclass(frozen=True)
class Span:
    """The values at the two ends of the colour scale; signed: with zero in the middle."""

    low: float
    high: float
    signed: bool = False

    def shade(self, values: np.ndarray) -> np.ndarray:
        """Values -> 0..1 along the scale; NaN (not read) is nothing."""
        width, nothing = self.high - self.low, 0.5 if self.signed else 0.0
        if width <= 0:
            return np.full_like(values, nothing)
        return np.nan_to_num(np.clip((values - self.low) / width, 0, 1), nan=nothing)


def span_of(values: np.ndarray, scale: str) -> Span:
    """Weights start at zero, scores at their least; where weights lie on both sides, zero is in the middle."""
    if scale == "weights" and np.nanmin(values) < 0:
        reach = float(np.nanmax(np.abs(values)))
        return Span(-reach, reach, signed=True)
    low = 0.0 if scale == "weights" else float(np.nanmin(values))
    return Span(low, float(np.nanmax(values)))


def colours(shade: np.ndarray, signed: bool = False) -> np.ndarray:
    """Shades [...] in 0..1 -> RGB uint8 [..., 3]."""
    stops = PALETTES[signed]
    at = shade * (len(stops) - 1)
    lower = np.minimum(at.astype(int), len(stops) - 2)
    part = (at - lower)[..., None]
    return (stops[lower] * (1 - part) + stops[lower + 1] * part + 0.5).astype(np.uint8)


def desaturate(pixels: np.ndarray) -> np.ndarray:
    """RGB uint8 [..., 3] -> nearly grey float32 [..., 3], so that only the map brings colour."""
    grey = pixels.astype(np.float32) @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    return 0.85 * grey[..., None] + 0.15 * pixels


def overlay(pixels: np.ndarray, shade: np.ndarray, signed: bool = False) -> np.ndarray:
    """Lay shades [..., H, W] over pixels uint8 [..., H, W, 3]; the stronger the weight, the more it covers."""
    strength = np.abs(2 * shade - 1) if signed else shade
    alpha = (0.1 + 0.75 * strength**0.6)[..., None]
    return (desaturate(pixels) * (1 - alpha) + colours(shade, signed) * alpha + 0.5).astype(np.uint8)


def enlarge(grid: np.ndarray, height: int, width: int) -> np.ndarray:
    """Grid [..., h, w] -> [..., height, width]; every element keeps its own hard-edged cell."""
    rows = np.arange(height) * grid.shape[-2] // height
    columns = np.arange(width) * grid.shape[-1] // width
    return grid[..., rows[:, None], columns]
