"""The tab of sound and picture: the offer, the answer of the model at its full size, maps from the trace, and what
comes back of the latents."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import av
import gradio as gr
import numpy as np
import pytest
import torch

from demo.tabs import audiovisual
from demo.tabs.audiovisual import MODEL, AudiovisualTab
from demo.views.audiovisual import Seen, counts_of, shares_html, status
from perceiver_zoo.media import write_video
from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualModality
from perceiver_zoo.nn import FourierConfig, Perceiver
from perceiver_zoo.pipeline import Pipeline
from perceiver_zoo.pipeline.audiovisual import psnr, queries, reconstruct
from perceiver_zoo.zoo import architectures, find
from perceiver_zoo.zoo.released import KINETICS
from tests.loopback_hub import serve_hub
from tests.released_weights import tensors

ROOT = Path(__file__).resolve().parents[2]
SMALL = AudiovisualModality(frames=4, size=8, sound_rate=8_000, labels=5)
PLACES = {"audio": FourierConfig(4, (1280,)), "image": FourierConfig(2, (4, 2, 2))}
TINY = replace(
    architectures.AUDIOVISUAL,
    latents=8,
    latent_dim=32,
    block_layers=1,
    self_heads=2,
    classes=5,
    adapter_options={"channels": {"audio": 16, "image": 48, "label": 5}, "positions": PLACES},
    readout_options={
        "channels": {"audio": 16, "image": 3},
        "positions": PLACES,
        "grids": {"audio": (80,), "image": (4, 8, 8)},
        "query": 32,
        "hidden": 16,
    },
)
LABELS = [f"class {number}" for number in range(700)]


def clip(windows: int, sound: bool = True, frames: int = 4, side: int = 24) -> VideoSample:
    rng = np.random.default_rng(0)
    count = windows * frames
    pixels = rng.integers(0, 256, (count, side, side, 3), dtype=np.uint8)
    audio = AudioSample(rng.uniform(-0.5, 0.5, count * 1920).astype(np.float32), 48_000) if sound else None
    return VideoSample(pixels, np.arange(count) / 25, audio)


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> Pipeline:
    """A model of 4 frames and 1,280 samples a window behind the tab."""
    torch.manual_seed(0)
    entry = SimpleNamespace(name=MODEL, labels=LABELS[:5], config=find(MODEL).config)
    model = Pipeline(entry, Perceiver(TINY), SMALL, torch.device("cpu"))  # type: ignore[arg-type]
    monkeypatch.setattr(audiovisual, "pipeline", lambda name: model)
    return model


@pytest.fixture
def tab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AudiovisualTab:
    monkeypatch.setattr(audiovisual, "gradio_folder", lambda: str(tmp_path))
    made = AudiovisualTab()
    with gr.Blocks() as page:
        made.build()
    made.page = page  # type: ignore[attr-defined]
    made.counts = counts_of(SMALL)
    return made


def frames_of(path: str) -> tuple[int, int, float]:
    """Frames and samples of a clip, and its frames a second."""
    with av.open(path) as container:
        count = sum(1 for _ in container.decode(video=0))
        rate = float(container.streams.video[0].average_rate or 0)
    with av.open(path) as container:
        samples = sum(f.samples for f in container.decode(audio=0)) if container.streams.audio else 0
    return count, samples, rate


def test_a_question_is_drawn_from_the_trace_alone(tiny: Pipeline, tab: AudiovisualTab, monkeypatch) -> None:
    seen = Seen(tiny.classify(clip(2)))
    monkeypatch.setattr(tiny, "run", None)
    view, waves, lines, shares, drawn, scale = tab.redraw(seen, "mean", 3, "weights")
    assert frames_of(view)[::2] == (8, 12.5) and waves.dtype == np.uint8
    assert "Picture" in lines and "Sound" in lines and "mean over latents" in lines and "class" in lines
    assert drawn == ("mean", 3, "weights") and scale["interactive"] and "Label" in shares
    other = tab.redraw_latent(seen, "mean", 3, "weights")
    assert (other[1] != waves).any() and "latent 3" in other[2] and other[-1] == "latent"
    assert Path(other[0]).read_bytes() != Path(view).read_bytes()
    scores = tab.redraw(seen, "mean", 3, "scores")
    assert "before the softmax" in scores[2] and scores[3] == shares  # shares are of what was read


def test_the_answers_query_has_no_scores(tiny: Pipeline, tab: AudiovisualTab) -> None:
    seen = Seen(tiny.classify(clip(1)))
    *_, lines, shares, drawn, scale = tab.redraw(seen, "answer", 1, "scores")
    assert "after the softmax" in lines and drawn == ("answer", 1, "weights")
    assert scale["value"] == "weights" and not scale["interactive"]
    assert shares == shares_html(tab.counts, seen.layout.shares(seen.result.weights("answer")))


def test_maps_of_all_latents_are_made_once(tiny: Pipeline, tab: AudiovisualTab, monkeypatch) -> None:
    seen = Seen(tiny.classify(clip(1)))
    first = seen.map("mean", 1, "weights")
    assert seen.map("mean", 7, "weights") is first and list(seen.maps) == [("mean", "weights")]
    assert (seen.map("latent", 8, "weights") == seen.result.weights("latent", latent=7)).all()


def test_what_was_asked_while_the_network_ran_is_drawn_after_it(tiny: Pipeline, tab: AudiovisualTab) -> None:
    seen = Seen(tiny.classify(clip(1)))
    drawn = ("mean", 1, "weights")
    assert all(value == gr.skip() for value in tab.catch_up(drawn, seen, *drawn))
    assert tab.catch_up(drawn, seen, "latent", 2, "weights")[4] == ("latent", 2, "weights")


def test_shares_are_told_against_the_parts_own_size() -> None:
    counts = {"audio": 25, "image": 74, "label": 1}
    shown = shares_html(counts, {"audio": 0.5, "image": 0.479, "label": 0.021})
    assert all(text in shown for text in ("50 %", "47.9 %", "2.1 %", "left:25.000%", "width:50.000%"))
    assert "sound was read 2.00 times" in shown and "label's 2.10 times" in shown
    assert "was read" not in shares_html(counts) and "Of 100 elements 25 are sound (25 %)" in shares_html(
        counts
    )


@pytest.mark.parametrize("sound", [True, False])
def test_the_status_says_how_much_was_read(tiny: Pipeline, sound: bool) -> None:
    line = status(Seen(tiny.classify(clip(2, sound))), 1.25)
    assert "97 elements in each of 2 windows of 0.16 s" in line and "8 latents in one look" in line
    assert "loaded in 1.25 s" in line and ("silence was read" in line) != sound


def test_a_sound_alone_is_drawn_with_a_black_picture(tiny: Pipeline, tab: AudiovisualTab) -> None:
    seen = Seen(tiny.classify(clip(2).audio))  # type: ignore[arg-type]
    assert frames_of(tab.redraw(seen, "mean", 1, "weights")[0])[0] == 8


def test_a_window_comes_back_beside_what_was_read(tiny: Pipeline) -> None:
    sample = clip(2)
    result, told = tiny.classify(sample), []
    back = reconstruct(tiny, result, 1, lambda *at: told.append(at))
    assert back.frames.shape == back.frames_back.shape == (4, 8, 8, 3)
    assert len(back.sound.waveform) == len(back.sound_back.waveform) == 1280 and back.sound.rate == 8_000
    inputs = SMALL.encode(sample)
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
    first, second = (Seen(tiny.classify(clip(windows))) for windows in (2, 1))
    brought, _ = tab.bring_back(first, 2, lambda *at, **how: None)  # type: ignore[arg-type]
    before, after, line = tab.show(brought, first)
    assert [frames_of(path)[0] for path in (before, after)] == [4, 4] and frames_of(after)[1] >= 1280
    assert "Window 2, from 0.16 to 0.32 s" in line and line.count(" dB") == 2
    assert all(value == gr.skip() for value in tab.show(brought, second))
    assert all(value == gr.skip() for value in tab.clear(first, brought))
    slider, button, *cleared, _ = tab.clear(second, brought)
    assert cleared == [None, None] and button["interactive"] and not slider["interactive"]


def test_nothing_is_asked_without_a_file_and_one_question_is_public(tab: AudiovisualTab) -> None:
    assert all(value == gr.skip() for value in tab.answer(None, "mean", 1, "weights"))
    public = [fn.api_name for fn in tab.page.fns.values() if fn.api_visibility == "public"]  # type: ignore[attr-defined]
    assert public == ["audiovisual"]


# The page's own way, with a Hub of ours, in a process that knows no other.
DRIVER = """
import json, sys
import gradio as gr
from gradio_client import Client, handle_file
from demo.tabs.audiovisual import AudiovisualTab, MODEL, find
file, bad = sys.argv[1:]
tab, answers = AudiovisualTab(), []
answer = tab.answer
tab.answer = lambda *asked: answers.append(answer(*asked)) or answers[-1]
with gr.Blocks() as page:
    tab.build()
page.queue().launch(prevent_thread_lock=True, quiet=True)
client = Client(page.local_url, verbose=False)
ask = lambda path: client.predict(handle_file(path), "mean", 1, "weights", api_name="/audiovisual")
said = {"offer": tab.offer_now(), "remote": ask(file)[-1]}
shown, said["line"] = tab.offer.fetch(lambda *at, **how: None)
said |= {"gone": shown, "state": find(MODEL).state}
try:
    ask(bad)
except Exception as error:
    said["bad"] = str(error)
clip, waves, legend, shares, labels, line = ask(file)
seen = answers[-1][0]
drawn = tab.redraw(seen, "latent", 2, "weights")
said |= {
    "labels": [one["label"] for one in labels["confidences"]],
    "names": len(seen.result.names),
    "sum": float(seen.result.probabilities.sum()),
    "elements": list(seen.result.weights("latent").shape),
    "shares": seen.layout.shares(seen.map("mean", 1, "weights")),
    "line": line,
    "html": shares,
    "changed": bool((drawn[1] != answers[-1][2]).any()),
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
    good, bad, sample = tmp_path / "good.mp4", tmp_path / "bad.mp4", clip(1, frames=16, side=64)
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
    assert said["offer"][0]["visible"] and "not on this machine yet" in said["offer"][1]
    assert "download it" in said["remote"]
    assert said["state"] == "cached" and not said["gone"]["visible"]
    assert "accepted" in said["bad"]
    assert set(said["labels"]) <= set(LABELS) and len(said["labels"]) == 5 and said["names"] == 700
    assert said["sum"] == pytest.approx(1, abs=1e-4) and said["elements"] == [1, 52_097]
    assert sum(said["shares"].values()) == pytest.approx(1) and min(said["shares"].values()) > 0
    assert "52,097 elements in one window of 0.64 s" in said["line"] and "silence" not in said["line"]
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
    back = reconstruct(model, model.classify(clip(1, frames=16, side=64)))
    assert back.frames.shape == back.frames_back.shape == (16, 224, 224, 3)
    assert len(back.sound.waveform) == len(back.sound_back.waveform) == 30_720
    assert back.picture_psnr > 0 and math.isfinite(back.sound_psnr)
