"""Is the map true? What it marks is really left out, and the model is asked again."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr
import numpy as np

from demo.models import pipeline
from demo.panels.panel import Panel
from demo.parts import QUICK
from demo.question import Question
from demo.views.curves import curves_html
from demo.views.keys import key_of
from demo.words import plural
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.pipeline import Result, curves, left_out
from perceiver_zoo.zoo import default_lens, read_faithfulness

if TYPE_CHECKING:
    from demo.tab import ModalityTab

WAYS = [("Leave them out", "out"), ("Read only them", "only")]
RUN: dict[str, Any] = QUICK | {"concurrency_id": "run"}
DRAW: dict[str, Any] = RUN | {"show_progress": "full", "trigger_mode": "once"}


class Truth(Panel):
    title = "Is the map true?"

    def build(self, tab: ModalityTab) -> None:
        with gr.Row():
            self.share = gr.Slider(
                0, 100, value=20, step=1, label="Most marked elements, %", info="The model really runs again"
            )
            self.way = gr.Radio(
                WAYS, value="out", label="What to do with them", info="A Perceiver reads a set"
            )
        self.outcome = gr.HTML(label="Before and after", elem_classes="truth", apply_default_css=False)
        self.button = gr.Button("Draw deletion and insertion curves", size="sm")
        self.drawing = gr.HTML(label="Curves", elem_classes="truth", apply_default_css=False)
        self.measured = gr.HTML(label="Measured", elem_classes="truth", apply_default_css=False)
        self.curved = gr.State(None)  # the question the curves answer

    def wire(self, tab: ModalityTab) -> None:
        asked = [tab.result, *tab.asked]
        turned = [self.due.change, self.share.input, self.way.input]
        gr.on(turned, self.check, [self.share, self.way, *asked], [self.outcome, self.measured], **RUN)
        drawing = [self.drawing, self.curved]
        self.button.click(self.draw, asked, drawing, **DRAW)
        # Curves may come late, or the question move on: what is not of the map above is taken away.
        gr.on(
            [self.curved.change, self.due.change],
            still_of,
            [self.curved, self.due],
            drawing,
            **QUICK,
        )

    def check(self, share: float, way: str, result: Result | None, *question: Any) -> tuple[Any, Any]:
        """Run again without the marked elements, or with them alone: what came of it, and what was measured before."""
        if result is None:
            return gr.skip(), gr.skip()
        asked, measured = Question(*question).settled(result), measured_html(result.model)
        weights = asked.weights(result, asked.at)
        if told := impossible(result, weights):
            return told, measured
        after = left_out(pipeline(result.model), result, weights, share / 100, keep=way == "only")
        return outcome_html(result, after, asked, share, way), measured

    def draw(
        self,
        result: Result | None,
        *question: Any,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, Any]:
        """Curves of the asked map beside a random order's, and the question they answer."""
        if result is None:
            return gr.skip(), gr.skip()
        asked = Question(*question).settled(result)
        weights, label = asked.weights(result, asked.at), class_of(result, asked)
        if told := impossible(result, weights):
            return told, (key_of(result), *question)

        def watch(shares: Iterable[float]) -> Iterable[float]:
            return progress.tqdm(shares, desc="Asking again", unit="runs")

        found = curves(pipeline(result.model), result, weights, label, watch=watch)
        return curves_html(found, label), (key_of(result), *question)


def still_of(curved: Any, due: Any) -> tuple[Any, Any]:
    """Leave curves that are of the question that is due, take others away."""
    return (gr.skip(), gr.skip()) if curved == due else ("", None)


def class_of(result: Result, asked: Question) -> str:
    """The class the map is about, or the likeliest."""
    return asked.label if asked.takes("label") else result.labels(1)[0].label


def impossible(result: Result, weights: np.ndarray) -> str:
    """Why nothing can be left out by map [W, M], or "" where it can."""
    if weights.shape[1] < 2:
        return "<p>The model read one element, and it cannot be left out: something must be read.</p>"
    if np.isnan(weights).all(axis=1).any():
        return (
            f"<p>This map is of one of the {len(weights)} windows alone, so it does not say what to leave out of the "
            "others: choose another lens.</p>"
        )
    return ""


def outcome_html(result: Result, after: Result, asked: Question, share: float, way: str) -> str:
    """What leaving out did to one class, as a sentence and two bars; probabilities are calibrated, as in the answer."""
    label = class_of(result, asked)
    index = result.index_of(label)
    before, then = float(result.mean[index]), float(after.mean[index])
    least = " (at least one is read)" if share == (100 if way == "out" else 0) else ""
    which = "Without" if way == "out" else "With only"
    now = after.labels(1)[0].label
    answer = f"The answer is still {escape(now)}." if now == result.labels(1)[0].label else ""
    answer = answer or f"The answer is now {escape(now)}."
    return (
        f'<p aria-live="polite">{which} the {share:g} % of the {plural(result.unit)} that '
        f"<b>{escape(LENSES[asked.lens].title)}</b> marks most{least}, {escape(label)} goes from "
        f"<b>{before:.1%}</b> to <b>{then:.1%}</b>. {answer}</p>{bar('Before', before)}{bar('After', then)}"
    )


def bar(name: str, share: float) -> str:
    return (
        f'<div class="part"><span>{name}</span><span class="track"><span class="fill" style="width:{share:.2%}"></span>'
        f'</span><span class="value">{share:.1%}</span></div>'
    )


def measured_html(model: str) -> str:
    """What was measured of every lens of a model on held-out data, and which earned to be the default."""
    measured = read_faithfulness(model)
    if not measured:
        return f"<p>How true the lenses of {escape(model)} are was not measured on held-out data.</p>"
    best = default_lens(model)
    earned = (
        f"<b>{escape(LENSES[best].title)}</b> beats random order by most, and so earns to be the default."
        if best
        else "No lens is clearly better than random order here."
    )
    names = sorted(measured["lenses"], key=lambda name: -measured["lenses"][name]["gap"])
    rows = "".join(row(name, measured["lenses"][name], name == best) for name in names)
    return (
        f"<p>{earned} Areas under the curves, mean of {measured['n']} samples of {escape(measured['split'])}, look "
        f"{measured['look'] + 1}; the gap to random order is how much less lies under deletion and more under "
        "insertion, with its standard error.</p><table><thead><tr><th>Lens</th><th>Deletion</th><th>Insertion</th>"
        f"<th>Gap</th></tr></thead><tbody>{rows}</tbody></table>"
    )


def row(name: str, own: dict[str, float], best: bool) -> str:
    title = escape(LENSES[name].title) if name in LENSES else escape(name)
    return (
        f"<tr{' class=best' if best else ''}><td>{title}</td><td>{own['deletion']:.3f}</td>"
        f"<td>{own['insertion']:.3f}</td><td>{own['gap']:+.3f} ± {own['error']:.3f}</td></tr>"
    )
