"""A model of one's own: saved to a folder, pushed to a Hub, and loaded again from either."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from perceiver_zoo.pipeline import Pipeline, load
from perceiver_zoo.zoo import DownloadError
from tests.loopback_hub import serve_hub
from tests.modalities.sample_making import sample_of

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture
def own(tiny_zoo: Path) -> Pipeline:
    model = load("tiny.image", device="cpu")
    with torch.no_grad():
        model.network.latents.add_(1e-5)  # more digits than fp16 has
    return model


@pytest.mark.parametrize("kind", [str, Path])
def test_a_saved_model_is_the_same_model(kind: type, own: Pipeline, tmp_path: Path) -> None:
    own.save_pretrained(tmp_path / "mine")
    assert {file.name for file in (tmp_path / "mine").iterdir()} == {"config.json", "model.safetensors"}
    again = load(kind(tmp_path / "mine"), device="cpu")
    for name, tensor in own.network.state_dict().items():
        assert torch.equal(again.network.state_dict()[name], tensor)
    sample = sample_of("image")
    assert again.classify(sample).labels() == own.classify(sample).labels()


@pytest.mark.usefixtures("tiny_zoo")
def test_a_folder_that_holds_no_model_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"config\.json"):
        load(str(tmp_path), device="cpu")


SCRIPT = """
import json, sys
from perceiver_zoo import load
mine = load(sys.argv[1], device="cpu")
print(mine.push_to_hub("ada/mine", token="hf_test"))
again = load("ada/mine", device="cpu")
same = all((again.network.state_dict()[k] == v).all().item() for k, v in mine.network.state_dict().items())
print(json.dumps([same, again.entry.name, again.entry.labels == mine.entry.labels]))
"""


def test_a_pushed_model_comes_back_over_http(own: Pipeline, tmp_path: Path) -> None:
    own.save_pretrained(tmp_path / "mine")
    with serve_hub() as hub:
        environment = hub.environment(tmp_path / "home", PYTHONPATH=str(ROOT))
        done = subprocess.run(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "mine")],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        address, told = done.stdout.strip().splitlines()
        assert address.startswith(hub.address) and "ada/mine" in address
        assert json.loads(told) == [True, "ada/mine", True]
        assert hub.count("GET", "ada/mine/resolve") > 0


def test_a_name_that_is_no_repository_is_said_so(tiny_zoo: Path) -> None:
    with pytest.raises(DownloadError, match="not the name of a model"):
        load("what/is/this", device="cpu")
