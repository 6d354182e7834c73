"""The zoo: every model, what is known of it, and the way to have it."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, ClassVar

import gradio as gr

from demo.downloads import bring, megabytes
from perceiver_zoo.cli.common import percent
from perceiver_zoo.cli.listing import parameters
from perceiver_zoo.zoo import ZooEntry, find, hub, list_models, reads
from perceiver_zoo.zoo.released import Released

STATES = {"bundled": "bundled", "cached": "on this machine", "remote": "to download"}
# What a bundled model reads, from the fields its config.json stores.
READS: dict[str, Callable[[dict[str, Any]], str]] = {
    "image": lambda own: f"a picture of {own['size']} x {own['size']} pixels",
    "audio": lambda own: f"{own['seconds']:g} s of sound at {own['rate'] / 1000:g} kHz",
    "video": lambda own: (
        f"{own['frames']} frames of {own['size']} x {own['size']} pixels at {own['rate']:g} a second"
    ),
    "point_cloud": lambda own: f"{own['points']:,} points of a shape",
}


class ZooTab:
    """A card a model; those that are not here have a button."""

    modality: ClassVar[str] = "zoo"
    title: ClassVar[str] = "Zoo"
    sentence: ClassVar[str] = (
        "All models. Bundled ones came with this page and were measured here; DeepMind's own are downloaded from the "
        "Hugging Face Hub when you ask for them."
    )

    def build(self) -> None:
        """Lay the tab out and wire it."""
        gr.Markdown(self.sentence, elem_classes="sentence")
        self.names = list_models()
        self.cards: dict[str, tuple[gr.HTML, gr.HTML, gr.Button]] = {}
        with gr.Column(elem_classes="zoo"):
            for name in self.names:
                with gr.Column(elem_classes="zoo-card", min_width=0):
                    self.cards[name] = (
                        gr.HTML(card(find(name)), label=name, elem_classes="zoo-known"),
                        gr.HTML(**line(name), label="Download", elem_classes="zoo-line"),
                        gr.Button(**button(name), size="sm", variant="primary"),
                    )
        self.wire()

    def wire(self) -> None:
        private: dict[str, Any] = {"api_visibility": "private"}
        for name, (shown, bar, download) in self.cards.items():
            download.click(
                self.fetcher(name),
                None,
                [shown, bar, download],
                show_progress="full",
                show_progress_on=[bar],
                concurrency_id="download",
                **private,
            )
        # Models may have come since the page was built, by another tab or another visitor.
        gr.on(None, self.now, None, self.components(), show_progress="hidden", **private)

    def components(self) -> list[Any]:
        return [component for row in self.cards.values() for component in row]

    def now(self) -> list[Any]:
        """All cards and buttons as the models are now."""
        return [value for name in self.names for value in self.row(name)]

    def row(self, name: str) -> list[Any]:
        """A model's card, line and button as it is now."""
        return [card(find(name)), gr.update(**line(name)), gr.update(**button(name))]

    def fetcher(self, name: str) -> Callable[..., list[Any]]:
        """The handler of one model's button."""

        def fetch(progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
            bring(name, progress)
            return self.row(name)

        return fetch


def line(name: str) -> dict[str, Any]:
    """The place of the bar, while there is something to download."""
    text = "Not on this machine yet. Downloaded once, and checked against the Hub's checksum."
    return {"value": f'<div class="status">{text}</div>', "visible": find(name).state == "remote"}


def button(name: str) -> dict[str, Any]:
    entry = find(name)
    return {"value": f"Download, {megabytes(entry.size)}", "visible": entry.state == "remote"}


def card(entry: ZooEntry) -> str:
    """All that is known of a model, as HTML; every value escaped."""
    facts = {
        "Parameters": f"{parameters(entry) / 1e6:.2f} million",
        "Reads": entry.released.reads if entry.released else READS[entry.modality](entry.config["reading"]),
        "Trained on": entry.config["card"]["trained_on"],
        **accuracy(entry),
        "Licence": entry.licence,
    }
    rows = "".join(f"<dt>{name}</dt><dd>{escape(value)}</dd>" for name, value in facts.items())
    departs = departures(entry.released) if entry.released else ""
    title = " / ".join(kind.replace("_", " ") for kind in reads(entry))
    return (
        f'<div class="zoo-head"><h3>{escape(entry.name)}</h3><span class="kind">{escape(title)}</span>'
        f'<span class="state {entry.state}">{STATES[entry.state]}, {megabytes(entry.size)}</span></div>'
        f'<dl class="zoo-facts">{rows}<dt>Source</dt><dd>{source(entry)}</dd></dl>{departs}'
    )


def accuracy(entry: ZooEntry) -> dict[str, str]:
    """What was measured here, or else what a paper states: never the one for the other."""
    if entry.metrics:
        measured = entry.metrics
        return {
            "Measured here": f"{percent(measured['top1'])} top-1 on {measured['split']} ({measured['n']:,} samples)"
        }
    if entry.released:
        return {"Published": f"{entry.released.published}. Not measured here."}
    return {"Accuracy": "not measured"}


def source(entry: ZooEntry) -> str:
    """Where the weights are from, as HTML: the recipe of a bundled model, else repository, file and commit."""
    if entry.source is None:
        recipe = entry.config["card"].get("recipe", entry.name)
        made = f"bundled; made by <code>perceiver-zoo train {escape(recipe)}</code>"
        known = entry.metrics.get("sha256", "")
        return made + (f", sha256 <code>{escape(known[:12])}</code>" if known else "")
    repo = escape(entry.source.repo)
    link = f'<a href="https://huggingface.co/{repo}" target="_blank" rel="noopener">{repo}</a>'
    if here := hub.cached(entry.source):
        return (
            f"{link}, <code>{escape(here.file)}</code> at commit <code>{escape(here.commit[:7])}</code>, "
            f"sha256 <code>{escape(here.sha256[:12])}</code>"
        )
    return f"{link}, " + ", else ".join(map(file_line, entry.source.weights))


def file_line(file: hub.HubFile) -> str:
    """One file of a repository, and the commit it is pinned to."""
    pinned = f"commit <code>{escape(file.commit)}</code>" if file.commit else "any commit"
    return f"<code>{escape(file.file)}</code> of <code>{escape(file.revision)}</code>, {pinned}"


def departures(released: Released) -> str:
    """Where the port differs from DeepMind's code, behind a click."""
    return (
        '<details class="zoo-departs"><summary>Where the port departs from DeepMind\'s code</summary>'
        f"<p>{escape(released.departs)}</p></details>"
    )
