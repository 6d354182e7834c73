"""The address that reopens a tab as it is: its model, example and settings, counted from 1 as on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from demo.parts import ALL_HEADS
from demo.question import Question
from perceiver_zoo.lenses import LENSES, SCALES

MOST = 1_000_000  # no latent, look or element has a greater number


class Link(NamedTuple):
    """What an address asks for: "" where it names none, and of a question what it names."""

    tab: str
    model: str
    example: str
    question: dict[str, Any]


NOTHING = Link("", "", "", {})


def query_of(tab: str, model: str, asked: Question) -> str:
    """The query string of a settled question; only what its lens takes, and what is not the default."""
    named: dict[str, Any] = {"tab": tab, "model": model, "lens": asked.lens, "look": int(asked.look)}
    if asked.takes("latent") or asked.takes("rank"):
        named["latent"] = int(asked.latent)
    if asked.head != ALL_HEADS:
        named["head"] = int(asked.head) + 1
    if asked.own_scale != "weights":
        named["scale"] = asked.own_scale
    if asked.takes("label"):
        named |= {"class": asked.label} | ({"against": asked.versus} if asked.versus else {})
    if asked.minus:
        named["less"] = int(asked.minus)
    if asked.takes("element"):
        named["element"] = ".".join(str(at + 1) for at in asked.picked)
    return urlencode(named)


def read(query: Mapping[str, str]) -> Link:
    """What an address asks for. What makes no sense is left out: people write addresses too."""
    question: dict[str, Any] = {}
    if query.get("lens") in LENSES:
        question["lens"] = query["lens"]
    if query.get("scale") in SCALES:
        question["scale"] = query["scale"]
    for name, field in (("look", "look"), ("latent", "latent"), ("less", "minus")):
        if number := counted(query.get(name, "")):
            question[field] = number
    if head := counted(query.get("head", "")):
        question["head"] = str(head - 1)
    question |= {
        field: query[name] for name, field in (("class", "label"), ("against", "versus")) if name in query
    }
    element = [counted(part) for part in query.get("element", "").split(".")]
    if len(element) == 2 and all(element):
        question["element"] = (element[0] - 1, element[1] - 1)
    return Link(query.get("tab", ""), query.get("model", ""), query.get("example", ""), question)


def counted(text: str) -> int:
    """A whole number from 1 on, or 0 where it is none."""
    return min(int(text), MOST) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
