"""Pictures: every mode comes out as upright 8-bit RGB on white."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from media_making import check_sample, gradient
from PIL import Image

from perceiver_zoo.media import MediaError
from perceiver_zoo.media.image import MAX_SIDE, read_image


def saved(tmp_path: Path, image: Image.Image, name: str = "picture.png", **options: Any) -> Path:
    image.save(tmp_path / name, **options)
    return tmp_path / name


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_turns_the_picture_upright(tmp_path: Path, orientation: int) -> None:
    upright = Image.fromarray(gradient(40, 60))
    # How a camera stores it: the inverse of what the tag tells the viewer to do.
    store = {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }
    stored = upright.transpose(store[orientation]) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    for name in ("turned.png", "turned.tiff", "turned.webp"):
        path = saved(tmp_path, stored, name, exif=exif, lossless=True)
        np.testing.assert_array_equal(read_image(path).pixels, np.asarray(upright), err_msg=name)


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_sixteen_bit_grey_keeps_its_tones(tmp_path: Path, suffix: str) -> None:
    deep = np.linspace(0, 65535, 256).astype(np.uint16).reshape(16, 16)
    pixels = read_image(saved(tmp_path, Image.fromarray(deep), f"deep.{suffix}")).pixels
    np.testing.assert_allclose(pixels[..., 0], np.arange(256).reshape(16, 16), atol=1)
    assert (pixels[..., 0] == pixels[..., 1]).all()


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (0.0, 255.0), (-3.0, 7.0)])
def test_floating_pictures_fill_the_range(tmp_path: Path, low: float, high: float) -> None:
    values = np.linspace(low, high, 256, dtype=np.float32).reshape(16, 16)
    pixels = read_image(saved(tmp_path, Image.fromarray(values), "float.tiff")).pixels
    np.testing.assert_allclose(pixels[..., 0], np.arange(256).reshape(16, 16), atol=1)


def test_float_pictures_with_nan_are_read(tmp_path: Path) -> None:
    values = np.full((4, 4), np.nan, np.float32)
    check_sample(read_image(saved(tmp_path, Image.fromarray(values), "nan.tiff")))


@pytest.mark.parametrize("mode", ["RGBA", "LA", "P"])
def test_transparent_parts_are_white(tmp_path: Path, mode: str) -> None:
    rgba = np.zeros((8, 8, 4), np.uint8)
    rgba[:, :4] = (0, 0, 0, 255)
    image = Image.fromarray(rgba)
    image = image.quantize(2) if mode == "P" else image.convert(mode)
    pixels = read_image(saved(tmp_path, image)).pixels
    assert (pixels[:, :4] == 0).all()
    assert (pixels[:, 4:] == 255).all()


def test_half_transparent_black_is_grey(tmp_path: Path) -> None:
    pixels = read_image(saved(tmp_path, Image.new("RGBA", (2, 2), (0, 0, 0, 128)))).pixels
    np.testing.assert_allclose(pixels, 127, atol=1)


def test_colour_key_in_a_palette_is_white(tmp_path: Path) -> None:
    image = Image.new("P", (4, 4), 1)
    image.putpalette([9, 9, 9, 200, 0, 0])
    image.putpixel((0, 0), 0)
    pixels = read_image(saved(tmp_path, image, transparency=0)).pixels
    assert pixels[0, 0].tolist() == [255, 255, 255]
    assert pixels[2, 2].tolist() == [200, 0, 0]


@pytest.mark.parametrize(
    ("mode", "color"),
    [("1", 1), ("L", 200), ("CMYK", (0, 255, 255, 0)), ("I;16", 40000)],
)
def test_other_modes_become_rgb(tmp_path: Path, mode: str, color: int | tuple[int, ...]) -> None:
    pixels = read_image(saved(tmp_path, Image.new(mode, (5, 3), color), "mode.tiff")).pixels
    assert pixels.shape == (3, 5, 3)
    if mode == "CMYK":
        assert pixels[0, 0, 0] > 240 and pixels[0, 0, 1:].max() < 15


@pytest.mark.parametrize(
    ("size", "suffix"), [((3000, 1000), "jpg"), ((700, 2900), "png"), ((5000, 1), "png")]
)
def test_large_pictures_are_brought_down(tmp_path: Path, size: tuple[int, int], suffix: str) -> None:
    image = Image.fromarray(gradient(size[1], size[0]))
    pixels = read_image(saved(tmp_path, image, f"large.{suffix}")).pixels
    assert max(pixels.shape) == MAX_SIDE
    assert pixels.shape[0] / pixels.shape[1] == pytest.approx(size[1] / size[0], rel=0.01, abs=0.001)
    wanted = image.resize((pixels.shape[1], pixels.shape[0]), Image.Resampling.BOX)
    assert np.abs(pixels[..., 0].astype(int) - np.asarray(wanted)[..., 0]).mean() < 3


def test_one_pixel(tmp_path: Path) -> None:
    assert read_image(saved(tmp_path, Image.new("RGB", (1, 1), (1, 2, 3)))).pixels.tolist() == [[[1, 2, 3]]]


def test_an_animation_gives_its_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (6, 4), color) for color in ("red", "blue")]
    for name in ("moving.gif", "moving.webp", "moving.png"):
        path = saved(tmp_path, frames[0], name, save_all=True, append_images=frames[1:])
        assert read_image(path).pixels[0, 0, 0] > 200


def png_claiming(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    header = struct.pack("!IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(100)))
        + chunk(b"IEND", b"")
    )


@pytest.mark.parametrize("side", [10_001, 60_000])
def test_decompression_bombs_are_refused(tmp_path: Path, side: int) -> None:
    (tmp_path / "bomb.png").write_bytes(png_claiming(side, side))
    with pytest.raises(MediaError, match=r"bomb\.png"):
        read_image(tmp_path / "bomb.png")


@pytest.mark.parametrize(
    "content",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"/>',
        b"\0\0\0\x18ftypheic\0\0\0\0mif1heic",
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        b"just text",
    ],
)
def test_other_kinds_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "other.png").write_bytes(content)
    with pytest.raises(MediaError, match="accepted are PNG"):
        read_image(tmp_path / "other.png")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_picture_is_a_media_error_or_a_picture(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    suffix = data.draw(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"]))
    buffer = io.BytesIO()
    Image.fromarray(gradient(24, 32)).save(buffer, suffix)
    content = bytearray(buffer.getvalue())
    for at in data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=8)):
        content[at] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.mktemp("damaged") / f"picture.{suffix}"
    path.write_bytes(content)
    try:
        check_sample(read_image(path))
    except MediaError as error:
        assert "\n" not in str(error)
