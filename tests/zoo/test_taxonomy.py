"""Answers at the level a model is sure of, against sums made by hand."""

from __future__ import annotations

import json

import numpy as np
import pytest

from perceiver_zoo.zoo import find, list_models, taxonomy
from perceiver_zoo.zoo.taxonomy import answer, knows, paths

CIFAR10 = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]


def spread(**shares: float) -> np.ndarray:
    return np.array([shares.get(label, 0.0) for label in CIFAR10])


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ({"cat": 0.9, "dog": 0.1}, ("animal › mammal › cat", 0.9)),
        ({"cat": 0.45, "dog": 0.3, "ship": 0.25}, ("animal › mammal", 0.75)),
        ({"cat": 0.3, "bird": 0.3, "frog": 0.3, "ship": 0.1}, ("animal", 0.9)),
        ({"truck": 0.4, "automobile": 0.25, "ship": 0.35}, ("vehicle › road vehicle", 0.65)),
    ],
)
def test_the_most_specific_name_that_is_likely_enough(shares, said):
    found = answer(CIFAR10, spread(**shares))
    assert found is not None
    assert (str(found), found.probability) == (said[0], pytest.approx(said[1]))


def test_not_sure_of_anything():
    assert answer(CIFAR10, spread(cat=0.45, ship=0.45, dog=0.1)) is None
    assert answer(CIFAR10, spread(cat=0.45, ship=0.45, dog=0.1), threshold=0.25).name == "cat"
    assert answer(["a", "b", "c"], np.array([0.4, 0.3, 0.3])) is None


def test_half_way_from_chance_to_certainty_is_enough_and_less_is_not():
    assert answer(["a", "b"], np.array([0.75, 0.25])).name == "a"
    assert answer(["a", "b"], np.array([0.74, 0.26])) is None
    assert answer(CIFAR10, spread(cat=1), threshold=1).name == "cat"


def test_of_names_that_are_as_specific_the_likeliest():
    assert answer(CIFAR10, spread(cat=0.4, dog=0.6), threshold=0.3).name == "dog"
    assert answer(CIFAR10, spread(cat=0.6, dog=0.4), threshold=0.3).name == "cat"


def test_a_sum_that_was_rounded_up_is_still_a_probability():
    found = answer(CIFAR10, spread(cat=0.5, dog=0.5 + 1e-6))
    assert (found.name, found.probability) == ("mammal", 1.0)


def test_what_every_class_is_says_nothing():
    assert answer(["a"], np.array([1.0])) is None


def test_probabilities_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="shorter"):
        answer(CIFAR10, spread(cat=1)[:-1])


def test_classes_with_nothing_above_them_are_answered_alone():
    assert answer(["a, b", "c"], np.array([0.8, 0.2])).path == ("a, b",)
    assert knows(["a, b", "c"]) == ["a, b", "c"]


@pytest.mark.parametrize("labels", [CIFAR10[::-1], list("abcdefghij"), CIFAR10[:9]])
def test_classes_that_no_file_lists_in_their_order_have_nothing_above_them(labels):
    assert paths(tuple(labels)) == [()] * len(labels)


def test_of_synonyms_the_first_is_the_name():
    synonyms = [f" {label} , Latin {label}" for label in CIFAR10]
    assert str(answer(synonyms, spread(cat=1))) == "animal › mammal › cat"


def test_a_class_may_have_nothing_above_it_where_others_have(tmp_path, monkeypatch):
    rows = [["oak", "plant > tree"], ["granite", ""], ["elm", "plant > tree"]]
    (tmp_path / "mine.json").write_text(json.dumps({"paths": rows}))
    monkeypatch.setattr(taxonomy, "FOLDER", tmp_path)
    labels = ["oak", "granite", "elm"]
    assert str(answer(labels, np.array([0.1, 0.9, 0.0]))) == "granite"
    assert str(answer(labels, np.array([0.5, 0.0, 0.5]))) == "plant › tree"
    assert knows(labels) == ["plant", "granite"]


@pytest.mark.parametrize("threshold", [0, -1, 1.1, float("nan")])
def test_a_threshold_is_a_probability(threshold):
    with pytest.raises(ValueError, match="threshold is above 0"):
        answer(CIFAR10, spread(cat=1), threshold)


def test_what_a_model_knows_comes_largest_first():
    assert knows(CIFAR10) == ["animal", "vehicle"]
    assert knows(CIFAR10, most=1) == ["animal"]
    assert knows(list("abcdefghijklmn")) == list("abcdefghijkl")


@pytest.mark.parametrize("name", [name for name in list_models() if find(name).folder])
def test_every_bundled_model_can_be_unsure(name):
    labels = find(name).labels
    assert all(paths(tuple(labels)))
    assert len(knows(labels)) >= 2
    assert answer(labels, np.full(len(labels), 1 / len(labels)), threshold=0.05) is None


def test_imagenet_goes_up_wordnet_by_the_place_of_a_class():
    info = pytest.importorskip("timm.data").ImageNetInfo()
    labels = info.label_descriptions()
    found = dict(zip(info.label_names(), paths(tuple(labels)), strict=True))
    assert found["n01855672"][:3] == ("animal", "vertebrate", "bird")  # goose
    assert found["n02012849"][-1] == "wading bird" and found["n03126707"] == (
        "artifact",
        "device",
    )  # both: crane
    shares = np.zeros(1000)
    geese_and_ducks = [i for i, name in enumerate(labels) if name.split(",")[0] in ("goose", "drake")]
    shares[geese_and_ducks] = 0.5, 0.45
    shares[0] = 0.05
    assert answer(labels, shares, 0.6).name == "anseriform bird"
