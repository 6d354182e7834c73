"""The panel that asks the model again without what a map marks."""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import import_module

import gradio as gr
import numpy as np
import pytest

from demo.panels import truth
from demo.panels.truth import Truth, impossible, measured_html, outcome_html, still_of
from demo.question import Question
from demo.views.curves import curves_html
from perceiver_zoo.media.sample import AudioSample
from perceiver_zoo.modalities.audio import AudioModality
from perceiver_zoo.pipeline import Curves, curves, default_model, left_out, load
from perceiver_zoo.training.faithfulness import write_faithfulness
from perceiver_zoo.zoo import find
from tests.files import make

EVIDENCE = ("class_evidence", 1, 2, "mean", "weights", "", "", 0, None)


@pytest.fixture(scope="module")
def panel(tab):
    return next(panel for panel in tab.panels if isinstance(panel, Truth))


@pytest.fixture(scope="module")
def model():
    return truth.pipeline(default_model("image"))


@pytest.fixture(scope="module")
def result(model, tmp_path_factory):
    return model.classify(make("image", tmp_path_factory.mktemp("files")))


def percents(html: str) -> list[float]:
    return [float(found) for found in re.findall(r"<b>([\d.]+)%</b>", html)]


@pytest.mark.parametrize("way", ["out", "only"])
def test_the_sentence_is_what_the_model_says_without(panel, model, result, way):
    label, *_ = result.labels()
    weights = result.weights("class_evidence", look=1)
    after = left_out(model, result, weights, 0.3, keep=way == "only")
    html = panel.check(30, way, result, *EVIDENCE)[0]
    expected = 100 * after.mean[result.index_of(label.label)]
    assert percents(html) == pytest.approx([100 * label.probability, expected], abs=0.051)
    assert f"width:{expected:.2f}%" in html and label.label in html
    assert ("Without the 30 %" if way == "out" else "With only the 30 %") in html


def test_signed_maps_are_ranked_by_value_for_the_class_that_was_asked(panel, model, result):
    other = result.labels()[2].label
    asked = Question(*EVIDENCE)._replace(label=other)
    html = panel.check(30, "out", result, *asked)[0]
    after = left_out(model, result, result.weights("class_evidence", look=1, label=other), 0.3)
    index = result.index_of(other)
    assert percents(html) == pytest.approx([100 * result.mean[index], 100 * after.mean[index]], abs=0.051)


def test_curves_are_of_the_class_that_was_asked(panel, model, result):
    other = result.labels()[2].label
    html, _ = panel.draw(result, *Question(*EVIDENCE)._replace(label=other))
    weights = result.weights("class_evidence", look=1, label=other)
    areas = curves(model, result, weights, other).areas
    assert f"Deletion</b>: area {areas['deletion']:.3f}" in html and f"how likely {other} is" in html


def test_a_lens_of_no_class_tells_of_the_likeliest(panel, result):
    asked = Question(*EVIDENCE)._replace(lens="mean", label=result.labels()[2].label)
    best = result.labels(1)[0]
    html, _ = panel.check(30, "out", result, *asked)
    assert f"{best.label} goes from <b>{best.probability:.1%}</b>" in html


def test_the_answer_is_the_likeliest_afterwards(panel, result):
    """Of the asked class the sentence tells what became of it, and of the answer whether it is another."""
    best, other = result.labels(2)
    turned = replace(result, logits=result.logits[:, [result.index_of(name) for name in swap(result)]])
    asked = Question(*EVIDENCE)._replace(label=other.label)
    assert f"The answer is still {best.label}." in outcome_html(result, result, asked, 30, "out")
    html = outcome_html(result, turned, asked, 30, "out")
    assert f"The answer is now {other.label}." in html
    assert percents(html) == pytest.approx([100 * other.probability, 100 * best.probability], abs=0.051)


def swap(result) -> list[str]:
    """The names with the two likeliest in each other's place."""
    best, other = (label.label for label in result.labels(2))
    return [{best: other, other: best}.get(name, name) for name in result.names]


@pytest.mark.parametrize(
    ("share", "way", "least"),
    [(100, "out", True), (0, "out", False), (0, "only", True), (100, "only", False)],
)
def test_at_least_one_element_is_read(share, way, least, panel, result):
    assert ("(at least one is read)" in panel.check(share, way, result, *EVIDENCE)[0]) == least


def test_one_element_cannot_be_left_out(result):
    assert "something must be read" in impossible(result, np.ones((1, 1)))
    assert impossible(result, np.ones((1, 2))) == ""


def test_curves_of_another_question_are_taken_away():
    drawn = ("answer 1", "mean", 1)
    assert still_of(drawn, drawn) == (gr.skip(), gr.skip())
    assert still_of(("answer 1", "mean", 2), drawn) == ("", None)


def test_nothing_left_out_changes_nothing(panel, result):
    before, after = percents(panel.check(0, "out", result, *EVIDENCE)[0])
    assert before == after


def test_without_an_answer_nothing_runs(panel, monkeypatch):
    monkeypatch.setattr(truth, "left_out", None)
    assert panel.check(30, "out", None, *EVIDENCE) == (gr.skip(), gr.skip())


def test_a_map_of_one_window_of_several_says_why_not(panel):
    model = load(default_model("audio"))
    assert isinstance(model.modality, AudioModality)
    rate = model.modality.rate
    noise = (np.random.default_rng(0).normal(size=20 * rate) / 10).astype(np.float32)
    result = model.classify(AudioSample(noise, rate))
    assert len(result.trace.latents) > 1
    asked = Question(*EVIDENCE)._replace(lens="looks_at")
    for told in (panel.check(30, "out", result, *asked)[0], panel.draw(result, *asked)[0]):
        assert "choose another lens" in told


def test_the_curves_are_those_of_the_asked_map(panel, model, result):
    html, asked = panel.draw(result, *EVIDENCE)
    areas = curves(model, result, result.weights("class_evidence", look=1)).areas
    for title, name in (("Deletion", "deletion"), ("Insertion", "insertion")):
        assert f"{title}</b>: area {areas[name]:.3f}, random order {areas['random_' + name]:.3f}" in html
    assert asked[1:] == EVIDENCE


def test_a_curve_is_drawn_where_its_values_lie():
    shares, fall = np.array([0, 0.5, 1]), np.array([1, 0.25, 0])
    html = curves_html(Curves(shares, fall, 1 - fall, shares, shares), "a <b> class")
    deletion, insertion = re.findall(r'class="own" points="([^"]+)"', html)
    assert deletion == "40.0,10.0 170.0,122.5 300.0,160.0" and insertion.startswith("40.0,160.0")
    assert "a &lt;b&gt; class" in html and "better than random" in html and "a gap of +0.250" in html


def test_what_was_measured_is_shown_and_nothing_made_up(tmp_path, monkeypatch):
    entry = find(default_model("image"))
    assert entry.folder is not None
    folder = tmp_path / entry.name
    folder.mkdir()
    for file in ("config.json", "model.safetensors"):
        (folder / file).symlink_to(entry.folder / file)
    registry = import_module("perceiver_zoo.zoo.registry")  # the package has a function of that name
    monkeypatch.setattr(registry, "find", lambda name: replace(entry, folder=folder))
    assert "was not measured" in measured_html(entry.name)
    own = {"deletion": 0.2, "random_deletion": 0.4, "insertion": 0.5, "random_insertion": 0.4, "error": 0.01}
    measured = {"model": entry.name, "split": "test", "sha256": entry.sha256, "n": 3, "look": 1}
    lenses = {"mean": own | {"gap": -0.1}, "rollout": own | {"gap": 0.3}}
    write_faithfulness(folder, measured | {"lenses": lenses})
    html = measured_html(entry.name)
    assert "<b>Rollout</b> beats random order" in html and html.index("Rollout</td>") < html.index(
        "Mean over"
    )
    assert "mean of 3 samples of test, look 2;" in html
    assert html.count("class=best") == 1
    assert "<tr class=best><td>Rollout</td><td>0.200</td><td>0.500</td><td>+0.300 ± 0.010</td></tr>" in html
    write_faithfulness(folder, measured | {"lenses": {"mean": lenses["mean"]}})
    assert "No lens is clearly better" in measured_html(entry.name)
