"""Cards say what was measured, and nothing else."""

from __future__ import annotations

import importlib
import json
import shutil

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.zoo import find, list_models, read_entry
from perceiver_zoo.zoo.card import card

NAMES = [name for name in list_models() if find(name).folder]


@pytest.mark.parametrize("name", NAMES)
def test_the_bundled_card_is_up_to_date(name):
    entry = find(name)
    assert (entry.folder / "README.md").read_text(encoding="utf-8") == card(entry)


def test_a_figure_comes_from_its_file(tmp_path):
    folder = tmp_path / NAMES[0]
    shutil.copytree(find(NAMES[0]).folder, folder)
    metrics = json.loads((folder / "metrics.json").read_text())
    (folder / "metrics.json").write_text(json.dumps(metrics | {"top1": 0.1234}))
    assert "value: 0.1234" in card(read_entry(folder)) and "| 12.3% |" in card(read_entry(folder))
    rows = [{"change": "painted over", "level": 0.5, "top1": 0.4321}]
    measured = {"n": 7, "sha256": read_entry(folder).sha256, "rows": rows}
    (folder / "robustness.json").write_text(json.dumps(measured))
    assert "| painted over | 0.5 | 43.2% |" in card(read_entry(folder))
    (folder / "robustness.json").write_text(json.dumps(measured | {"sha256": "of other weights"}))
    assert "painted over" not in card(read_entry(folder))


def test_the_command_writes_it(tmp_path, monkeypatch, capsys):
    folder = tmp_path / "weights" / NAMES[0]
    shutil.copytree(find(NAMES[0]).folder, folder)
    (folder / "README.md").unlink()
    registry = importlib.import_module("perceiver_zoo.zoo.registry")
    monkeypatch.setattr(registry, "assets", lambda: tmp_path)
    registry.registry.cache_clear()
    assert main(["card"]) == 2
    assert main(["card", "perceiver_io_conv.imagenet"]) == 2  # measured elsewhere, by others
    assert "nothing was measured of perceiver_io_conv.imagenet" in capsys.readouterr().err
    assert main(["card", "--all"]) == 0
    file = folder / "README.md"
    assert capsys.readouterr().out == f"{file}\n" and file.read_text(encoding="utf-8") == card(
        read_entry(folder)
    )
    registry.registry.cache_clear()
