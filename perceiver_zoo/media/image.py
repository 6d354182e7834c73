"""Pictures, read with Pillow."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from perceiver_zoo.media.error import MediaError, checked_file, decoding, shown_name
from perceiver_zoo.media.sample import ImageSample

MAX_PIXELS = 100_000_000
MAX_SIDE = 1024
ACCEPTED = "PNG, JPEG, WebP, GIF, AVIF, TIFF, BMP and other common picture formats"
# Named one by one: Pillow's other plugins start programs (EPS), lack a decoder, or match nearly any file (TGA).
FORMATS = (
    *("PNG", "JPEG", "WEBP", "GIF", "AVIF", "TIFF", "BMP", "DIB", "ICO", "ICNS"),
    *("JPEG2000", "PPM", "PSD", "QOI", "SGI", "PCX", "DDS", "XBM"),
)
_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def read_image(path: str | os.PathLike[str]) -> ImageSample:
    """Reads a picture as it is meant to be seen: upright, on white, its first frame if it is animated.

    Gives uint8 RGB `[H, W, 3]`, brought down so that the longer side is at most 1024 pixels; deep and floating
    modes are scaled to 0..255. Raises MediaError, also for pictures of more than 100 megapixels.
    """
    file = checked_file(path)
    with decoding(file, "a picture", ACCEPTED), opened(file) as image:
        width, height = image.size
        if width * height > MAX_PIXELS:
            raise MediaError(
                f"{shown_name(file)} has {width * height / 1e6:.0f} megapixels; "
                f"pictures of at most {MAX_PIXELS / 1e6:.0f} megapixels are accepted."
            )
        target = _target_size(width, height)
        # A JPEG can decode at 1/2, 1/4 or 1/8; twice the target leaves the last step to a good filter.
        image.draft(None, (2 * target[0], 2 * target[1]))
        image.load()
        # TIFF and AVIF turn themselves while loading and clear the tag, so it is read only now.
        turn = _UPRIGHT.get(image.getexif().get(_ORIENTATION_TAG, 1))
        rgb = _to_rgb(image)
        # The size may have changed in load(); the ratio of draft steps is not exact either.
        rgb = rgb.resize(_target_size(*rgb.size), Image.Resampling.LANCZOS, reducing_gap=3.0)
        if turn is not None:
            rgb = rgb.transpose(turn)
        return ImageSample(np.array(rgb, dtype=np.uint8))


def opened(file: Path) -> Image.Image:
    """Opens a picture of an accepted format without decoding its pixels."""
    with warnings.catch_warnings():
        # Pillow's own bomb warning; the hard limit above and Pillow's error at twice the size stay.
        warnings.simplefilter("ignore")
        return Image.open(file, formats=FORMATS)


def _target_size(width: int, height: int) -> tuple[int, int]:
    scale = min(1.0, MAX_SIDE / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "F" or image.mode.startswith("I"):
        return Image.fromarray(_eight_bits(np.asarray(image), image.mode)).convert("RGB")
    if image.has_transparency_data:
        # Through RGBA even from premultiplied or palette modes, so that one way of compositing is enough.
        rgba = image.convert("RGBA")
        white = Image.new("RGBA", rgba.size, "white")
        return Image.alpha_composite(white, rgba).convert("RGB")
    return image.convert("RGB")


def _eight_bits(values: NDArray[Any], mode: str) -> NDArray[np.uint8]:
    """Scales one deep channel to 0..255: by its full range where that is known, else by what it holds."""
    numbers = np.nan_to_num(values.astype(np.float32), copy=False, nan=0.0, posinf=0.0, neginf=0.0)
    low, high = float(numbers.min()), float(numbers.max())
    if mode.startswith("I;16") or (mode == "I" and low >= 0 and 255 < high <= 65535):
        low, high = 0.0, 65535.0
    elif low >= 0 and high <= 1 and mode == "F":
        low, high = 0.0, 1.0
    elif low >= 0 and high <= 255:
        low, high = 0.0, 255.0
    # In place, for one deep picture may take half a gigabyte already.
    numbers -= low
    numbers *= 255.0 / max(high - low, 1e-12)
    return np.rint(numbers, out=numbers).clip(0, 255, out=numbers).astype(np.uint8)
