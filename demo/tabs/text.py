"""Text: hidden bytes filled in, and the map over the bytes that were read to do so."""

from __future__ import annotations

import time
from html import escape
from typing import Any, cast

import gradio as gr
import numpy as np

from demo import words
from demo.downloads import Offer
from demo.models import pipeline
from demo.panels.network import network_row
from demo.parts import ALL_HEADS, QUICK, SCALE_CHOICES, head_choices
from perceiver_zoo.media import MediaError
from perceiver_zoo.modalities.text import HIDDEN, TextModality, hide
from perceiver_zoo.pipeline import TextPipeline, TextResult
from perceiver_zoo.views import span_of, text_html
from perceiver_zoo.views.caption import SCALE_NAMES
from perceiver_zoo.zoo import find
from perceiver_zoo.zoo.released import TEXT

LENS_CHOICES = [
    ("All hidden bytes", "hidden"),
    ("One hidden byte", "byte"),
    ("Mean over latents", "mean"),
    ("One latent", "latent"),
]
QUERIES = ("hidden", "byte")  # products of two softmaxes, which have no scores
MOST_ROWS = 40
NAMES = {9: "tab", 10: "newline", 13: "return", 32: "space"}
EXAMPLES = [
    # DeepMind's own, from the model's notebook.
    ("Where some words are missing", "This is an incomplete sentence where some words are", " missing.", ""),
    ("Rome and Paris", "Rome is the capital of Italy, and ", "Paris", " is the capital of France."),
    ("Two bytes of one letter", "After lunch we sat down in a small caf", "é", " near the river in Paris."),
]


class TextTab:
    """A text with hidden bytes goes in; what stands there comes out, and which bytes were read."""

    modality = "text"
    title = "Text"
    sentence = (
        "Every byte is one element, whatever the script. Hidden bytes are filled in; the colours show which bytes were "
        "read to do so."
    )
    model = TEXT.name

    def build(self) -> None:
        """Lay the tab out and wire it."""
        gr.Markdown(self.sentence, elem_classes="sentence")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260):
                self.make_input()
            with gr.Column(scale=2, min_width=260):
                boxed: dict[str, Any] = {"container": True, "show_label": True, "padding": True}
                self.filled = gr.HTML(label="Filled in", elem_id="text-filled", min_height=90, **boxed)
                self.view = gr.HTML(label="What was read", elem_id="text-view", min_height=180, **boxed)
                self.legend = gr.HTML(label="Legend", elem_classes="legend-row text-legend")
                with gr.Group():
                    self.asked = self.make_controls()
                self.status = gr.HTML(
                    '<div class="status">Hide a word, or click an example, and press Fill.</div>',
                    label="Status",
                )
                network_row(self.model)
        self.span = gr.State(None, time_to_live=3600)  # what is marked in the text
        self.result = gr.State(None, time_to_live=3600)
        self.wire()

    def make_input(self) -> None:
        self.input = gr.Textbox(
            lines=5,
            max_lines=12,
            label="Text",
            info=f"{HIDDEN} stands for one hidden byte",
            elem_id="text-input",
        )
        gr.Examples(
            [[text] for text in self.examples()],
            self.input,
            example_labels=[label for label, *_ in EXAMPLES],
            cache_examples=False,
            api_visibility="private",
        )
        with gr.Row(equal_height=True, elem_id="text-hide"):
            self.word = gr.Textbox(
                label="Word to hide", info="Type it, or mark it in the text", scale=3, min_width=150
            )
            self.hide_button = gr.Button("Hide", scale=1, min_width=80)
        self.offer = Offer(self.model)
        self.offer.build()
        self.fill_button = gr.Button("Fill", variant="primary", elem_id="text-fill")
        self.candidates = gr.HTML(label="What it says", elem_id="text-candidates", min_height=120)

    def make_controls(self) -> list[Any]:
        """Lens, hidden byte, latent, head and scale."""
        network = find(self.model).network
        with gr.Row():
            lens = gr.Radio(LENS_CHOICES, value="hidden", label="Lens", info="Whose queries")
            scale = gr.Radio(
                SCALE_CHOICES,
                value="weights",
                label="Scale",
                info="Hidden bytes ask through latents: after it only",
            )
        with gr.Row():
            most = TextModality.longest - 2
            byte = gr.Slider(1, most, value=1, step=1, label="Hidden byte", info="Whose query")
            latent = gr.Slider(1, network["latents"], value=1, step=1, label="Latent", info="Which question")
            choices = head_choices(network["cross_heads"])
            head = gr.Dropdown(choices, value=ALL_HEADS, label="Head", info="Of the latents' look")
        return [lens, byte, latent, head, scale]

    def wire(self) -> None:
        """Fill runs the network; every control only asks the trace."""
        self.offer.wire()
        self.input.select(self.take_marked, None, [self.word, self.span], **QUICK)
        gr.on(
            [self.hide_button.click, self.word.submit],
            self.hide,
            [self.input, self.word, self.span],
            [self.input, self.span],
            **QUICK,
        )
        view = [self.view, self.legend]
        lens, byte, latent, head, scale = self.asked
        self.fill_button.click(
            self.fill,
            [self.input, *self.asked],
            [self.result, self.filled, *view, self.candidates, self.status, byte],
            api_name=self.modality,
            api_description="Fill the bytes written as [MASK], and draw which bytes were read.",
            show_progress="minimal",
            show_progress_on=[self.status],
            concurrency_id="run",
            concurrency_limit=2,
            trigger_mode="once",
        )
        asked = [self.result, *self.asked]
        quick = QUICK | {"concurrency_id": "redraw", "concurrency_limit": 4}
        gr.on([lens.input, head.input, scale.input], self.redraw, asked, view, **quick)
        byte.input(self.redraw_byte, asked, [*view, lens], **quick)
        latent.input(self.redraw_latent, asked, [*view, lens], **quick)

    def take_marked(self, event: gr.SelectData) -> list[Any]:
        """The marked part of the text as the word to hide, and where it is."""
        return [event.value, (event.value, *event.index)] if event.value else [gr.skip()] * 2

    def hide(self, text: str, word: str, span: tuple[str, int, int] | None) -> list[Any]:
        """The text with the marked place hidden, or else with the word where it stands first."""
        start = text.find(word) if word else -1
        if start < 0:
            sentence = f"“{word}” is not in the text." if word else "There is no word to hide: type one."
            raise gr.Error(sentence, title="Nothing hidden", print_exception=False)
        if span and span[0] == word == text[span[1] : span[2]]:
            start = span[1]
        try:
            return [hide(text, start, start + len(word)), None]
        except MediaError as error:
            raise gr.Error(str(error), title="Nothing hidden", print_exception=False) from None

    def fill(self, text: str, lens: str, byte: int, latent: int, head: str, scale: str) -> list[Any]:
        """Fill the hidden bytes; a text that cannot be read leaves the last answer as it is."""
        if find(self.model).state == "remote":
            sentence = f"Download {self.model} first, with the button above Fill."
            raise gr.Error(sentence, title="Not on this machine yet", print_exception=False)
        if text and HIDDEN not in text:
            sentence = f"Nothing is hidden in this text: hide a word, or write {HIDDEN} for each hidden byte."
            raise gr.Error(sentence, title="Nothing to fill", print_exception=False)
        started = time.perf_counter()
        loaded = cast(TextPipeline, pipeline(self.model))
        loading = time.perf_counter() - started
        try:
            result = loaded.fill(text)
        except MediaError as error:
            raise gr.Error(str(error), title="This text could not be read", print_exception=False) from None
        count = len(result.hidden)
        byte = min(int(byte), count)
        drawn = self.redraw(result, lens, byte, latent, head, scale)
        slider = gr.update(maximum=max(2, count), value=byte)
        return [result, filled_html(result), *drawn, table(result), status(result, loading), slider]

    def redraw(
        self, result: TextResult | None, lens: str, byte: int, latent: int, head: str, scale: str
    ) -> list[Any]:
        """The map and its legend for one question, from the trace alone."""
        if result is None:
            return [gr.skip()] * 2
        scale = "weights" if lens in QUERIES else scale
        asked: dict[str, Any] = {"head": None if head == ALL_HEADS else int(head)}
        if lens in QUERIES:
            places = result.hidden
            byte = min(int(byte), len(places))
            weights = result.look(places if lens == "hidden" else [places[byte - 1]], **asked)
        else:
            own = {"latent": int(latent) - 1} if lens == "latent" else {}
            weights = result.weights(lens, scale=scale, **asked, **own)
        who = {
            "hidden": "what the queries of all hidden bytes read, by way of the latents",
            "byte": f"what the query of hidden byte {byte} read, by way of the latents",
            "mean": "mean over latents",
            "latent": f"latent {int(latent)}",
        }[lens]
        heads = "mean over heads" if asked["head"] is None else f"head {asked['head'] + 1}"
        text = (
            f"{result.model}, look 1 of 1, {who}, {heads}, {SCALE_NAMES[scale]}, summed over each character"
        )
        span = span_of(result.layout.by_character(weights), scale)
        sentence = where(result, weights) if scale == "weights" else ""
        line = words.legend(text, span) + f'<p class="where" aria-live="polite">{sentence}</p>'
        return [text_html(result.layout, weights, span), line]

    def redraw_byte(self, result: TextResult | None, lens: str, *question: Any) -> list[Any]:
        """Choosing a hidden byte asks for its query, whatever the lens was."""
        return [*self.redraw(result, "byte", *question), "byte"]

    def redraw_latent(self, result: TextResult | None, lens: str, *question: Any) -> list[Any]:
        """Choosing a latent asks for that latent, whatever the lens was."""
        return [*self.redraw(result, "latent", *question), "latent"]

    def examples(self) -> list[str]:
        return [
            hide(before + word + after, len(before), len(before + word))
            for _, before, word, after in EXAMPLES
        ]

    def first_example(self, text: str | None) -> Any:
        """The first example when nothing has been written yet, so that no tab opens empty."""
        return gr.skip() if text else self.examples()[0]


def filled_html(result: TextResult) -> str:
    """The filled text with what was filled in marked."""
    parts = [f"<mark>{escape(text)}</mark>" if filled else escape(text) for text, filled in result.pieces()]
    return f'<div class="filled" dir="auto">{"".join(parts)}</div>'


def table(result: TextResult) -> str:
    """The five likeliest bytes of every hidden one, of the first MOST_ROWS of them."""
    found = result.candidates(top=5)
    rows = [
        f'<tr><th scope="row">{number}</th>'
        + "".join(f"<td>{byte_name(byte)} <span>{percent(share)}</span></td>" for byte, share in row)
        + "</tr>"
        for number, row in enumerate(found[:MOST_ROWS], start=1)
    ]
    count = len(found)
    shown = f"the first {MOST_ROWS} of {count} hidden bytes" if count > MOST_ROWS else "each hidden byte"
    return (
        f'<div class="candidates" tabindex="0"><table><caption>The likeliest of 256 bytes for {shown}</caption>'
        f"<tbody>{''.join(rows)}</tbody></table></div>"
    )


def percent(share: float) -> str:
    """A probability in whole percent; what rounds to none is not none."""
    return "&lt;1%" if share < 0.005 else f"{share:.0%}"


def byte_name(byte: int) -> str:
    """A byte as HTML: its letter where it is one, else its name or number."""
    if 32 < byte < 127:
        return f"<b>{escape(chr(byte))}</b>"
    return f"<i>{NAMES.get(byte, f'{byte:02X}')}</i>"


def where(result: TextResult, weights: np.ndarray) -> str:
    """The map in words: how many characters hold half of the weight, and what the two marks hold."""
    layout = result.layout
    share = words.concentration(layout.by_character(weights))
    marks = float(weights[0] + weights[layout.count - 1]) / float(weights.sum())
    return (
        f"Half of what was read of the characters lies on {share:.0%} of them. The marks at the start and the end of "
        f"the text hold {marks:.0%} of all."
    )


def status(result: TextResult, loading: float) -> str:
    """Device, times and size of one answer, in small type."""
    loaded = f", model loaded in {loading:.2f} s" if loading > 0.05 else ""
    return (
        f'<div class="status">{result.layout.count:,} bytes, the marks at both ends among them, read by '
        f"{result.trace.latent_count} latents in 1 look. {escape(result.device)}: {result.seconds['run']:.2f} s to "
        f"run{loaded}.</div>"
    )
