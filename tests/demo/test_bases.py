"""What a canvas is sent: the input as it was read, and the map's codes and colours."""

from __future__ import annotations

import base64
import io
import json
import re
import wave

import numpy as np
import pytest
from PIL import Image

from demo.views import bases, live, places
from perceiver_zoo.media.sample import AudioSample, ImageSample, VideoSample
from perceiver_zoo.modalities.audio import AudioLayout
from perceiver_zoo.modalities.audiovisual import WaveLayout
from perceiver_zoo.modalities.image import ImageLayout
from perceiver_zoo.modalities.video import VideoLayout
from perceiver_zoo.views import Span

SOUND = AudioSample(np.sin(np.arange(8000) / 9).astype(np.float32) * 0.5, 16_000)  # half a second
# A tenth of a second a column; sums of tenths fall just before or just behind their column's edge.
TENTHS = AudioLayout((2, 7), (0.0, 100.0, 8000.0), np.array([0.0, 0.35]), 0.7)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path))


def opened(uri: str) -> np.ndarray:
    head, data = uri.split(",")
    assert head == "data:image/webp;base64"
    with Image.open(io.BytesIO(base64.b64decode(data))) as picture:
        return np.asarray(picture.convert("RGB"))


def test_the_square_that_was_read_lies_where_it_was():
    pixels = np.random.default_rng(0).integers(0, 256, (40, 100, 3), dtype=np.uint8)
    base = bases.image_base(ImageSample(pixels), ImageLayout(4, (30, 0, 40)))
    assert (base["width"], base["height"], base["box"]) == (100, 40, [0.3, 0, 0.7, 1])
    np.testing.assert_array_equal(opened(base["frames"][0]), pixels)
    assert bases.box_of((10, 5, 20), 50, 50) == pytest.approx([0.2, 0.1, 0.6, 0.5])


def test_a_clips_layers_are_its_frames_window_after_window():
    shades = np.arange(6, dtype=np.uint8) * 40
    frames = np.broadcast_to(shades[:, None, None, None], (6, 30, 60, 3))
    sample = VideoSample(np.ascontiguousarray(frames), np.array([0, 0.2, 0.4, 0.6, 0.8, 1.0]))
    layout = VideoLayout((3, 2, 2), (2, 8, 8), 1, (15, 0, 30), np.array([[0, 1, 2, 3], [2, 3, 4, 5]]))
    base = bases.clip_base(sample, layout)
    shown = [opened(base["frames"][at])[0, 0, 0] for at in base["order"]]
    assert shown == [0, 40, 80, 120, 80, 120, 160, 200]
    assert base["times"] == [0, 0.2, 0.4, 0.6, 0.4, 0.6, 0.8, 1.0]
    assert base["step"] == pytest.approx(0.2) and base["box"] == [0.25, 0, 0.75, 1]
    assert (base["width"], base["height"]) == (60, 30)


def test_a_sound_shorter_than_a_window_is_drawn_as_long_as_the_window():
    layout = AudioLayout((2, 4), (0.0, 100.0, 8000.0), np.array([0.0]), 2.0)
    base = bases.sound_base(SOUND, layout)
    assert base["seconds"] == bases.length_of(SOUND, layout) == 2.0
    assert base["columns"] == [0, 0.25, 0.5, 0.75, 1]
    assert base["rows"] == ["100 Hz to 8 kHz", "0 Hz to 100 Hz"]  # from the top of the view
    assert bases.length_of(SOUND, AudioLayout((2, 4), (0.0, 100.0, 8000.0), np.array([0.0]), 0.25)) == 0.5


def test_a_canvas_plays_the_sound_as_it_was_read(tmp_path):
    address = bases.heard(SOUND)
    file = re.fullmatch(r"gradio_api/file=(.+\.wav)", address)
    assert file
    with wave.open(file[1], "rb") as sound:
        assert (sound.getnchannels(), sound.getframerate(), sound.getsampwidth()) == (1, 16_000, 2)
        heard = np.frombuffer(sound.readframes(-1), "<i2") / 32767
    np.testing.assert_allclose(heard, SOUND.waveform, atol=1e-4)


def test_every_patch_of_a_window_is_one_cell_where_edges_fall_between_numbers():
    sample = AudioSample(np.zeros(16_800, np.float32), 16_000)
    edges = bases.column_edges(TENTHS, 1.05)
    assert len(edges) - 1 == len(np.unique((np.arange(8)[None] * 2 + np.array([[0], [7]])).ravel())) - 1
    for window in range(2):
        for column in range(7):
            grid = np.zeros((2, 2, 7))
            grid[window, 0, column] = 1
            cells = bases.sound_cells(sample, TENTHS, grid)[0]
            shown = np.flatnonzero(cells[1] > 0)
            start = TENTHS.starts[window] + column / 10
            assert (edges[shown.min()], edges[shown.max() + 1]) == pytest.approx((start, start + 0.1))
            for at in shown.tolist():
                middle = (edges[at] + edges[at + 1]) / 2
                nearest = int(np.abs(TENTHS.starts + 0.35 - middle).argmin())
                found = places.sound_element(sample, TENTHS, [0, 1, at])
                assert found[0] == nearest and (nearest != window or found == (window, column))


def test_a_row_a_window_stands_beside_its_name():
    sound = AudioSample(np.random.default_rng(0).uniform(-1, 1, 24_000).astype(np.float32), 16_000)
    base = bases.waves_base(sound, WaveLayout(8, np.array([0.0, 0.5]), 1.0))
    assert base["yticks"] == [(0.25, "0.00 s"), (0.75, "0.50 s")]
    assert base["rows"] == ["the window from 0.00 s", "the window from 0.50 s"]
    assert base["xticks"][0] == (0, "+0 s") and base["seconds"] == 1.0


@pytest.mark.parametrize("span", [Span(-1, 3), Span(2, 2)])
def test_what_was_not_read_has_a_code_of_its_own(span):
    values = np.array([[np.nan, span.low], [span.high, np.nan]])
    value = live.packed([values], span, False, "score")
    np.testing.assert_array_equal(np.isnan(live.unpacked(value)[0]), np.isnan(values))
    np.testing.assert_allclose(live.unpacked(value)[0], values, atol=1e-4)
    codes = np.frombuffer(base64.b64decode(value["maps"][0]), "<u2")
    assert codes.tolist() == [0, 1, 1 if span.low == span.high else 65_535, 0]


def test_colours_reach_the_browser_as_they_are():
    assert live.hexes(["#0a141e", "rgb(1, 2, 3)"]) == [[10, 20, 30], [1, 2, 3]]
    scales = json.loads(re.search(r"const zooScales = (.+);", live.script())[1])  # type: ignore[index]
    assert scales["even"]["Plasma"][0] == [13, 8, 135]
    for name, stops in scales["signed"].items():  # against is cool, for is warm
        assert stops[0][2] > stops[0][0] and stops[-1][0] > stops[-1][2], name
