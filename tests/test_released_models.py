"""The released models from a loopback Hub over real HTTP: downloaded, loaded, asked, at full size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

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
        ("perceiver_io_conv.imagenet", "image/cat.jpg", [1, 55, 55]),
        ("perceiver_io_multimodal.kinetics700", "audio/dog_bark.ogg", None),
    ],
)
def test_a_model_arrives_and_answers(name: str, example: str, shape: list[int] | None, tmp_path: Path) -> None:
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
