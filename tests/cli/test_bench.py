"""`perceiver-zoo bench`: what is measured and printed, not how long it took."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.cli.bench import markdown, milliseconds


@pytest.mark.usefixtures("tiny_zoo")
def test_every_lens_a_model_has_is_measured(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "speed.json"
    assert main(["bench", "tiny.image", "tiny.video", "--runs", "2", "--json", str(file)]) == 0
    figures = json.loads(file.read_text(encoding="utf-8"))
    assert capsys.readouterr().out == markdown(figures) + "\n"
    assert figures["runs"] == 2 and figures["cpu"]["threads"] >= 1
    image, video = figures["models"]
    assert (image["model"], image["windows"], image["elements"], image["latents"]) == (
        "tiny.image",
        1,
        1024,
        8,
    )
    assert video["windows"] == 2 and image["trained"] and "peer" not in image
    for model in figures["models"]:
        lenses = ["mean", "latent", "focus", "rollout", "class_evidence", "gradient", "looks_at"]
        assert list(model["lenses"]) == lenses
        assert model["run"] > 0 and all(
            own["first"] > 0 and own["next"] > 0 for own in model["lenses"].values()
        )


@pytest.mark.usefixtures("tiny_zoo")
def test_without_a_name_the_bundled_models_are_measured(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "--runs", "1"]) == 0
    rows = capsys.readouterr().out.splitlines()[4:]
    assert [row.split("`")[1] for row in rows] == [
        "tiny.image",
        "tiny.audio",
        "tiny.video",
        "tiny.point_cloud",
    ]


def test_a_model_without_lenses_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "perceiver_io_flow.autoflow"]) == 2
    assert "perceiver_io_flow.autoflow names no classes: it reads pairs of frames" in capsys.readouterr().err


def test_every_control_of_a_lens_is_turned() -> None:
    from perceiver_zoo.lenses import LENSES
    from perceiver_zoo.pipeline import speed
    from tests.lenses.trace_making import random_trace

    class Asked:
        trace, names = random_trace(heads=3, latents=5, elements=11), ["a", "b", "c", "d"]

    last = {"look": 2}
    assert speed.questions(Asked, LENSES["latent"]) == [  # type: ignore[arg-type]
        last | {"latent": 0},
        last | {"latent": 2},
        last | {"latent": 0, "head": 0},
        last | {"latent": 0, "head": 2},
        {"latent": 0, "look": 0},
        last | {"latent": 0, "scale": "scores"},
    ]
    assert speed.questions(Asked, LENSES["class_evidence"])[1] == last | {"label": 2}  # type: ignore[arg-type]


def test_the_peer_reads_the_same_on_the_same_weights(tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    import numpy as np
    import torch
    from PIL import Image

    from perceiver_zoo.modalities import ImageModality
    from perceiver_zoo.pipeline import Pipeline, peer
    from perceiver_zoo.zoo import released
    from perceiver_zoo.zoo.architectures import FOURIER
    from perceiver_zoo.zoo.registry import released_entry
    from tests.small_released import lively

    shape = {"latents": 8, "latent_dim": 32, "block_layers": 2, "repeats": 2, "self_heads": 2, "classes": 5}
    small = replace(FOURIER, **shape)
    entry = released_entry(released.FOURIER)
    pipeline = Pipeline(entry, lively(small), ImageModality(size=16), torch.device("cpu"), "exact")
    assert peer.has_peer(pipeline)
    pixels = np.random.default_rng(0).integers(0, 256, (20, 20, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    figures = peer.compare(pipeline, tmp_path / "noise.png", 1)
    assert figures["difference"] < 1e-4
    assert all(figures["seconds"][name] > 0 for name in ("ours", "theirs"))
    model = {"model": entry.name, "trained": False, "windows": 1, "elements": 256, "latents": 8, "run": 0.5}
    own = {"lenses": {"mean": {"first": 0.1234, "next": 0.0012}}, "peer": figures}
    printed = markdown(
        {"cpu": {"threads": 1, "capability": "X"}, "runs": 1, "models": [model | own]}
    ).splitlines()
    assert printed[4] == "| `perceiver_io_fourier.imagenet`, random weights | 256 × 8 | 500 | 123, 1.2 |"
    assert printed[-1].startswith("| `perceiver_io_fourier.imagenet` | ") and printed[-1].count("|") == 8
    own["peer"] = figures | {"seconds": {"ours": 3.0, "theirs": 4.0}, "bytes": None}
    figures = {"cpu": {"threads": 1, "capability": "X"}, "runs": 1, "models": [model | own]}
    assert markdown(figures).splitlines()[-1] == (
        "| `perceiver_io_fourier.imagenet` | 3.00 s | 4.00 s | 0.75 | - | - | - |"
    )


def test_memory_that_was_freed_before_counts_again() -> None:
    import torch

    from perceiver_zoo.pipeline.peer import can_tell_memory, peak

    if not can_tell_memory():
        pytest.skip("the system does not say how much memory was used")

    def fill() -> None:
        list(map(torch.ones, [1_000_000] * 50))

    fill()
    for _ in range(4):
        assert 190e6 < peak(fill) < 250e6


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00012, "0.1"), (0.00994, "9.9"), (0.00996, "10"), (15.2, "15,200")]
)
def test_milliseconds(seconds: float, text: str) -> None:
    assert milliseconds(seconds) == text
