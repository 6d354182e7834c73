"""`perceiver-zoo calibrate`."""

from __future__ import annotations

import json
import shutil

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.pipeline import load
from tests.files import make
from tests.training.test_tasks import photographs


def test_the_temperature_is_written_into_the_card(tiny_zoo, tmp_path, capsys):
    folder = shutil.copytree(tiny_zoo / "weights/tiny.image", tmp_path / "mine")
    photographs(tmp_path)
    before = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert main(["calibrate", "--weights", str(folder), "--data", str(tmp_path)]) == 0
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    fitted = config["card"].pop("calibration")
    assert config == before and fitted["n"] == 2
    line = capsys.readouterr().out
    assert line.startswith(f"mine: temperature {fitted['temperature']}, calibration error ")
    assert f"{fitted['error_before']} before and {fitted['error_after']} after, on 2 samples: " in line
    result = load(folder).classify(make("image", tmp_path))
    assert result.temperature == fitted["temperature"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ([], "one of the three"),
        (["tiny.audio"], "tiny.audio has no recipe"),
        (["tiny.image"], "cifar10_test.npz is missing"),
    ],
)
def test_what_cannot_be_calibrated(words, sentence, tiny_zoo, tmp_path, capsys):
    assert main(["calibrate", "--data", str(tmp_path), *words]) == 2
    assert sentence in capsys.readouterr().err
