"""The wheel holds the package with its weights and examples, and asks for what requirements.txt lists."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("dist")
    words = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return zipfile.ZipFile(next(folder.glob("*.whl")))


def test_assets_lie_inside_the_package(wheel):
    names = set(wheel.namelist())
    for part in ("weights", "examples"):
        files = [path for path in (ROOT / "assets" / part).rglob("*") if path.is_file()]
        assert {f"perceiver_zoo/assets/{path.relative_to(ROOT / 'assets')}" for path in files} <= names
    outside = {name.split("/")[0] for name in names}
    assert outside == {"perceiver_zoo", next(name for name in outside if name.endswith(".dist-info"))}


def test_metadata(wheel):
    (metadata,) = (name for name in wheel.namelist() if name.endswith(".dist-info/METADATA"))
    lines = wheel.read(metadata).decode().split("\n\n")[0].splitlines()
    asked = {str(Requirement(line.partition(": ")[2])) for line in lines if line.startswith("Requires-Dist")}
    listed = {str(Requirement(line)) for line in (ROOT / "requirements.txt").read_text().splitlines()}
    assert listed == {at for at in asked if "extra ==" not in at}
    assert "License-Expression: Apache-2.0" in lines
    (scripts,) = (name for name in wheel.namelist() if name.endswith("/entry_points.txt"))
    assert "perceiver-zoo = perceiver_zoo.cli:main" in wheel.read(scripts).decode()
