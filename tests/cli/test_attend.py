"""`perceiver-zoo attend`."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from perceiver_zoo import media, pipeline
from perceiver_zoo.cli import main
from perceiver_zoo.export import FORMATS


def attend(file, out, *more: str) -> int:
    return main(["attend", str(file), "-o", str(out), *more])


@pytest.mark.parametrize("modality", ["image", "audio", "video", "point_cloud"])
def test_picture(modality, tiny_zoo, examples, tmp_path, capsys):
    out = tmp_path / "map.PNG"
    assert attend(examples[modality], out) == 0
    with Image.open(out) as picture:
        assert picture.format == "PNG"
        assert min(picture.size) >= 400
        assert len(picture.getcolors(1 << 24) or []) > 100
    line = capsys.readouterr().out
    assert line.startswith(f"{out}: ")
    assert f"tiny.{modality}, look 2 of 2, mean over latents, mean over heads" in line
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ([], {"lens": "mean", "look": 1}),
        (["--look", "1"], {"lens": "mean", "look": 0}),
        (["--latent", "8", "--head", "2"], {"lens": "latent", "latent": 7, "look": 1, "head": 1}),
        (
            ["--lens", "latent", "--scale", "scores"],
            {"lens": "latent", "latent": 0, "look": 1, "scale": "scores"},
        ),
    ],
)
@pytest.mark.parametrize("modality", ["image", "audio", "video", "point_cloud"])
def test_numbers_are_the_lens_own(modality, words, asked, tiny_zoo, examples, tmp_path):
    out = tmp_path / "map.npz"
    assert attend(examples[modality], out, *words) == 0
    result = pipeline.load(f"tiny.{modality}").classify(examples[modality])
    with np.load(out, allow_pickle=False) as numbers:
        np.testing.assert_allclose(numbers["map"], result.map(**asked), atol=1e-5)
        np.testing.assert_allclose(numbers["weights"], result.weights(**asked), atol=1e-5)
        np.testing.assert_allclose(numbers["probabilities"], result.probabilities, atol=1e-5)
        assert numbers["positions"].shape[1] == numbers["weights"].shape[1]
        assert numbers["labels"].tolist() == result.names
        assert numbers["look"] == asked["look"] + 1
        assert numbers["head"] == asked.get("head", -1) + 1
        assert (numbers["lens"], numbers["model"]) == (asked["lens"], f"tiny.{modality}")
        assert any(name.startswith("layout_") for name in numbers.files)


def test_numbers_of_a_cloud_give_the_points_back(tiny_zoo, examples, tmp_path):
    assert attend(examples["point_cloud"], tmp_path / "map.npz") == 0
    sample = media.read(examples["point_cloud"])
    with np.load(tmp_path / "map.npz", allow_pickle=False) as numbers:
        points = numbers["positions"][0] * numbers["layout_scale"] + numbers["layout_center"]
        np.testing.assert_allclose(points, sample.points[numbers["layout_index"]], atol=1e-4)


def test_film(tiny_zoo, examples, tmp_path):
    assert attend(examples["video"], tmp_path / "map.mp4") == 0
    film = media.read(tmp_path / "map.mp4", "video")
    modality = pipeline.load("tiny.video").modality
    result = pipeline.load("tiny.video").classify(examples["video"])
    shown = result.layout.frames.size / modality.rate
    assert film.times[-1] == pytest.approx(shown - 1 / modality.rate, abs=0.15)


def test_coloured_points(tiny_zoo, examples, tmp_path):
    assert attend(examples["point_cloud"], tmp_path / "map.ply", "--scale", "scores") == 0
    cloud = media.read(tmp_path / "map.ply")
    assert cloud.points.shape == (256, 3)
    assert len(np.unique(cloud.colors, axis=0)) > 20


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--look", "3"], "look 3 does not exist: tiny.image has looks 1 to 2"),
        (["--latent", "9"], "latent 9 does not exist: tiny.image has latents 1 to 8"),
        (["--head", "5"], "head 5 does not exist: tiny.image has heads 1 to 2"),
        (["--lens", "mean", "--latent", "1"], "--latent is for the lens latent"),
        (["--model", "nobody"], "there is no model 'nobody'"),
        (["--model", "tiny.audio"], "tiny.audio reads sounds, and this file is an image"),
    ],
)
def test_what_the_model_does_not_have(words, sentence, tiny_zoo, examples, tmp_path, capsys):
    assert attend(examples["image"], tmp_path / "map.png", *words) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("out", "sentence"),
    [
        ("map.jpg", "must end in .png, .npz, .svg, .pdf, .mp4, .ply, .html"),
        ("map", "must end in .png"),
        ("map.mp4", ".mp4 is for videos, and FILE is an image"),
        ("map.ply", ".ply is for 3D shapes, and FILE is an image"),
        ("nowhere/map.png", "there is no folder"),
    ],
)
def test_where_nothing_can_be_written(out, sentence, tiny_zoo, examples, tmp_path, capsys):
    assert attend(examples["image"], tmp_path / out) == 2
    assert sentence in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_input_is_never_overwritten(tiny_zoo, examples, tmp_path, capsys):
    Image.open(examples["image"]).save(tmp_path / "cat.png")
    before = (tmp_path / "cat.png").read_bytes()
    assert attend(tmp_path / "cat.png", tmp_path / ".." / tmp_path.name / "cat.png") == 2
    assert "the same file" in capsys.readouterr().err
    assert (tmp_path / "cat.png").read_bytes() == before


def test_an_unreadable_file(tiny_zoo, tmp_path, capsys):
    (tmp_path / "noise.png").write_bytes(b"\x89PNG\r\n\x1a\n nothing")
    assert attend(tmp_path / "noise.png", tmp_path / "map.png") == 1
    said = capsys.readouterr().err
    assert "“noise.png”" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_half_written(problem, tiny_zoo, examples, tmp_path, monkeypatch, capsys):
    def breaks_off(part, *rest):
        part.write_bytes(b"half")
        raise problem

    monkeypatch.setitem(FORMATS, "overlay", replace(FORMATS["overlay"], write=breaks_off))
    out = tmp_path / "map.png"
    out.write_bytes(b"an older map")
    assert attend(examples["image"], out) == (1 if isinstance(problem, OSError) else 130)
    assert out.read_bytes() == b"an older map"
    assert list(tmp_path.iterdir()) == [out]
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_in_the_way(tiny_zoo, examples, tmp_path, capsys):
    (tmp_path / "map.png").mkdir()
    assert attend(examples["image"], tmp_path / "map.png") == 1
    assert "map.png cannot be written: " in capsys.readouterr().err
