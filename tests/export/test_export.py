"""What is taken home can be opened again and holds what was computed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from perceiver_zoo import export, load, media
from perceiver_zoo.pipeline import default_model
from tests.files import MAKERS, make

ROOT = Path(__file__).resolve().parents[2]
ASKED = {"lens": "latent", "latent": 4, "look": 1, "head": None, "scale": "weights"}
PAIRS = [
    (modality, kind)
    for modality in MAKERS
    for kind, format in export.FORMATS.items()
    if modality in format.samples
]


@pytest.fixture(scope="module")
def answered(tmp_path_factory):
    """(pipeline, result) of a modality, each made once."""
    made = {}

    def answer(modality: str):
        if modality not in made:
            model = load(default_model(modality))
            made[modality] = model, model.classify(make(modality, tmp_path_factory.mktemp(modality)))
        return made[modality]

    return answer


@pytest.mark.parametrize(("modality", "kind"), PAIRS)
def test_every_format_of_every_modality_opens(modality, kind, answered, tmp_path):
    model, result = answered(modality)
    out = tmp_path / export.file_name(kind, "my input", model.entry.name, ASKED)
    line = export.save(out, kind, model, result, **ASKED)
    assert model.entry.name in line and out.name.startswith("my_input.")
    OPENERS[out.suffix](out, result)


def opens_picture(out, result):
    with Image.open(out) as picture:
        assert min(picture.size) >= 300 and len(picture.convert("RGB").getcolors(1 << 24)) > 20


def opens_numbers(out, result):
    with np.load(out, allow_pickle=False) as numbers:
        np.testing.assert_allclose(numbers["weights"], result.weights("latent", latent=4, look=1), atol=1e-6)
        np.testing.assert_allclose(numbers["looks"][0], result.weights("mean", look=0), atol=1e-6)
        assert len(numbers["looks"]) == len(result.trace.looks)
        assert {"map", "positions", "labels", "probabilities", "lens", "scale"} <= set(numbers.files)


def opens_svg(out, result):
    root = ElementTree.parse(out).getroot()
    names = [node.tag.split("}")[1] for node in root]
    looks = len(result.trace.looks)
    assert names.count("image") == 6 * (looks + 1)
    words = [node.text for node in root if node.tag.endswith("text")]
    assert words[: looks + 1] == ["input", *(f"look {look + 1}" for look in range(looks))]
    assert "latent 5" in words
    links = [value for node in root.iter() for name, value in node.attrib.items() if name.endswith("href")]
    assert links and all(link.startswith("data:image/png;base64,") for link in links)


def opens_pdf(out, result):
    assert out.read_bytes().startswith(b"%PDF-")
    assert b"/Type /Page" in out.read_bytes()


def opens_clip(out, result):
    clip = media.read(out, "video")
    assert len(clip.frames) > 5 and clip.frames.std() > 5


def opens_gif(out, result):
    with Image.open(out) as picture:
        assert picture.n_frames == len(result.trace.looks)
        first = np.asarray(picture.convert("RGB"), float)
        picture.seek(picture.n_frames - 1)
        assert np.abs(np.asarray(picture.convert("RGB"), float) - first).max() > 50


def opens_points(out, result):
    cloud = media.read(out)
    np.testing.assert_allclose(cloud.points, result.sample.points[result.layout.index], atol=1e-5)
    assert cloud.colors is not None and len(np.unique(cloud.colors, axis=0)) > 20


def opens_scene(out, result):
    page = out.read_text(encoding="utf-8")
    assert "Plotly.newPlot" in page and len(page) > 3_000_000
    assert not re.search(r"<(script|link|img|iframe)[^>]+(src|href)\s*=", page)


OPENERS = {
    ".png": opens_picture,
    ".npz": opens_numbers,
    ".svg": opens_svg,
    ".pdf": opens_pdf,
    ".mp4": opens_clip,
    ".gif": opens_gif,
    ".ply": opens_points,
    ".html": opens_scene,
}


@pytest.mark.parametrize(
    ("asked", "middle"),
    [
        ({"lens": "mean"}, "mean.look_1"),
        ({"lens": "latent", "latent": 4, "look": 2}, "latent_5.look_3"),
        ({"lens": "focus", "rank": 2, "head": 1}, "focus_3.look_1.head_2"),
        ({"lens": "looks_at", "element": 119}, "looks_at_120.look_1"),
        ({"lens": "mean", "scale": "scores"}, "mean.look_1.scores"),
        ({"lens": "class_evidence", "label": "tabby, tabby cat"}, "class_evidence_tabby_tabby_cat.look_1"),
        ({"lens": "gradient", "label": "../St. Bernard"}, "gradient_St_Bernard.look_1"),
        ({"lens": "class_evidence", "label": None}, "class_evidence.look_1"),
        ({"lens": "mean", "look": 1, "minus": {"look": 0}}, "mean.look_2.minus_look_1"),
        (
            {"lens": "class_evidence", "label": "cat", "minus": {"look": 0, "label": "dog"}},
            "class_evidence_cat.look_1.minus_look_1.minus_label_dog",
        ),
    ],
)
def test_a_name_says_what_was_asked(asked, middle):
    usual = {"look": 0, "head": None, "scale": "weights"}
    name = export.file_name("bare", "my cat", "perceiver_nano.cifar10", usual | asked)
    assert name == f"my_cat.perceiver_nano.cifar10.{middle}_map.png"


@pytest.mark.parametrize("letter", ["a", "\N{CAT FACE}", "\N{CJK UNIFIED IDEOGRAPH-732B}", "/"])
def test_a_name_is_never_too_long_for_a_file_system(letter, tmp_path):
    asked = {"lens": "class_evidence", "label": 300 * letter, "look": 0, "head": 11, "scale": "scores"}
    asked |= {"minus": {"look": 1, "label": 300 * letter}}
    name = export.file_name("looks", 300 * letter, 300 * letter, asked)
    (tmp_path / name).write_bytes(b"fits")
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert name.endswith("_looks.mp4") and ".class_evidence" in name and ".minus_label" in name


@pytest.mark.parametrize("kind", ["overlay", "numbers"])
def test_the_lines_of_python_make_the_very_file(kind, answered, tmp_path):
    model, result = answered("image")
    photo = make("image", tmp_path)
    export.save(tmp_path / "here", kind, model, result, **ASKED)
    code = export.lines_of(kind, "there", model.entry.name, photo.name, ASKED)
    assert len(code.splitlines()) == 3
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True, timeout=120)
    assert (tmp_path / "there").read_bytes() == (tmp_path / "here").read_bytes()


def test_the_bare_map_is_the_map(answered, tmp_path):
    model, result = answered("image")
    export.save(tmp_path / "bare.png", "bare", model, result, lens="mean", look=1)
    with Image.open(tmp_path / "bare.png") as picture:
        pixels = np.asarray(picture, float)
    grid = result.map("mean", look=1)[0]
    zoom = len(pixels) // len(grid)
    brightest = np.unravel_index(
        pixels.sum(axis=-1)[zoom // 2 :: zoom, zoom // 2 :: zoom].argmax(), grid.shape
    )
    assert grid[brightest] > 0.98 * grid.max()


def test_what_does_not_exist_is_said(answered, tmp_path):
    model, result = answered("image")
    with pytest.raises(ValueError, match="kind is one of overlay"):
        export.save(tmp_path / "x", "poster", model, result)
    with pytest.raises(ValueError, match="there is no points of image"):
        export.save(tmp_path / "x", "points", model, result)
