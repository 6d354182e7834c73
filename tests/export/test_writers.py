"""What is in each file is what was asked, in its place and in its colours."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from perceiver_zoo import export, load, media, views
from perceiver_zoo.export.looks import frames_of
from perceiver_zoo.export.writers import tiled
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.pipeline import Pipeline, Result
from tests.files import MAKERS, make

FOCUS = {"lens": "focus", "rank": 2, "look": 1, "head": 1, "scale": "scores"}
LESS = {"lens": "mean", "look": 1, "head": None, "scale": "weights", "minus": {"look": 0}}
QUESTIONS = pytest.mark.parametrize("asked", [FOCUS, LESS], ids=["focus", "less"])
Answer = Any


@pytest.fixture
def answer(tiny_zoo, tmp_path) -> Answer:
    """What the tiny model of a modality says of a file."""

    def answered(modality: str) -> tuple[Pipeline, Result]:
        model = load(f"tiny.{modality}")
        return model, model.classify(make(modality, tmp_path))

    return answered


@QUESTIONS
@pytest.mark.parametrize("modality", MAKERS)
def test_numbers(modality, asked, answer, tmp_path):
    model, result = answer(modality)
    export.save(tmp_path / "it.npz", "numbers", model, result, **asked)
    with np.load(tmp_path / "it.npz") as numbers:
        np.testing.assert_array_equal(numbers["map"], result.map(**asked))
        np.testing.assert_array_equal(numbers["weights"], result.weights(**asked))
        np.testing.assert_array_equal(numbers["probabilities"], result.probabilities)
        np.testing.assert_array_equal(numbers["positions"], result.inputs.positions.numpy())
        for look in range(2):
            np.testing.assert_array_equal(numbers["looks"][look], result.weights("mean", look=look))
        assert (numbers["look"], numbers["head"]) == (2, 0 if asked["head"] is None else 2)
        assert "rank" not in asked or numbers["rank"] == 3
        assert "minus" not in asked or numbers["minus"] == "{'look': 0}"
        assert numbers["modality"] == modality and numbers["unit"] == result.unit


@QUESTIONS
@pytest.mark.parametrize("modality", MAKERS)
def test_the_map_over_the_input_is_what_a_notebook_shows(modality, asked, answer, tmp_path):
    model, result = answer(modality)
    assert export.save(tmp_path / "it.png", "overlay", model, result, **asked) == result.caption(**asked)
    with Image.open(tmp_path / "it.png") as picture:
        np.testing.assert_array_equal(np.asarray(picture), np.asarray(result.show(**asked)))


@QUESTIONS
@pytest.mark.parametrize("modality", ["image", "audio", "video"])
def test_a_bare_map_is_a_cell_an_element(modality, asked, answer, tmp_path):
    model, result = answer(modality)
    export.save(tmp_path / "it.png", "bare", model, result, **asked)
    with Image.open(tmp_path / "it.png") as picture:
        pixels = np.asarray(picture)
    assert min(pixels.shape[:2]) >= 480
    grid = result.map(**asked)
    span = views.span_of(grid, asked["scale"])
    if modality == "audio":  # low frequencies at the bottom, windows one after the other
        cells = np.concatenate([window[::-1] for window in grid], axis=1)
    elif modality == "video":
        layout = result.layout
        assert isinstance(layout, VideoLayout)
        cells = tiled(layout.by_frame(grid).reshape(-1, *grid.shape[2:]))
        spare = tiled(np.ones_like(layout.by_frame(grid).reshape(-1, *grid.shape[2:]))) == 0
        cells = np.where(spare, -np.inf, cells)
    else:
        cells = grid[0]
    down, across = pixels.shape[0] // cells.shape[0], pixels.shape[1] // cells.shape[1]
    expected = views.colours(span.shade(cells), span.signed)
    np.testing.assert_array_equal(pixels, expected.repeat(down, axis=0).repeat(across, axis=1))


@pytest.mark.parametrize(("count", "columns"), [(1, 1), (4, 2), (6, 2), (7, 3), (16, 4)])
def test_frames_are_tiled_in_reading_order(count, columns):
    frames = np.arange(1, count * 6 + 1).reshape(count, 2, 3)
    sheet = tiled(frames)
    rows = -(-count // columns)
    assert sheet.shape == (2 * rows, 3 * columns)
    for i in range(rows * columns):
        row, column = divmod(i, columns)
        cell = sheet[2 * row : 2 * row + 2, 3 * column : 3 * column + 3]
        np.testing.assert_array_equal(cell, frames[i] if i < count else np.zeros((2, 3)))


def decoded(path: Path) -> tuple[np.ndarray, float]:
    """Every frame of a video as it is, and how many there are a second."""
    with av.open(str(path)) as container:
        rate = float(container.streams.video[0].average_rate or 0)
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]), rate


def test_a_clip_shows_its_frames_at_their_pace(answer, tmp_path):
    model, result = answer("video")
    export.save(tmp_path / "it.mp4", "clip", model, result, **LESS)
    grid = result.map(**LESS)
    span = views.span_of(grid, "weights")
    drawn = views.draw_clip(result.sample, result.layout, grid, span)  # type: ignore[arg-type]
    expected = np.stack([views.with_caption(frame, result.caption(**LESS), span) for frame in drawn])
    frames, rate = decoded(tmp_path / "it.mp4")
    assert frames.shape == expected.shape and rate == model.modality.rate
    assert np.abs(frames - expected.astype(float)).mean() < 4


@pytest.mark.parametrize("modality", MAKERS)
def test_looks_are_drawn_on_one_scale_each_with_its_own_caption(modality, answer):
    model, result = answer(modality)
    asked = FOCUS | {"scale": "weights"}
    grids = [result.map(**asked | {"look": look}) for look in range(2)]
    span = views.span_of(np.stack(grids), "weights")
    assert span.high > min(grid.max() for grid in grids)
    for look, frame in enumerate(frames_of(model, result, asked)):
        picture = views.draw(modality, result.sample, result.layout, grids[look], span)
        text = result.caption(**asked | {"look": look})
        np.testing.assert_array_equal(frame, views.with_caption(picture, text, span))


def test_looks_follow_each_other_at_a_readable_pace(answer, tmp_path):
    model, result = answer("image")
    frames = frames_of(model, result, LESS | {"minus": None})
    for kind, name in (("looks", "it.mp4"), ("looks_gif", "it.gif")):
        line = export.save(tmp_path / name, kind, model, result, **LESS | {"minus": None})
        assert line == result.caption(**LESS | {"minus": None})
    played, rate = decoded(tmp_path / "it.mp4")
    assert (len(played), rate) == (2 * 12, 10)
    for look in range(2):
        assert np.abs(played[12 * look + 5] - frames[look].astype(float)).mean() < 4
    with Image.open(tmp_path / "it.gif") as picture:
        assert picture.info["duration"] == 1200 and picture.info["loop"] == 0


@QUESTIONS
def test_points_have_the_maps_colours(asked, answer, tmp_path):
    model, result = answer("point_cloud")
    export.save(tmp_path / "it.ply", "points", model, result, **asked)
    weights = result.weights(**asked)[0]
    span = views.span_of(weights, asked["scale"])
    cloud = media.read(tmp_path / "it.ply")
    np.testing.assert_allclose(cloud.points, result.sample.points[result.layout.index], atol=1e-5)
    expected = views.colours(span.shade(weights), span.signed)
    np.testing.assert_allclose(np.asarray(cloud.colors, float), expected, atol=1)


@QUESTIONS
def test_a_scene_has_every_point_with_its_colour_and_weight(asked, answer, tmp_path):
    model, result = answer("point_cloud")
    export.save(tmp_path / "it.html", "scene", model, result, **asked)
    page = (tmp_path / "it.html").read_text(encoding="utf-8")
    start = page.index("[{", page.rindex("Plotly.newPlot("))
    (points,), end = json.JSONDecoder().raw_decode(page[start:])
    layout, _ = json.JSONDecoder().raw_decode(page[page.index("{", start + end) :])
    weights = result.weights(**asked)[0]
    span = views.span_of(weights, asked["scale"])
    places = np.stack([numbers(points[axis]) for axis in "xyz"], axis=1)
    np.testing.assert_allclose(places, result.sample.points[result.layout.index], atol=1e-5)
    np.testing.assert_allclose(numbers(points["customdata"]), weights, rtol=1e-6)
    expected = views.colours(span.shade(weights), span.signed).tolist()
    assert points["marker"]["color"] == [f"rgb({r},{g},{b})" for r, g, b in expected]
    assert layout["title"]["text"] == result.caption(**asked)


def numbers(value: Any) -> np.ndarray:
    """Plotly's numbers: a list, or bytes in base64 with their type."""
    if isinstance(value, list):
        return np.array(value)
    return np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])


def test_what_a_single_look_does_not_have_is_not_offered(answer, tmp_path):
    model, result = answer("image")
    once = replace(result, trace=replace(result.trace, looks=result.trace.looks[:1], mixing=()))
    several = {kind for kind, form in export.FORMATS.items() if form.fits(result) and not form.fits(once)}
    assert several == {"looks", "looks_gif"}
    with pytest.raises(ValueError, match="there is no looks of image"):
        export.save(tmp_path / "it.mp4", "looks", model, once)


def test_a_question_that_is_not_put_is_the_mean_of_the_first_look(answer, tmp_path):
    model, result = answer("image")
    asked = {"lens": "mean", "look": 0, "head": None, "scale": "weights"}
    assert export.save(tmp_path / "it.png", "overlay", model, result) == result.caption(**asked)
    assert export.save(tmp_path / "it.png", "overlay", model, result, look=1).count("look 2 of 2") == 1
