"""The flow tab over HTTP and by its handlers, with a small model of random weights."""

from __future__ import annotations

import re
from pathlib import Path

import gradio as gr
import numpy as np
import pytest
from gradio_client import Client, handle_file
from PIL import Image

from demo.tabs.flow import KEPT, FlowTab, tiles_for
from demo.views.flow import half_span, marked, zoom_of
from perceiver_zoo.modalities import FlowModality
from tests.demo.injected import served
from tests.files import clip, photograph
from tests.small_released import clip_sample, flow_pipeline


@pytest.fixture(scope="module")
def model():
    return flow_pipeline()


@pytest.fixture
def tab(model, monkeypatch) -> FlowTab:
    """A tab whose handlers are called as they are."""
    monkeypatch.setattr("demo.tabs.flow.pipeline", lambda name: model)
    monkeypatch.setattr("perceiver_zoo.zoo.ZooEntry.state", "cached")
    return FlowTab()


@pytest.fixture(scope="module")
def client(model, tmp_path_factory):
    with served(FlowTab, model) as address:
        yield Client(address, verbose=False, download_files=str(tmp_path_factory.mktemp("answers")))


def picture(path: Path, size: tuple[int, int]) -> str:
    return str(photograph(path, *size))


def ask_clip(client: Client, file: Path, at: int = 3) -> tuple:
    return client.predict("clip", handle_file(str(file)), at, None, None, api_name="/flow")


def test_a_clip_gives_movement_and_a_look(client, tmp_path):
    flow, drawn, legend, x, y, status = ask_clip(client, clip(tmp_path / "clip.mp4", size=(64, 48)))
    # Small pictures are drawn larger, both alike.
    assert Image.open(flow).size == Image.open(drawn).size == (64 * 8, 48 * 8)
    assert re.search(r"full at <b>[\d.]+ px</b>", legend) and "data:image/png;base64" in legend
    x, y = (number["value"] if isinstance(number, dict) else number for number in (x, y))
    assert f"Pixel {x}, {y} went" in legend and 0 <= x < 64 and 0 <= y < 48
    assert "two frames" in status and "s to run" in status and "CPU" in status


def test_two_pictures_of_one_size_are_a_pair(client, tmp_path):
    first, second = (picture(tmp_path / f"{i}.png", (50, 40)) for i in (1, 2))
    answer = client.predict("pictures", None, 1, handle_file(first), handle_file(second), api_name="/flow")
    assert "Pixel" in answer[2]


def test_what_cannot_be_compared_is_one_clear_sentence(client, tmp_path):
    first, second = (picture(tmp_path / f"{side}.png", (side, 40)) for side in (50, 60))
    with pytest.raises(Exception, match="The two pictures are 50 x 40 and 60 x 40 pixels large"):
        client.predict("pictures", None, 1, handle_file(first), handle_file(second), api_name="/flow")
    with pytest.raises(Exception, match="There are not two pictures"):
        client.predict("pictures", None, 1, handle_file(first), None, api_name="/flow")
    with pytest.raises(Exception, match="There is no clip"):
        client.predict("clip", None, 1, None, None, api_name="/flow")
    with pytest.raises(Exception, match="Frame 6 has none after it: the clip has 6 frames"):
        ask_clip(client, clip(tmp_path / "short.mp4", seconds=0.5), 6)
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(b"nothing of the kind" * 40)
    with pytest.raises(Exception, match="accepted"):
        ask_clip(client, bad)


def test_only_one_question_is_public(client):
    endpoints = client.view_api(return_format="dict", print_info=False)["named_endpoints"]
    assert set(endpoints) == {"/flow"}


def test_a_click_in_either_picture_asks_that_pixel(tab, tmp_path):
    answer = tab.run("clip", str(clip(tmp_path / "clip.mp4", size=(64, 48))), 2, None, None)
    kept, zoom = answer[0], zoom_of(48, 64)
    event = gr.SelectData(None, {"index": [40 * zoom + 3, 7 * zoom + 1], "value": None})
    flow, drawn, legend, x, y = tab.look_at_click(kept, event)
    assert (x["value"], y["value"]) == (40, 7) and (x["maximum"], y["maximum"]) == (63, 47)
    right, down = kept().flow[7, 40]
    assert f"Pixel 40, 7 went {abs(right):.3g} px {'right' if right >= 0 else 'left'}" in legend
    assert f"{abs(down):.3g} px {'down' if down >= 0 else 'up'}" in legend
    assert flow.shape == drawn.shape and (drawn != answer[2]).any()
    # A number beyond the edge is brought inside.
    assert [number["value"] for number in tab.look_at(kept, 900, -3)[3:]] == [63, 0]


def test_the_pixel_that_moved_most_is_asked_first(tab, tmp_path):
    kept, *_, x, y, _ = tab.run("clip", str(clip(tmp_path / "clip.mp4", size=(64, 48))), 2, None, None)
    lengths = np.linalg.norm(kept().flow, axis=-1)
    assert lengths[y["value"], x["value"]] == lengths.max()


def test_no_more_than_a_few_runs_are_kept(tab, tmp_path):
    file = str(clip(tmp_path / "clip.mp4", size=(64, 48)))
    kept = [tab.run("clip", file, 2, None, None)[0] for _ in range(KEPT + 1)]
    assert kept[0]() is None and kept[1]() is not None
    with pytest.raises(gr.Error, match="press Run"):
        tab.look_at(kept[0], 1, 1)
    assert tab.look_at(None, 1, 1) == [gr.skip()] * 5
    # Of a clip the pair alone is kept.
    assert kept[-1]().sample.frames.shape == (2, 48, 64, 3)


def test_choosing_a_clip_shows_its_middle_pair(tab, tmp_path):
    file = str(clip(tmp_path / "clip.mp4", size=(320, 240)))
    frames, slider, pair = tab.take_clip(file)
    assert frames.shape == (24, 120, 160, 3) and (slider["value"], slider["maximum"]) == (12, 23)
    np.testing.assert_array_equal(pair, np.concatenate([frames[11], frames[12]], axis=1))
    assert tab.take_clip(None)[0] is None
    # The first of the two is the frame the pipeline would take by default.
    assert FlowModality().encode(clip_sample(24, 32, frames=24)).layout.frames == (11, 12)


def test_a_model_that_is_not_here_is_asked_for(tab, monkeypatch):
    monkeypatch.setattr("perceiver_zoo.zoo.ZooEntry.state", "remote")
    with pytest.raises(gr.Error, match=r"Download perceiver_io_flow\.autoflow first"):
        tab.run("clip", "any.mp4", 1, None, None)


@pytest.mark.parametrize(
    ("size", "tiles"), [((240, 320), 1), ((368, 496), 1), ((360, 640), 2), ((640, 360), 2), ((768, 1024), 1)]
)
def test_a_cpu_reads_as_few_tiles_as_keep_the_aspect(model, monkeypatch, size, tiles):
    monkeypatch.setattr(model, "modality", FlowModality())
    assert tiles_for(model, *size) == tiles


@pytest.mark.parametrize("size", [(24, 32), (240, 320), (360, 640), (2, 1000), (1, 1), (1024, 700)])
def test_pictures_are_drawn_large_enough_to_click(size):
    zoom, drawn = zoom_of(*size), np.zeros((*size, 3), np.uint8)
    shown = marked(drawn, size[1] - 1, 0)
    assert shown.shape == (size[0] * zoom, size[1] * zoom, 3) and max(shown.shape) <= 2048
    assert shown.any()  # the ring can be seen


def test_half_of_the_weight_lies_where_colours_are_full():
    weights = np.random.default_rng(0).pareto(1.2, (1, 30, 40)).astype(np.float32)
    weights /= weights.sum()
    full = half_span(np.concatenate([weights, np.full_like(weights, np.nan)])).high
    above = weights[weights >= full]
    assert above.sum() >= 0.5 > above.sum() - above.min()
    assert half_span(np.array([[0.9, 0.1]])).high == 0.9  # one element has it all
