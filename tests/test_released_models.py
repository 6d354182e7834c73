"""The released models from a loopback Hub over real HTTP: downloaded, loaded, asked, at full size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from perceiver_zoo.media import write_video
from tests.loopback_hub import serve_hub
from tests.released_weights import publish

ROOT = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
SCRIPT = """
import json, sys
import numpy as np
from perceiver_zoo import load
from perceiver_zoo.zoo import find
name, file = sys.argv[1:]
before = find(name).state
told = []
model = load(name, progress=lambda done, total: told.append((done, total)))
result = model.classify(file)
maps = {lens: result.map(lens) for lens in ("mean", "answer")}
print(json.dumps({
    "states": [before, find(name).state],
    "bytes": told[-1],
    "classes": [len(result.names), result.probabilities.shape[1]],
    "shapes": [list(m.shape) for m in maps.values()],
    "sums": [float(m.reshape(len(m), -1).sum(1).max()) for m in maps.values()],
    "same": bool(np.allclose(maps["mean"], maps["answer"])),
}))
"""


@pytest.mark.parametrize(
    ("name", "example", "shape"),
    [
        ("perceiver_io_fourier.imagenet", "image/cat.jpg", [1, 224, 224]),
        ("perceiver_io_learned.imagenet", "image/cat.jpg", [1, 224, 224]),
        ("perceiver_io_multimodal.kinetics700", "audio/dog_bark.ogg", None),
    ],
)
def test_a_model_arrives_and_answers(
    name: str, example: str, shape: list[int] | None, tmp_path: Path
) -> None:
    with serve_hub() as hub:
        publish(hub, tmp_path, name)
        environment = hub.environment(tmp_path / "home", PYTHONPATH=str(ROOT), OMP_NUM_THREADS="2")
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, name, str(ROOT / "assets/examples" / example)],
            env=environment,
            capture_output=True,
            text=True,
        )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["states"] == ["remote", "cached"] and told["bytes"][0] == told["bytes"][1] > 79_000_000
    assert told["classes"][0] == told["classes"][1] in (700, 1000)
    assert all(s == (shape or s) for s in told["shapes"]) and told["shapes"][0][-1] in (224, 55, 52_097)
    assert told["sums"] == pytest.approx([1, 1], abs=1e-3) and not told["same"]


def test_the_command_line_draws_sound_and_picture(tmp_path: Path) -> None:
    name, clip = "perceiver_io_multimodal.kinetics700", tmp_path / "clip.mp4"
    frames = np.random.default_rng(0).integers(0, 256, (16, 64, 64, 3), dtype=np.uint8)
    write_video(clip, frames, 25)  # one window
    with serve_hub() as hub:
        publish(hub, tmp_path, name)
        environment = hub.environment(tmp_path / "home", PYTHONPATH=str(ROOT), OMP_NUM_THREADS="2")
        for out in ("map.png", "map.npz", "map.mp4"):
            words = ["attend", str(clip), "-o", str(tmp_path / out), "--model", name, "--lens", "answer"]
            done = subprocess.run(
                [sys.executable, "-m", "perceiver_zoo", *words],
                env=environment,
                capture_output=True,
                text=True,
            )
            assert done.returncode == 0, done.stderr
            assert "what the answer's query read" in done.stdout
    with np.load(tmp_path / "map.npz") as file:
        assert file["weights"].shape[1] == 52_097
        assert file["positions_audio"].shape == (1, 1920, 1)
        assert float(file["weights"].sum()) == pytest.approx(len(file["weights"]), rel=1e-3)
    assert (tmp_path / "map.png").stat().st_size > 10_000 and (tmp_path / "map.mp4").stat().st_size > 1000


def test_a_model_without_classes_is_said_so(capsys: pytest.CaptureFixture[str]) -> None:
    from perceiver_zoo.cli import main

    assert main(["classify", "x.mp4", "--model", "perceiver_io_flow.autoflow"]) == 2
    assert "perceiver_io_flow.autoflow names no classes" in capsys.readouterr().err
