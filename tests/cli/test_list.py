"""`perceiver-zoo list`."""

from __future__ import annotations

import json

import pytest

from perceiver_zoo.cli import main


def test_table_has_a_line_a_model(tiny_zoo, capsys):
    assert main(["list"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == [
        "name",
        "modality",
        "state",
        "parameters",
        "size",
        "licence",
        "top-1",
        "trained",
        "on",
    ]
    assert [row.split()[0] for row in rows] == ["tiny.image", "tiny.audio", "tiny.video", "tiny.point_cloud"]
    assert all("MiB  apache-2.0  " in row and "%" in row for row in rows)


def test_json_is_one_array_with_what_the_files_say(tiny_zoo, capsys):
    from perceiver_zoo.zoo import find
    from perceiver_zoo.zoo.weights import load_weights

    assert main(["list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert len(listed) == 4
    for row in listed:
        entry = find(row["name"])
        network = load_weights(entry.folder)[0]
        assert row["parameters"] == sum(p.numel() for p in network.parameters())
        assert row["bytes"] == (tiny_zoo / "weights" / row["name"] / "model.safetensors").stat().st_size
        assert row["top1"] == entry.metrics["top1"]
        assert (row["split"], row["trained_on"], row["licence"]) == (
            "random answers",
            "nothing",
            "apache-2.0",
        )
        assert row["classes"] == len(entry.labels)


@pytest.mark.parametrize("modality", ["image", "point_cloud"])
def test_one_modality(modality, tiny_zoo, capsys):
    assert main(["list", "--modality", modality, "--json"]) == 0
    assert [row["modality"] for row in json.loads(capsys.readouterr().out)] == [modality]


def test_a_model_that_was_not_measured(tiny_zoo, capsys, monkeypatch):
    from perceiver_zoo.zoo import find

    find("tiny.image").metrics.clear()
    assert main(["list", "--modality", "image"]) == 0
    assert "apache-2.0  -      nothing" in capsys.readouterr().out
    assert main(["list", "--modality", "image", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)[0]["top1"] is None


def test_models_on_the_hub_are_listed_with_their_size_and_both_licences(capsys):
    assert main(["list", "--modality", "flow", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["name"] == "perceiver_io_flow.autoflow" and row["state"] in ("remote", "cached")
    assert row["parameters"] == 41_057_134 and row["bytes"] > 164_000_000
    assert "apache-2.0" in row["licence"] and "CC BY 4.0" in row["licence"]
    assert row["top1"] is None and "1.81 Sintel" in row["published"]
