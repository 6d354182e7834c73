"""`perceiver-zoo train`."""

from __future__ import annotations

import json

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.training import loop


@pytest.mark.slow
def test_a_run_leaves_weights_and_goes_on(data, tmp_path, capsys):
    words = ["train", "perceiver_nano.cifar10", "--data", str(data), "--run", str(tmp_path / "run")]
    assert main([*words, "--steps", "1"]) == 0
    assert capsys.readouterr().out == f"the weights are in {tmp_path / 'run/weights'}\n"
    assert main([*words, "--steps", "2", "--seed", "3"]) == 0
    card = json.loads((tmp_path / "run/weights/config.json").read_text())["card"]
    assert (card["steps"], card["seed"]) == (2, 3)
    assert (tmp_path / "run/weights/model.safetensors").is_file()


def test_what_is_asked_for_reaches_the_loop(data, monkeypatch, tmp_path, capsys):
    seen = []
    monkeypatch.setattr(loop, "train", lambda recipe, *rest: seen.append((recipe.name, *rest)) or tmp_path)
    monkeypatch.setenv("PERCEIVER_ZOO_DATA", str(data))
    assert main(["train", "perceiver_nano.shapes39", "--seed", "7"]) == 0
    (name, folder, run, steps, seed) = seen[0]
    assert (name, folder, run.as_posix(), steps, seed) == (
        "perceiver_nano.shapes39",
        data,
        "runs/perceiver_nano.shapes39",
        None,
        7,
    )


def test_a_model_names_its_recipe(tiny_zoo, data, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(loop, "train", lambda recipe, *rest: seen.append(recipe.name) or tmp_path)
    assert main(["train", "tiny.image", "--data", str(data)]) == 0
    assert seen == ["perceiver_nano.cifar10"]


def test_interrupted_says_how_to_go_on(data, monkeypatch, tmp_path, capsys):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(loop, "train", interrupted)
    words = ["train", "perceiver_nano.cifar10", "--data", str(data), "--run", str(tmp_path)]
    assert main(words) == 130
    said = capsys.readouterr().err.strip()
    assert said == f"stopped; the same command goes on from the last checkpoint in {tmp_path}"


def test_unknown_recipe(data, capsys):
    assert main(["train", "nothing", "--data", str(data)]) == 2
    assert "there is no recipe 'nothing'; there are perceiver_nano.cifar10, " in capsys.readouterr().err


@pytest.mark.parametrize("command", [["train", "perceiver_nano.cifar10"], ["evaluate", "tiny.image"]])
def test_missing_data(command, tiny_zoo, tmp_path, monkeypatch, capsys):
    monkeypatch.delenv("PERCEIVER_ZOO_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    assert main(command) == 2
    assert (
        capsys.readouterr().err == "perceiver-zoo: error: there is no data folder data: name it with --data\n"
    )
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("command", [["train", "perceiver_nano.cifar10"], ["evaluate", "tiny.image"]])
def test_a_data_folder_without_the_file(command, tiny_zoo, tmp_path, capsys):
    (tmp_path / "data").mkdir()
    assert (
        main(
            [*command, "--data", str(tmp_path / "data")] + ["--run", str(tmp_path)] * (command[0] == "train")
        )
        != 0
    )
    assert "cifar10_test.npz is missing: point --data at" in capsys.readouterr().err
