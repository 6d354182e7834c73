"""How to ask: lens, latent, look, head, scale, classes and the element that was picked."""

from __future__ import annotations

from typing import Any

import gradio as gr

from demo.parts import ALL_HEADS, SCALE_CHOICES, head_choices
from demo.question import Question
from perceiver_zoo.lenses import LENSES
from perceiver_zoo.nn import Trace
from perceiver_zoo.pipeline import Result
from perceiver_zoo.zoo import default_lens, find

LIKELIEST, NO_CLASS, NO_LOOK = ("The likeliest", ""), ("No other", ""), ("Nothing", 0)
# Lenses that only models with a mean readout have, and only those whose answer one query makes.
OF_MEANS, OF_ANSWERS = ("class_evidence", "gradient"), ("answer", "answer_gradient")


class Controls:
    """The bar below a view. Its components stand in the order of a `Question`."""

    def __init__(self, model: str) -> None:
        self.model = model

    def build(self) -> list[Any]:
        """Sized for the default model; its last look is asked first."""
        network = find(self.model).network
        latents, looks, heads = network["latents"], len(network["looks"]), network["cross_heads"]
        with gr.Group(elem_classes="asks"):
            others = OF_MEANS if network["readout"] != "mean" else OF_ANSWERS
            lenses = [(lens.title, name) for name, lens in LENSES.items() if name not in others]
            first = LENSES[first_lens(self.model)]
            self.lens = gr.Radio(
                lenses,
                value=first.name,
                label="Lens",
                info=first.sentence,
                elem_classes=touching("lens"),
            )
            with gr.Row():
                self.latent = gr.Slider(
                    1,
                    latents,
                    value=1,
                    step=1,
                    label="Latent",
                    info="Which question",
                    elem_classes=touching("latent"),
                )
                self.look = gr.Slider(
                    1,
                    max(looks, 2),
                    value=looks,
                    step=1,
                    label="Look",
                    info="Which cross-attend",
                    visible=looks > 1,
                    elem_classes=touching("look"),
                )
                self.head = gr.Dropdown(
                    head_choices(heads),
                    value=ALL_HEADS,
                    label="Head",
                    info="Of that look",
                    elem_classes=touching("head"),
                )
            with gr.Row():
                self.scale = gr.Radio(
                    SCALE_CHOICES,
                    value="weights",
                    label="Scale",
                    info="The paper draws the scores before",
                    interactive=len(first.scales) > 1,
                    elem_classes=touching("scale"),
                )
                self.minus = gr.Dropdown(
                    less_choices(looks),
                    value=0,
                    label="Less the look",
                    info="The difference of two looks",
                    elem_classes=touching("less"),
                )
            with gr.Row():
                self.label = gr.Dropdown(
                    [LIKELIEST],
                    value="",
                    label="Class",
                    info="Whose evidence",
                    interactive="label" in first.takes,
                    elem_classes=touching("class"),
                )
                self.versus = gr.Dropdown(
                    [NO_CLASS],
                    value="",
                    label="Against",
                    info="The difference of two",
                    interactive="label" in first.takes,
                    elem_classes=touching("against"),
                )
        self.element = gr.State(None)
        self.plain = [self.lens, self.look, self.head, self.scale, self.label, self.versus, self.minus]
        self.of_lens = [self.lens, self.latent, self.scale, self.label, self.versus]
        order = [self.lens, self.latent, self.look, self.head, self.scale]
        return [*order, self.label, self.versus, self.minus, self.element]

    def fit_lens(self, name: str) -> list[dict[str, Any]]:
        """What a lens says of itself, and which controls it listens to."""
        lens = LENSES[name]
        ranked = "rank" in lens.takes
        return [
            gr.update(info=lens.sentence),
            gr.update(
                label="Rank" if ranked else "Latent",
                info="From the most concentrated" if ranked else "Which question",
            ),
            gr.update(interactive=len(lens.scales) > 1),
            *[gr.update(interactive="label" in lens.takes)] * 2,
        ]

    def fit(self, result: Result, asked: Question, same: bool) -> tuple[Question, list[Any]]:
        """The question as it can be asked of this run, keeping what exists there, and the controls' updates."""
        latents, looks = result.trace.latent_count, len(result.trace.looks)
        lenses, heads = lens_choices(result.trace), head_choices(result.trace.heads)
        best = [label.label for label in result.labels()]
        classes = [(name, name) for name in best + sorted(set(result.names) - set(best))]
        if not same:
            asked = asked._replace(
                lens=kept(asked.lens, lenses, first_lens(result.model)),
                latent=min(int(asked.latent), latents),
                look=min(int(asked.look), looks),
                head=kept(asked.head, heads, ALL_HEADS),
                label=kept(asked.label, classes, ""),
                versus=kept(asked.versus, classes, ""),
                minus=asked.minus if asked.minus <= looks else 0,
            )
        labels, others = [LIKELIEST, *classes], [NO_CLASS, *classes]
        if same:
            skip = gr.skip()
            return asked, [*[skip] * 5, gr.update(choices=labels), gr.update(choices=others), skip, skip]
        return asked, [
            gr.update(choices=lenses, value=asked.lens),
            gr.update(maximum=latents, value=asked.latent),
            gr.update(maximum=max(looks, 2), value=asked.look, visible=looks > 1),
            gr.update(choices=heads, value=asked.head),
            asked.scale,
            gr.update(choices=labels, value=asked.label),
            gr.update(choices=others, value=asked.versus),
            gr.update(choices=less_choices(looks), value=asked.minus, visible=looks > 1),
            asked.element,
        ]


def first_lens(model: str) -> str:
    """The lens a model is shown under first: the one its measured faithfulness earns, else the plain mean."""
    return default_lens(model) or "mean"


def touching(control: str) -> list[str]:
    """Classes of a control, by which the script knows which parts of the drawing it touches."""
    return ["touching", f"touching-{control}"]


def lens_choices(trace: Trace) -> list[tuple[str, str]]:
    return [(lens.title, name) for name, lens in LENSES.items() if lens.available(trace)]


def less_choices(looks: int) -> list[tuple[str, int]]:
    return [NO_LOOK, *((f"Look {look + 1}", look + 1) for look in range(looks))]


def kept(value: Any, choices: list[tuple[str, Any]], instead: Any) -> Any:
    """What was chosen where it still exists."""
    return value if value in [choice for _, choice in choices] else instead
