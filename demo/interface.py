"""The page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gradio as gr

from demo.glossary import glossary
from demo.link import NOTHING, Link, read
from demo.tab import ModalityTab
from demo.tabs import TABS
from demo.views.cloud import PLOTLY_SCRIPT, head
from demo.views.live import script
from perceiver_zoo import media
from perceiver_zoo.pipeline import best_device, device_name
from perceiver_zoo.zoo import assets

STATIC = Path(__file__).resolve().parent / "static"
TITLE = "Perceiver Zoo"
INTRODUCTION = (
    "One network that knows nothing about pixels, time or geometry. Drop in a picture, a sound, a video or a 3D shape: "
    "it says what it is and shows, element by element, where it looked."
)
MOST_BYTES = "200mb"


def build() -> gr.Blocks:
    """The whole page, one tab a modality."""
    with gr.Blocks(title=TITLE, delete_cache=(600, 3600)) as page:
        gr.Markdown(f"# {TITLE}\n{INTRODUCTION}", elem_id="masthead")
        gr.HTML(
            '<button type="button" class="tour-again">Show me around</button>',
            label="Tour",
            elem_classes="tour-row",
        )
        tabs: list[Any] = [make() for make in TABS]
        quiet: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        link = gr.State(None)
        with gr.Tabs(overflow_behavior="wrap"):
            for tab in tabs:
                with gr.Tab(tab.title, id=tab.modality, elem_id=f"tab-{tab.modality}") as shell:
                    tab.build(link) if isinstance(tab, ModalityTab) else tab.build()
                if isinstance(tab, ModalityTab):
                    shell.select(tab.open, [tab.input, link], [tab.input, tab.model], **quiet)
                elif hasattr(tab, "first_example"):
                    shell.select(tab.first_example, tab.input, tab.input, **quiet)
                shell.select(None, None, None, js=f"() => zooOpened('{tab.modality}')")
        first = tabs[0]
        reading = page.load(linked, None, link, **quiet)
        reading.then(None, None, None, js="() => zooOpenNamed()")
        reading.then(
            lambda file, link: (
                first.open(file, link) if link.tab in ("", first.modality) else [gr.skip()] * 2
            ),
            [first.input, link],
            [first.input, first.model],
            **quiet,
        )
        with gr.Accordion(
            "What attention is and is not, and a glossary", open=False, elem_classes="explained-row"
        ):
            gr.HTML(glossary(), label="Glossary", elem_classes="explained")
        gr.Markdown(f"Running on {device_name(best_device())}.", elem_classes="status")
    return page


def linked(request: gr.Request) -> Link:
    """What the page's address asks for; the page then chooses the tab it names, which opens it (`ModalityTab.open`)."""
    link = read(request.query_params)
    return link if link.tab in {tab.modality for tab in TABS} else NOTHING


def theme() -> gr.themes.Base:
    """Neutral greys and one accent."""
    return gr.themes.Base(primary_hue="violet", neutral_hue="gray", radius_size="sm")


SCRIPTS = ("address.js", "network.js", "tour.js")


def scripts() -> str:
    """The page's own scripts that belong to no view."""
    return "".join(f"<script>{(STATIC / name).read_text(encoding='utf-8')}</script>" for name in SCRIPTS)


def styles() -> list[str]:
    return [file.read_text(encoding="utf-8") for file in sorted(STATIC.glob("*.css"), reverse=True)]


def launch_options() -> dict[str, Any]:
    """What the page needs from the server: its look, its scripts, the files it may serve."""
    gr.set_static_paths([PLOTLY_SCRIPT])
    media.warm()
    return {
        "theme": theme(),
        # In the head, for Gradio rewrites the selectors of what it is given as css.
        "head": head() + script() + scripts() + "".join(f"<style>{text}</style>" for text in styles()),
        "allowed_paths": [str(assets() / "examples")],
        "max_file_size": MOST_BYTES,
        "footer_links": ["api", "settings"],
        "run_history": False,
    }
