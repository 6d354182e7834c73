"""The tab of sound and picture: the offer, the answer of the model at its full size, maps from the trace, and what
comes back of the latents."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
import wave
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import gradio as gr
import numpy as np
import pytest
import torch

import demo.tab
from demo import words
from demo.link import NOTHING
from demo.question import Question
from demo.tabs import audiovisual
from demo.tabs.audiovisual import MODEL, AudiovisualTab
from demo.views import bases
from demo.views.audiovisual import counts_of, shares_html
from demo.views.keys import key_of
from demo.views.live import unpacked
from perceiver_zoo.media import write_video
from perceiver_zoo.modalities.audiovisual import AudiovisualModality
from perceiver_zoo.nn import FourierConfig, Perceiver
from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.pipeline.audiovisual import psnr, queries, reconstruct
from perceiver_zoo.zoo import architectures, find
from perceiver_zoo.zoo.released import KINETICS
from tests.loopback_hub import serve_hub
from tests.released_weights import tensors
from tests.small_released import SMALL_READING, audiovisual_pipeline, sounding_clip

ROOT = Path(__file__).resolve().parents[2]
LABELS = [f"class {number}" for number in range(700)]


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A model of 4 frames and 1,280 samples a window behind the tab."""
    model = audiovisual_pipeline()
    for module in (audiovisual, demo.tab):
        monkeypatch.setattr(module, "pipeline", lambda name: model)
    return model


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AudiovisualTab:
    monkeypatch.setattr(audiovisual, "gradio_folder", lambda: str(tmp_path))
    made = AudiovisualTab()
    with gr.Blocks() as page:
        made.build(gr.State(NOTHING))
    made.page = page  # type: ignore[attr-defined]
    return made


def frames_of(path: str) -> tuple[int, int, float]:
    """Frames and samples of a clip, and its frames a second."""
    with av.open(path) as container:
        count = sum(1 for _ in container.decode(video=0))
        rate = float(container.streams.video[0].average_rate or 0)
    with av.open(path) as container:
        samples = sum(f.samples for f in container.decode(audio=0)) if container.streams.audio else 0
    return count, samples, rate


MEAN = Question("mean", 1, 1, "mean", "weights")


def test_one_question_is_drawn_on_both_from_the_trace_alone(
    tiny: Pipeline, tab: AudiovisualTab, monkeypatch
) -> None:
    result = tiny.classify(sounding_clip(2))
    monkeypatch.setattr(tiny, "run", None)
    picture, sound, lines, drawn = tab.redraw(result, *MEAN)
    parts = result.layout.split(result.weights("mean"))
    assert picture["key"] == sound["key"] == key_of(result) and drawn == (key_of(result), *MEAN)
    frames = result.layout.video.by_frame(parts["image"]).reshape(-1, 2, 2)
    np.testing.assert_allclose(unpacked(picture)[0], frames, atol=frames.max() / 30_000)
    (rows,) = unpacked(sound)[0]
    assert rows.shape[0] == 2 and rows.max() <= parts["audio"].max() * 1.001
    assert "mean over latents" in lines and "Half of the picture's attention" in lines and "Label" in lines
    *_, lens = tab.redraw_latent(result, *MEAN._replace(latent=3))
    assert lens == "latent"
    scores = tab.redraw(result, *MEAN._replace(scale="scores"))[2]
    shares = shares_html(counts_of(SMALL_READING), result.layout.shares(result.weights("mean")))
    assert "before the softmax" in scores and shares in scores and shares in lines  # of what was read


def test_the_answers_query_has_no_scores(tiny: Pipeline, tab: AudiovisualTab) -> None:
    result = tiny.classify(sounding_clip(1))
    lines = tab.redraw(result, *MEAN._replace(lens="answer", scale="scores"))[2]
    assert "after the softmax" in lines
    assert shares_html(counts_of(SMALL_READING), result.layout.shares(result.weights("answer"))) in lines


def test_a_click_in_either_view_asks_for_its_own_element(tiny: Pipeline, tab: AudiovisualTab) -> None:
    result = tiny.classify(sounding_clip(2))
    for part, place, element in (
        (tab.parts[0], [5, 1, 0], (1, 80 + (1 * 2 + 1) * 2 + 0)),
        (tab.parts[1], [0, 1, 0], (1, 0)),
    ):
        event = gr.EventData(None, {"index": place})
        picture, sound, lines, _, lens, picked = tab.picking(part)(event, result, *MEAN)
        assert (lens, picked) == ("looks_at", element) and "Read most by latents" in lines
        marked = [view["marked"] is not None for view in (picture, sound)]
        assert marked == [part is not tab.parts[1] and part.first(result) > 0, part.first(result) == 0]
        shares = result.layout.shares(result.weights("looks_at", element=element[1])[1])
        assert shares_html(counts_of(SMALL_READING), shares) in lines


def test_what_was_asked_while_the_network_ran_is_drawn_after_it(tiny: Pipeline, tab: AudiovisualTab) -> None:
    result, closed = tiny.classify(sounding_clip(1)), [False] * len(tab.panels)
    drawn = (key_of(result), *MEAN)
    assert all(value == gr.skip() for value in tab.catch_up(drawn, *closed, result, *MEAN))
    later = MEAN._replace(lens="latent", latent=2)
    assert tab.catch_up(drawn, *closed, result, *later)[3] == (key_of(result), *later)


def test_shares_are_told_against_the_parts_own_size() -> None:
    counts = {"audio": 25, "image": 74, "label": 1}
    shown = shares_html(counts, {"audio": 0.5, "image": 0.479, "label": 0.021})
    assert all(text in shown for text in ("50 %", "47.9 %", "2.1 %", "left:25.000%", "width:50.000%"))
    assert "sound was read 2.00 times" in shown and "label's 2.10 times" in shown
    assert "was read" not in shares_html(counts) and "Of 100 elements 25 are sound (25 %)" in shares_html(
        counts
    )


@pytest.mark.parametrize("sound", [True, False])
def test_the_status_says_whether_there_was_sound(tiny: Pipeline, sound: bool) -> None:
    line = words.status(tiny.classify(sounding_clip(2, sound)), 1.25)
    assert "97 patches of sound or picture in each of 2 windows" in line and "8 latents in 1 look" in line
    assert "loaded in 1.25 s" in line and ("silence was read" in line) != sound


def test_a_sound_alone_lies_on_a_black_picture(tiny: Pipeline, tab: AudiovisualTab) -> None:
    result = tiny.classify(sounding_clip(2).audio)  # type: ignore[arg-type]
    base = tab.parts[0].base_of(result)
    assert len(base["order"]) == 8 and not tab.parts[0].sample(result).frames.any()
    assert len(unpacked(tab.redraw(result, *MEAN)[0])[0]) == 8


def test_the_windows_of_a_sound_are_heard_in_turn(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(bases, "gradio_folder", lambda: str(tmp_path))
    sample = sounding_clip(3)
    layout = SMALL_READING.encode(sample).layout.waves  # type: ignore[attr-defined]
    base = bases.waves_base(sample, layout)
    assert base["starts"] == pytest.approx([0, 0.16, 0.32]) and base["seconds"] == pytest.approx(0.16)
    with wave.open(base["audio"].removeprefix("gradio_api/file=")) as sound:
        heard = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / 32767
    np.testing.assert_allclose(heard, sample.audio.waveform, atol=1e-4)  # type: ignore[union-attr]
    assert "audio" not in bases.waves_base(sounding_clip(3, sound=False), layout)


def test_an_answer_fills_both_views(tiny: Pipeline, tab: AudiovisualTab, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(type(find(MODEL)), "state", "cached")
    file, sample = tmp_path / "clip.mp4", sounding_clip(2, side=64)
    write_video(file, sample.frames, 25, sample.audio)
    result, picture, sound, _, labels, *_ = tab.answer(str(file), MODEL, None, NOTHING, *MEAN)
    assert picture["base"]["key"] == sound["base"]["key"] == picture["value"]["key"] and len(labels) == 5
    assert "times" in picture["base"] and sound["base"]["seconds"] == pytest.approx(0.16)
    assert result.layout.starts.shape == (2,)


def test_a_window_comes_back_beside_what_was_read(tiny: Pipeline) -> None:
    sample = sounding_clip(2)
    result, told = tiny.classify(sample), []
    back = reconstruct(tiny, result, 1, lambda *at: told.append(at))
    assert back.frames.shape == back.frames_back.shape == (4, 8, 8, 3)
    assert len(back.sound.waveform) == len(back.sound_back.waveform) == 1280 and back.sound.rate == 8_000
    inputs = SMALL_READING.encode(sample)
    patches = torch.from_numpy(back.frames / 255).float().reshape(4, 2, 4, 2, 4, 3).transpose(2, 3)
    torch.testing.assert_close(inputs.features["image"][1], patches.reshape(16, 48), atol=1e-6, rtol=0)
    assert (inputs.features["audio"][1].flatten().numpy() == back.sound.waveform).all()
    total = queries(tiny.network.readout)
    assert total == 80 + 4 * 8 * 8 and told == sorted(told) and told[-1] == (total, total)
    assert back.picture_psnr == pytest.approx(psnr(back.frames, back.frames_back, 255)) and back.seconds > 0
    with pytest.raises(ValueError, match=r"window 2 is not one of 0\.\.1"):
        reconstruct(tiny, result, 2)


def test_decibels() -> None:
    ones = np.ones((4, 4), np.uint8)
    assert psnr(ones, ones, 255) == math.inf
    assert psnr(ones * 255, ones * 0, 255) == 0
    assert psnr(ones, ones * 11, 255) == pytest.approx(20 * math.log10(255 / 10))


def test_what_came_back_of_another_clip_is_not_shown(tiny: Pipeline, tab: AudiovisualTab) -> None:
    first, second = (tiny.classify(sounding_clip(windows)) for windows in (2, 1))
    brought, _ = tab.bring_back(first, 2, lambda *at, **how: None)  # type: ignore[arg-type]
    before, after, line = tab.show_brought(brought, first)
    assert [frames_of(path)[0] for path in (before, after)] == [4, 4] and frames_of(after)[1] >= 1280
    assert "Window 2, from 0.16 to 0.32 s" in line and line.count(" dB") == 2
    assert all(value == gr.skip() for value in tab.show_brought(brought, second))
    assert all(value == gr.skip() for value in tab.clear(first, key_of(first)))
    fitted, slider, button, *cleared, _ = tab.clear(second, key_of(first))
    assert fitted == key_of(second) and cleared == [None, None] and button["interactive"]
    assert not slider["interactive"]


def test_nothing_is_asked_without_a_file_and_one_question_is_public(tab: AudiovisualTab, monkeypatch) -> None:
    monkeypatch.setattr(type(find(MODEL)), "state", "cached")
    assert all(value == gr.skip() for value in tab.answer(None, MODEL, None, NOTHING, *MEAN))
    public = [fn.api_name for fn in tab.page.fns.values() if fn.api_visibility == "public"]  # type: ignore[attr-defined]
    assert public == ["audiovisual"]


# The page's own way, with a Hub of ours, in a process that knows no other.
DRIVER = """
import json, sys
import gradio as gr
from gradio_client import Client, handle_file
from demo.link import NOTHING
from demo.tabs.audiovisual import AudiovisualTab, MODEL, find
file, bad = sys.argv[1:]
tab, answers = AudiovisualTab(), []
answer = tab.answer
tab.answer = lambda *asked: answers.append(answer(*asked)) or answers[-1]
with gr.Blocks() as page:
    tab.build(gr.State(NOTHING))
page.queue().launch(prevent_thread_lock=True, quiet=True)
client = Client(page.local_url, verbose=False)
ask = lambda path: client.predict(handle_file(path), MODEL, api_name="/audiovisual")
said = {"offer": tab.offered(MODEL), "remote": ask(file)[4]}
_, gone = tab.fetch(tab.download.value, lambda *at, **how: None)
said |= {"gone": gone, "state": find(MODEL).state}
try:
    ask(bad)
except Exception as error:
    said["bad"] = str(error)
clip, waves, legend, labels, line, *_ = ask(file)
result, mean = answers[-1][0], answers[-1][-1][1:]
drawn, before = tab.redraw(result, "latent", 2, *mean[2:]), tab.redraw(result, *mean)
said |= {
    "labels": [one["label"] for one in labels["confidences"]],
    "names": len(result.names),
    "sum": float(result.probabilities.sum()),
    "elements": list(result.weights("latent").shape),
    "shares": result.layout.shares(result.weights("mean")),
    "line": line,
    "html": legend,
    "changed": drawn[1]["maps"] != before[1]["maps"],
}
print(json.dumps(said))
"""


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random weights of the released size under transformers' names, and 700 labels."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("kinetics")
    save_file(tensors(KINETICS), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps({"id2label": dict(enumerate(LABELS))}))
    return folder


@pytest.mark.timeout(400)
def test_the_released_model_comes_and_answers(checkpoint: Path, tmp_path: Path) -> None:
    good, bad, sample = tmp_path / "good.mp4", tmp_path / "bad.mp4", sounding_clip(1, frames=16, side=64)
    write_video(good, sample.frames, 25, sample.audio)
    bad.write_bytes(b"nothing of the kind" * 40)
    with serve_hub() as hub:
        for file in (KINETICS.source.weights[0], KINETICS.source.config):
            commit = file.commit + hashlib.sha1(file.revision.encode()).hexdigest()[len(file.commit) :]
            hub.push(KINETICS.source.repo, {file.file: checkpoint / file.file}, file.revision, commit)
        environment = hub.environment(
            tmp_path / "home",
            GRADIO_ANALYTICS_ENABLED="False",
            GRADIO_TEMP_DIR=str(tmp_path / "gradio"),
            PYTHONPATH=str(ROOT),
        )
        command = [sys.executable, "-c", DRIVER, str(good), str(bad)]
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=380)
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert said["offer"]["visible"] and MODEL in said["offer"]["value"]
    assert "not on this machine yet" in said["remote"]
    assert said["state"] == "cached" and not said["gone"]["visible"]
    assert "accepted" in said["bad"]
    assert set(said["labels"]) <= set(LABELS) and len(said["labels"]) == 5 and said["names"] == 700
    assert said["sum"] == pytest.approx(1, abs=1e-4) and said["elements"] == [1, 52_097]
    assert sum(said["shares"].values()) == pytest.approx(1) and min(said["shares"].values()) > 0
    assert (
        "52,097 patches of sound or picture, read by 784 latents in 1 look" in said["line"]
        and "silence" not in said["line"]
    )
    assert "1,920 are sound (3.69 %), 50,176 picture (96.3 %)" in said["html"] and said["changed"]


def test_all_of_a_window_comes_back() -> None:
    """Every one of the released model's 804,736 queries, of a network that is narrow."""
    places = {name: FourierConfig(2, own.max_resolution) for name, own in architectures.PLACES.items()}
    options = architectures.AUDIOVISUAL.readout_options | {"positions": places, "query": 16, "hidden": 16}
    config = replace(
        architectures.AUDIOVISUAL,
        latents=8,
        latent_dim=32,
        block_layers=1,
        self_heads=2,
        readout_options=options,
    )
    entry = SimpleNamespace(name=MODEL, labels=LABELS, config=find(MODEL).config)
    model = Pipeline(entry, Perceiver(config), AudiovisualModality(), torch.device("cpu"))  # type: ignore[arg-type]
    back = reconstruct(model, model.classify(sounding_clip(1, frames=16, side=64)))
    assert back.frames.shape == back.frames_back.shape == (16, 224, 224, 3)
    assert len(back.sound.waveform) == len(back.sound_back.waveform) == 30_720
    assert back.picture_psnr > 0 and math.isfinite(back.sound_psnr)
