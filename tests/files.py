"""Real files for tests, made in a temporary folder: none of them is in the repository."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from PIL import Image


def photograph(path: Path, width: int = 320, height: int = 240) -> Path:
    """A picture with a bright disc on a slope of colour."""
    y, x = np.mgrid[:height, :width]
    pixels = np.stack([x * 255 // width, y * 255 // height, np.full_like(x, 90)], axis=-1).astype(np.uint8)
    pixels[(x - width // 2) ** 2 + (y - height // 2) ** 2 < (height // 4) ** 2] = (250, 240, 60)
    Image.fromarray(pixels).save(path)
    return path


def sound(path: Path, seconds: float = 1.5, rate: int = 22050) -> Path:
    """A falling tone in a little noise, in the container the ending names."""
    t = np.arange(int(seconds * rate)) / rate
    wave = 0.4 * np.sin(2 * np.pi * (900 - 200 * t) * t) + 0.01 * np.random.default_rng(0).normal(size=len(t))
    with av.open(str(path), "w") as container:
        stream = container.add_stream(
            "pcm_s16le" if path.suffix == ".wav" else "flac", rate=rate, layout="mono"
        )
        frame = av.AudioFrame.from_ndarray((wave * 32767).astype(np.int16)[None], format="s16", layout="mono")
        frame.sample_rate = rate
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def clip(path: Path, seconds: float = 2.0, rate: int = 12, size: tuple[int, int] = (160, 120)) -> Path:
    """A textured wall passing to the left: a camera that pans right."""
    width, height = size
    wall = (
        np.random.default_rng(1)
        .integers(0, 255, (height // 8, 60, 3), dtype=np.uint8)
        .repeat(8, 0)
        .repeat(8, 1)
    )
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for i in range(int(seconds * rate)):
            window = np.ascontiguousarray(wall[:height, i * 4 : i * 4 + width])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(window, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def mesh(path: Path) -> Path:
    """A table of boxes, as OFF, z up."""
    vertices, faces = [], []
    for x, y, z, w, d, h in [(-1, -0.6, 0.7, 2, 1.2, 0.1)] + [
        (x, y, 0, 0.1, 0.1, 0.7) for x in (-1, 0.9) for y in (-0.6, 0.5)
    ]:
        base = len(vertices)
        vertices += [(x + i * w, y + j * d, z + k * h) for i in (0, 1) for j in (0, 1) for k in (0, 1)]
        quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
        faces += [[base + i for i in quad] for quad in quads]
    lines = ["OFF", f"{len(vertices)} {len(faces)} 0", *(" ".join(map(str, v)) for v in vertices)]
    lines += [" ".join(map(str, [4, *face])) for face in faces]
    path.write_text("\n".join(lines) + "\n")
    return path


MAKERS = {
    "image": ("photo.png", photograph),
    "audio": ("sound.wav", sound),
    "video": ("clip.mp4", clip),
    "point_cloud": ("table.off", mesh),
}


def make(modality: str, folder: Path) -> Path:
    """A file of one modality."""
    name, maker = MAKERS[modality]
    return maker(folder / name)
