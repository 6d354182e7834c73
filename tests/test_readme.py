"""The README's figures are the measured ones, and what it names exists."""

from __future__ import annotations

import json
import re
from pathlib import Path

from perceiver_zoo.cli import bench
from perceiver_zoo.cli.listing import markdown
from perceiver_zoo.zoo import find, list_models
from perceiver_zoo.zoo.paper import beside_paper

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_models_is_what_was_measured():
    table = README.split("<!-- models -->\n")[1].split("\n<!-- /models -->")[0]
    assert table == markdown([find(name) for name in list_models()])


def test_the_table_beside_the_paper_is_what_was_measured():
    table = README.split("<!-- paper -->\n")[1].split("\n<!-- /paper -->")[0]
    assert table == beside_paper([find(name) for name in list_models()])


def test_the_tables_of_speed_are_what_was_measured():
    tables = README.split("<!-- bench -->\n")[1].split("\n<!-- /bench -->")[0]
    assert tables == bench.markdown(json.loads((ROOT / "assets/speed.json").read_text(encoding="utf-8")))


def test_every_linked_file_is_there():
    linked = [link for link in re.findall(r"\]\(([^)]+)\)", README) if "://" not in link]
    assert linked
    assert [link for link in linked if not (ROOT / link).exists()] == []
