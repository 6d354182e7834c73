"""Taking a map home: pictures, numbers, figures, clips, points and scenes, each one file."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from perceiver_zoo.export.figure import write_pdf, write_svg
from perceiver_zoo.export.lines import lines_of
from perceiver_zoo.export.looks import write_looks, write_looks_gif
from perceiver_zoo.export.scene import write_scene
from perceiver_zoo.export.writers import write_bare, write_mp4, write_npz, write_ply, write_png
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Pipeline, Result

Writer = Callable[[Path, Pipeline, Result, dict[str, Any]], str]


@dataclass(frozen=True)
class Format:
    """One kind of file: what a page calls it, how its name ends, who writes it, and which samples have it."""

    title: str
    ending: str
    write: Writer
    samples: tuple[str, ...] = ("image", "audio", "video", "point_cloud")
    several_looks: bool = False

    def fits(self, result: Result) -> bool:
        enough = len(result.trace.looks) > 1 or not self.several_looks
        return result.sample.modality in self.samples and enough


FORMATS = {
    "overlay": Format("PNG: the map over the input", ".png", write_png),
    "bare": Format("PNG: the bare map", "_map.png", write_bare, ("image", "audio", "video")),
    "numbers": Format("NPZ: the map and all that belongs to it, as numbers", ".npz", write_npz),
    "figure": Format("SVG: a figure of the map and several latents, look by look", ".svg", write_svg),
    "figure_pdf": Format("PDF: the same figure", ".pdf", write_pdf),
    "clip": Format("MP4: the map over the frames", ".mp4", write_mp4, ("video",)),
    "looks": Format("MP4: the looks, one after the other", "_looks.mp4", write_looks, several_looks=True),
    "looks_gif": Format("GIF: the same", "_looks.gif", write_looks_gif, several_looks=True),
    "points": Format("PLY: the points in the map's colours", ".ply", write_ply, ("point_cloud",)),
    "scene": Format("HTML: the scene, to turn without a network", ".html", write_scene, ("point_cloud",)),
}
ASKED: dict[str, Any] = {"lens": "mean", "look": 0, "head": None, "scale": "weights"}


def save(path: str | Path, kind: str, pipeline: Pipeline, result: Result, **asked: Any) -> str:
    """Write one file of `kind`, a key of FORMATS; `asked` is what `result.map` takes. Returns the map's caption.

    Raises ValueError for a kind that does not exist or that this answer does not have.
    """
    if kind not in FORMATS:
        raise ValueError(f"kind is one of {', '.join(FORMATS)}, not {kind!r}")
    if not FORMATS[kind].fits(result):
        raise ValueError(f"there is no {kind} of {result.sample.modality} read by {result.model}")
    return FORMATS[kind].write(Path(path), pipeline, result, ASKED | asked)


def file_name(kind: str, stem: str, model: str, asked: dict[str, Any]) -> str:
    """Input, model, lens and look, and what else was asked: "cat.perceiver_nano.cifar10.latent_3.look_2.png".

    Counted from 1. At most 255 bytes, which is what a file system takes; of letters, digits, "_", "-" and ".".
    """
    own = [said(asked[name]) for name in LENSES[asked["lens"]].takes if asked.get(name) is not None]
    parts = ["_".join([asked["lens"], *own]), f"look_{asked['look'] + 1}"]
    if asked.get("head") is not None:
        parts.append(f"head_{asked['head'] + 1}")
    if asked.get("scale") == "scores":
        parts.append("scores")
    parts += [f"minus_{name}_{said(at)}" for name, at in (asked.get("minus") or {}).items()]
    whose = f"{plain(stem, 50) or 'input'}.{plain(model, 50)}"
    return ".".join([whose, *parts]) + FORMATS[kind].ending


def said(at: int | str) -> str:
    """A class by its name, and what is counted from 1."""
    return plain(re.sub(r"[^\w-]+", "_", at), 30) if isinstance(at, str) else str(at + 1)


def plain(text: str, most: int) -> str:
    """At most `most` bytes of a text, fit for the name of a file."""
    return re.sub(r"[^\w.-]+", "_", text).encode()[:most].decode(errors="ignore").strip("_")


__all__ = ["FORMATS", "Format", "file_name", "lines_of", "save"]
