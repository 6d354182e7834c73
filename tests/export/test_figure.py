"""Figures for print: each map in its place, and a PDF whose every byte is where it says."""

from __future__ import annotations

import re
import zlib
from xml.etree import ElementTree

import numpy as np
import pytest

from perceiver_zoo import export, load, views
from perceiver_zoo.export.figure import CELL, LEFT, ROWS, figure_of, rows_of
from perceiver_zoo.export.pdf import page, width_of
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Pipeline, Result
from tests.files import make

EVIDENCE = {"lens": "class_evidence", "label": "cat", "look": 0, "head": 1, "scale": "weights"}
SCORES = {"lens": "latent", "latent": 4, "look": 1, "head": 1, "scale": "scores"}


@pytest.fixture
def answered(tiny_zoo, tmp_path) -> tuple[Pipeline, Result]:
    model = load("tiny.image")
    return model, model.classify(make("image", tmp_path))


@pytest.mark.parametrize("asked", [SCORES, EVIDENCE, EVIDENCE | {"minus": {"label": "dog"}}])
def test_every_map_stands_in_its_row_and_column(asked, answered):
    _, result = answered
    figure = figure_of(result, asked)
    small = views.Small(result.sample, result.layout, CELL)
    at = {(left, top): picture for left, top, picture in figure.pictures}
    lefts, tops = sorted({left for left, _ in at}), sorted({top for _, top in at})
    assert len(at) == len(figure.pictures) == len(lefts) * len(tops) == 3 * ROWS
    names = {y: text for _, y, anchor, text in figure.words if anchor == "end"}
    heads = {x: text for x, _, anchor, text in figure.words if anchor == "middle"}
    for row, (name, question) in enumerate(rows_of(result, asked)):
        top = tops[row]
        assert names[top + CELL // 2] == name
        np.testing.assert_array_equal(at[lefts[0], top], small.input())
        for look in range(2):
            left = lefts[look + 1]
            assert heads[left + CELL // 2] == f"look {look + 1}"
            weights = result.weights(**question | {"look": look})
            expected = small.draw(weights, views.span_of(weights, question["scale"]))
            np.testing.assert_array_equal(at[left, top], expected)
    assert len({at[left, top].tobytes() for left in lefts[1:] for top in tops}) == 2 * ROWS  # all different


def test_the_first_row_is_what_was_asked_and_the_others_are_latents(answered):
    _, result = answered
    (name, first), *others = rows_of(result, EVIDENCE)
    assert (name, first) == ("Class evidence", EVIDENCE)
    assert [name for name, _ in others] == ["latent 1", "latent 2", "latent 4", "latent 5", "latent 7"]
    assert [question["latent"] for _, question in others] == [0, 1, 3, 4, 6]
    (name, first), *others = rows_of(result, SCORES)
    assert (name, first) == ("latent 5", SCORES)
    assert [name for name, _ in others] == ["latent 1", "latent 2", "latent 4", "latent 7", "latent 8"]
    assert all((question["head"], question["scale"]) == (1, "scores") for _, question in others)


def test_the_lines_below_say_what_the_first_row_is_and_fit_the_page(answered):
    _, result = answered
    figure = figure_of(result, EVIDENCE | {"minus": {"label": "dog"}})
    lines = [(x, text) for x, _, anchor, text in figure.words if anchor == "start"]
    assert lines[0][1] == (
        "Top row: tiny.image, 2 looks, evidence for cat, head 2, in logits, minus that of label dog."
    )
    best = result.labels(1)[0]
    assert lines[1][1].endswith(f"The answer: {best.label}, {best.probability:.0%}.")
    assert all(x + width_of(text) <= figure.width for x, text in lines)
    left = min(x - width_of(text) for x, _, anchor, text in figure.words if anchor == "end")
    longest = max(width_of(lens.title) for lens in LENSES.values())
    assert left > 0 and longest < LEFT - 10


def test_an_svg_holds_the_figure(answered, tmp_path):
    model, result = answered
    line = export.save(tmp_path / "figure.svg", "figure", model, result, **EVIDENCE)
    assert line == result.caption(**EVIDENCE)
    figure, root = figure_of(result, EVIDENCE), ElementTree.parse(tmp_path / "figure.svg").getroot()
    assert (root.get("width"), root.get("height")) == (str(figure.width), str(figure.height))
    words = [node for node in root if node.tag.endswith("text")]
    anchored = [(int(n.get("x", "")), int(n.get("y", "")), n.get("text-anchor"), n.text) for n in words]
    assert anchored == figure.words
    places = [(int(n.get("x", "")), int(n.get("y", ""))) for n in root if n.tag.endswith("image")]
    assert places == [(left, top) for left, top, _ in figure.pictures]


class Read:
    """A PDF's objects, found by way of its table of where they begin."""

    def __init__(self, file: bytes) -> None:
        assert file.startswith(b"%PDF-1.4\n") and file.endswith(b"%%EOF\n")
        start = int(file.rsplit(b"startxref\n", 1)[1].split()[0])
        table, trailer = file[start:].split(b"trailer\n")
        head, *entries = table.splitlines()[1:]
        assert head == b"0 %d" % len(entries) and b"/Size %d" % len(entries) in trailer
        assert all(len(entry) + 1 == 20 for entry in entries)  # as the format wants it
        self.objects = {}
        for number, entry in enumerate(entries[1:], 1):
            first, content = file[int(entry.split()[0]) :].split(b"\n", 1)
            assert first == b"%d 0 obj" % number
            self.objects[number] = content[: content.index(b"\nendobj\n")]

    def inflated(self, number: int) -> bytes:
        head, packed = self.objects[number].split(b"\nstream\n", 1)
        packed = packed.removesuffix(b"\nendstream")
        assert b"/FlateDecode" in head and b"/Length %d " % len(packed) in head
        return zlib.decompress(packed)


def test_a_pdf_holds_the_figure_as_text_and_pictures(answered, tmp_path):
    model, result = answered
    line = export.save(tmp_path / "figure.pdf", "figure_pdf", model, result, **SCORES)
    assert line == result.caption(**SCORES)
    figure, read = figure_of(result, SCORES), Read((tmp_path / "figure.pdf").read_bytes())
    sheet = read.objects[3]
    assert f"/MediaBox [0 0 {figure.width * 0.75} {figure.height * 0.75}]".encode() in sheet
    drawn = read.inflated(5).decode()
    places = re.findall(r"q (\d+) 0 0 (\d+) (\d+) (-?\d+) cm /P(\d+) Do Q", drawn)
    assert len(places) == len(figure.pictures)
    for (wide, high, left, low, at), (x, y, picture) in zip(places, figure.pictures, strict=True):
        assert (int(high), int(wide)) == picture.shape[:2]
        assert (int(left), int(low)) == (x, figure.height - y - picture.shape[0])
        number = int(re.search(rb"/P%b (\d+) 0 R" % at.encode(), sheet)[1])  # type: ignore[index]
        assert (
            b"/Width %b /Height %b /ColorSpace /DeviceRGB" % (wide.encode(), high.encode())
            in read.objects[number]
        )
        assert read.inflated(number) == picture.tobytes()
    texts = re.findall(r"BT /F1 13 Tf ([-.\d]+) ([-.\d]+) Td <(\w+)> Tj ET", drawn)
    for (left, base, shown), (x, y, anchor, text) in zip(texts, figure.words, strict=True):
        assert bytes.fromhex(shown).decode("cp1252") == text
        share = {"start": 0, "middle": 0.5, "end": 1}[anchor]
        assert float(left) + share * width_of(text) == pytest.approx(x, abs=0.01)
        assert figure.height - float(base) - y == pytest.approx(0.35 * 13, abs=0.01)


def test_words_of_a_pdf_are_as_wide_as_helvetica_sets_them():
    assert width_of("iiii") * 1000 / 13 == pytest.approx(4 * 222)
    assert width_of("look 10") * 1000 / 13 == pytest.approx(222 + 556 + 556 + 500 + 278 + 556 + 556)
    assert width_of("é") == width_of("0") and width_of("~") * 1000 / 13 == pytest.approx(584)


def test_what_helvetica_does_not_have_is_a_question_mark():
    words = [(0, 0, "start", "caf\N{LATIN SMALL LETTER E WITH ACUTE} \N{CAT FACE} (x) \\")]
    shown = Read(page(10, 10, [], words)).inflated(5)
    assert bytes.fromhex(re.search(rb"<(\w+)>", shown)[1].decode()) == b"caf\xe9 ? (x) \\"  # type: ignore[index]
