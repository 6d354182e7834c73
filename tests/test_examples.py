"""The examples: at least five a modality, each readable, each of a class its model knows, each attributed."""

from __future__ import annotations

import json

import pytest

from perceiver_zoo import media
from perceiver_zoo.pipeline import default_model
from perceiver_zoo.zoo import assets, find, list_models

FOLDER = assets() / "examples"
EXAMPLES = json.loads((FOLDER / "examples.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("modality", EXAMPLES)
def test_each_is_read_as_what_it_is(modality):
    assert len(EXAMPLES[modality]) >= 5
    for example in EXAMPLES[modality]:
        assert media.read(FOLDER / modality / example["file"]).modality == modality


@pytest.mark.parametrize("modality", EXAMPLES)
def test_each_is_of_a_class_the_model_knows(modality):
    if not list_models(modality):
        pytest.skip("no bundled weights yet")
    labels = find(default_model(modality)).labels
    assert [example for example in EXAMPLES[modality] if example["label"] not in labels] == []


def test_none_is_without_attribution():
    text = (FOLDER / "ATTRIBUTION.md").read_text(encoding="utf-8")
    files = [path.name for path in FOLDER.glob("*/*")]
    listed = [example["file"] for examples in EXAMPLES.values() for example in examples]
    assert sorted(files) == sorted(listed)
    assert [name for name in files if name not in text] == []
