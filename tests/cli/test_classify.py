"""`perceiver-zoo classify`."""

from __future__ import annotations

import json

import pytest

from perceiver_zoo import pipeline, zoo
from perceiver_zoo.cli import main


def answers(capsys) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_each_modality_is_told_by_its_content(tiny_zoo, examples, tmp_path, capsys):
    files = []
    for modality, file in examples.items():
        # Without an ending, so that only the content can tell; text formats need theirs.
        name = modality if modality != "point_cloud" else file.name
        files.append(tmp_path / name)
        files[-1].write_bytes(file.read_bytes())
    assert main(["classify", "--json", *map(str, files)]) == 0
    for modality, file, said in zip(examples, files, answers(capsys), strict=True):
        assert (said["file"], said["modality"], said["model"]) == (str(file), modality, f"tiny.{modality}")
        probabilities = [at["probability"] for at in said["labels"]]
        assert len(probabilities) == 5
        assert probabilities == sorted(probabilities, reverse=True)
        assert 0 < sum(probabilities) <= 1


def test_labels_are_the_pipelines_own(tiny_zoo, examples, capsys):
    assert main(["classify", "--json", "--top", "3", str(examples["audio"])]) == 0
    (said,) = answers(capsys)
    expected = pipeline.load("tiny.audio").classify(examples["audio"]).labels(3)
    assert [at["label"] for at in said["labels"]] == [at.label for at in expected]
    assert [at["probability"] for at in said["labels"]] == pytest.approx(
        [at.probability for at in expected], abs=1e-5
    )


def test_text_for_people(tiny_zoo, examples, capsys):
    assert main(["classify", "--top", "2", str(examples["point_cloud"])]) == 0
    said = capsys.readouterr()
    head, first, second = said.out.splitlines()
    assert head == f"{examples['point_cloud']}: point cloud, tiny.point_cloud: not sure"
    assert first.endswith(" %")
    assert len(first) == len(second)
    assert said.err == ""


def test_the_answer_is_the_most_specific_name_it_is_sure_of(examples, capsys):
    helicopter = examples["audio"].with_name("helicopter.flac")
    assert (
        main(["classify", "--json", str(examples["audio"].with_name("crying_baby.mp3")), str(helicopter)])
        == 0
    )
    baby, unsure = answers(capsys)
    assert baby["answer"]["path"] == ["everyday sound", "person", "baby cry"]
    assert baby["answer"]["probability"] == pytest.approx(baby["labels"][0]["probability"], abs=1e-5)
    assert unsure["answer"] is None or unsure["answer"]["path"][-1] in (
        "everyday sound",
        "machine",
        "helicopter",
    )


def test_a_bad_file_fails_alone(tiny_zoo, examples, tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("not a picture")
    files = [tmp_path / "notes.txt", examples["image"], tmp_path / "missing.png"]
    assert main(["classify", "--json", *map(str, files)]) == 1
    notes, cat, missing = answers(capsys)
    assert set(notes) == set(missing) == {"file", "error"}
    assert "“missing.png”" in missing["error"]
    assert cat["labels"]


def test_errors_for_people_go_to_standard_error(tiny_zoo, examples, tmp_path, capsys):
    assert main(["classify", str(tmp_path / "missing\n.png"), str(examples["image"])]) == 1
    said = capsys.readouterr()
    assert said.err.count("\n") == 1
    assert "There is no file" in said.err
    assert said.out.startswith(str(examples["image"]))


def test_a_model_for_something_else(tiny_zoo, examples, capsys):
    assert main(["classify", "--json", "--model", "tiny.point_cloud", str(examples["image"])]) == 1
    (said,) = answers(capsys)
    assert said["error"] == "tiny.point_cloud reads 3D shapes, and this file is an image"


def test_unknown_model(tiny_zoo, examples, capsys):
    assert main(["classify", "--model", "nobody", str(examples["image"])]) == 2
    said = capsys.readouterr().err
    assert said.startswith("perceiver-zoo: error: there is no model 'nobody'; there are tiny.image, ")
    assert said.count("\n") == 1


@pytest.mark.parametrize("device", ["abacus", "cuda:99", "meta"])
def test_unknown_device(device, tiny_zoo, examples, capsys):
    assert main(["classify", "--device", device, str(examples["image"])]) == 2
    assert f"there is no device '{device}' here" in capsys.readouterr().err


def test_cpu_can_be_asked_for(tiny_zoo, examples):
    assert main(["classify", "--device", "cpu", str(examples["image"])]) == 0


def test_a_model_is_loaded_once(tiny_zoo, examples, monkeypatch):
    loaded = []
    load = pipeline.load
    monkeypatch.setattr(pipeline, "load", lambda name, *rest: loaded.append(name) or load(name, *rest))
    assert main(["classify", *[str(examples["image"])] * 3, str(examples["audio"])]) == 0
    assert loaded == ["tiny.image", "tiny.audio"]


def test_what_a_library_prints_stays_out_of_the_answers(tiny_zoo, examples, monkeypatch, capsys):
    classify = pipeline.Pipeline.classify

    def chatty(self, source):
        print("loading kernels")
        return classify(self, source)

    monkeypatch.setattr(pipeline.Pipeline, "classify", chatty)
    assert main(["classify", "--json", str(examples["image"])]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out)["model"] == "tiny.image"
    assert "loading kernels" in said.err


def test_no_model_for_a_file(tiny_zoo, examples, monkeypatch, capsys):
    monkeypatch.setattr(zoo, "list_models", lambda modality, on_disk: [])
    assert main(["classify", str(examples["image"])]) == 1
    assert capsys.readouterr().err.endswith("cat.jpg: no model that reads images is installed\n")
