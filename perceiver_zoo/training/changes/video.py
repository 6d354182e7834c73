"""Clips as hands, phones and codecs leave them."""

from __future__ import annotations

import io

import av
import numpy as np
from numpy.random import Generator
from PIL import Image

from perceiver_zoo.media.sample import VideoSample


def compress(rng: Generator, sample: VideoSample, quantiser: int) -> VideoSample:
    """Through H.264 at a constant rate factor; higher is worse, 23 is usual."""
    file, rate = io.BytesIO(), round(1 / float(np.median(np.diff(sample.times))))
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=rate, options={"crf": str(quantiser), "threads": "1"})
        stream.height, stream.width = sample.frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in sample.frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    file.seek(0)
    with av.open(file, "r") as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return VideoSample(np.stack(frames).astype(np.uint8), sample.times)


def noise(rng: Generator, sample: VideoSample, deviation: float) -> VideoSample:
    """Of each pixel in each frame, in shares of full scale."""
    noisy = sample.frames + rng.normal(0, deviation * 255, sample.frames.shape)
    return VideoSample(noisy.clip(0, 255).round().astype(np.uint8), sample.times)


def resize(rng: Generator, sample: VideoSample, factor: float) -> VideoSample:
    """As many times as wide and high; sides stay even."""
    height, width = (max(2, round(side * factor / 2) * 2) for side in sample.frames.shape[1:3])
    return drawn(sample, lambda picture: picture.resize((width, height), Image.Resampling.BICUBIC))


def frame_rate(rng: Generator, sample: VideoSample, rate: float) -> VideoSample:
    """Shown at another rate: each moment has the frame before it."""
    length = sample.times[-1] + float(np.median(np.diff(sample.times)))
    times = np.arange(0, length - 1e-9, 1 / rate)
    shown = np.searchsorted(sample.times, times + 1e-9, side="right") - 1
    return VideoSample(sample.frames[shown], times)


def shaky(rng: Generator, sample: VideoSample, share: float) -> VideoSample:
    """Each frame moved by about `share` of its width, smoothly, as hands do; edges are cut off."""
    frames, (height, width) = len(sample.frames), sample.frames.shape[1:3]
    moves = (
        np.convolve(rng.normal(size=frames + 2), [0.25, 0.5, 0.25], "valid"),
        np.convolve(rng.normal(size=frames + 2), [0.25, 0.5, 0.25], "valid"),
    )
    x, y = (np.clip(move * share / 0.61, -3 * share, 3 * share) * width for move in moves)
    edge = 3 * share * width
    moved = []
    for frame, dx, dy in zip(sample.frames, x, y, strict=True):
        box = (edge + dx, edge + dy, width - edge + dx, height - edge + dy)
        moved.append(Image.fromarray(frame).resize((width, height), Image.Resampling.BICUBIC, box=box))
    return VideoSample(np.stack([np.asarray(picture) for picture in moved]), sample.times)


def brightness(rng: Generator, sample: VideoSample, factor: float) -> VideoSample:
    return VideoSample((sample.frames * factor).clip(0, 255).astype(np.uint8), sample.times)


def grey(rng: Generator, sample: VideoSample, level: str) -> VideoSample:
    return drawn(sample, lambda picture: picture.convert("L").convert("RGB"))


def drawn(sample: VideoSample, change) -> VideoSample:
    """Each frame changed as a picture of Pillow's."""
    pictures = [change(Image.fromarray(frame)) for frame in sample.frames]
    return VideoSample(np.stack([np.asarray(picture) for picture in pictures]), sample.times)


CHANGES = [
    ("H.264, constant rate factor", compress, (28, 38, 45)),
    ("noise, standard deviation", noise, (0.03, 0.1)),
    ("times as wide and high", resize, (0.5, 4)),
    ("frame rate, Hz", frame_rate, (5, 24, 30)),
    ("shaky hands, share of the width", shaky, (0.005, 0.02)),
    ("brightness, times", brightness, (0.5, 1.5)),
    ("without colour", grey, ("grey",)),
]
