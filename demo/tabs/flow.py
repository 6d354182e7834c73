"""Optical flow: where every pixel went, and what the query of a clicked pixel read to say so."""

from __future__ import annotations

import json
import time
import weakref
from collections import deque
from pathlib import Path
from typing import Any, cast

import gradio as gr
import numpy as np

from demo import words
from demo.downloads import Offer
from demo.models import pipeline
from demo.panels.network import network_row
from demo.parts import QUICK, picture, read_path
from demo.views.flow import half_span, marked, status, wheel_line, where, zoom_of
from perceiver_zoo import media
from perceiver_zoo.media import MediaError, VideoSample
from perceiver_zoo.modalities.flow import FlowModality
from perceiver_zoo.pipeline import FlowPipeline, FlowResult
from perceiver_zoo.views import draw_flow, draw_flow_map
from perceiver_zoo.views.flow import longest
from perceiver_zoo.zoo import assets, find
from perceiver_zoo.zoo.released import FLOW

SOURCES = [("A clip", "clip"), ("Two pictures", "pictures")]
# A click follows only the latents its query read most: all 2,048 of them take half a minute on two cores.
FOLLOWED = 256
# All visitors together keep so many runs: the keys and the input of one tile are 160 MB.
KEPT = 4
PREVIEW_SIDE = 160  # pixels
MOST_FRAMES = round(FlowModality.options["fps"] * FlowModality.options["max_seconds"])


class FlowTab:
    """A clip or two pictures go in, colours of movement come out; a click asks one pixel's query."""

    modality = "flow"
    title = "Flow"
    sentence = (
        "Every pixel is one element, and asks with a query of its own where it went in the next frame. "
        "Click a pixel to see what its query read."
    )
    model = FLOW.name

    def __init__(self) -> None:
        self.runs: deque[FlowResult] = deque(maxlen=KEPT)

    def build(self) -> None:
        """Lay the tab out and wire it."""
        gr.Markdown(self.sentence, elem_classes="sentence")
        with gr.Row(equal_height=False):
            with gr.Column(scale=1, min_width=260):
                self.make_input()
            with gr.Column(scale=2, min_width=260):
                self.make_view()
                network_row(self.model)
        self.thumbnails = gr.State(None, time_to_live=3600)
        # A weak reference: the run itself lies in self.runs and may have to make room for others.
        self.kept = gr.State(None, time_to_live=3600)
        self.wire()

    def make_input(self) -> None:
        self.source = gr.Radio(SOURCES, value="clip", label="Input", show_label=False)
        with gr.Column() as self.clip_part:
            clip = gr.Video(sources=["upload", "webcam"], label="Clip", height=220, elem_id="flow-clip")
            self.input = read_path(clip)
            self.frame = gr.Slider(
                1,
                MOST_FRAMES - 1,
                value=1,
                step=1,
                label="Frame",
                info="The first of the two",
                elem_id="flow-frame",
            )
            self.preview = gr.Image(
                label="The two frames", interactive=False, height=120, buttons=[], elem_id="flow-preview"
            )
        with gr.Row(visible=False) as self.picture_part:
            self.pictures = [
                read_path(gr.Image(sources=["upload", "clipboard"], type="filepath", label=label, height=200))
                for label in ("First frame", "Second frame")
            ]
        self.offer = Offer(self.model)
        self.offer.build()
        self.run_button = gr.Button("Run", variant="primary", elem_id="flow-run")
        with gr.Column() as self.example_part:
            files = self.example_files()
            labels = [Path(file).stem.replace("_", " ") for (file,) in files]
            gr.Examples(
                files, self.input, example_labels=labels, cache_examples=False, api_visibility="private"
            )

    def make_view(self) -> None:
        with gr.Row():
            with gr.Column(min_width=260):
                self.flow_view = picture("Where every pixel went", 340, "flow-view")
            with gr.Column(min_width=260):
                self.map_view = picture("What this pixel's query read", 340, "flow-map", format="webp")
        self.legend = gr.HTML(label="Legend", elem_classes="legend-row flow-legend")
        with gr.Row():
            pixel: dict[str, Any] = {"info": "Click a picture, or press Enter here", "precision": 0}
            self.x = gr.Number(0, label="Pixel, from the left", minimum=0, min_width=120, **pixel)
            self.y = gr.Number(0, label="Pixel, from the top", minimum=0, min_width=120, **pixel)
        self.status = gr.HTML(
            '<div class="status">Drop a clip, or click an example, and press Run.</div>', label="Status"
        )

    def wire(self) -> None:
        """Run reads the frames anew; a click only asks the trace."""
        self.offer.wire()
        parts = [self.clip_part, self.example_part, self.picture_part]
        self.source.change(self.show_parts, self.source, parts, **QUICK)
        self.input.change(self.take_clip, self.input, [self.thumbnails, self.frame, self.preview], **QUICK)
        self.frame.input(self.show_pair, [self.thumbnails, self.frame], self.preview, **QUICK)
        view = [self.flow_view, self.map_view, self.legend, self.x, self.y]
        self.run_button.click(
            self.run,
            [self.source, self.input, self.frame, *self.pictures],
            [self.kept, *view, self.status],
            api_name=self.modality,
            api_description="Optical flow between two frames, and what the pixel that moved most read.",
            show_progress="full",
            show_progress_on=[self.status],
            # Not the other tabs' own: they would wait for minutes.
            concurrency_id="flow",
            concurrency_limit=1,
            trigger_mode="once",
        )
        asked = QUICK | {"show_progress": "minimal", "show_progress_on": [self.legend]}
        asked |= {"concurrency_id": "flow look", "concurrency_limit": 1}
        gr.on([self.flow_view.select, self.map_view.select], self.look_at_click, self.kept, view, **asked)
        gr.on([self.x.submit, self.y.submit], self.look_at, [self.kept, self.x, self.y], view, **asked)

    def show_parts(self, source: str) -> list[Any]:
        """Of the drop zones, those of what goes in."""
        return [gr.update(visible=source == kind) for kind in ("clip", "clip", "pictures")]

    def take_clip(self, clip: str | None) -> list[Any]:
        """Small frames to choose from; the middle pair first, as in the pipeline."""
        if not clip:
            return [None, gr.skip(), None]
        try:
            options = FlowModality.options | {"max_side": PREVIEW_SIDE}
            frames = cast(VideoSample, media.read(clip, "video", **options)).frames
        except MediaError as error:
            raise gr.Error(str(error), title="This file could not be read", print_exception=False) from None
        at, last = max(1, len(frames) // 2), max(1, len(frames) - 1)
        slider = gr.update(maximum=max(2, last), value=at)
        return [frames, slider, self.show_pair(frames, at)]

    def show_pair(self, frames: np.ndarray | None, at: int) -> Any:
        """The frame chosen and the one after it, side by side."""
        if frames is None:
            return gr.skip()
        return np.concatenate(list(frames[int(at) - 1 : int(at) + 1]), axis=1)

    def run(
        self,
        source: str,
        clip: str | None,
        at: int,
        first: str | None,
        second: str | None,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:
        """Flow of one pair, and the look of the pixel that moved most; what cannot be read leaves the last answer."""
        if find(self.model).state == "remote":
            sentence = f"Download {self.model} first, with the button above Run."
            raise gr.Error(sentence, title="Not on this machine yet", print_exception=False)
        started = time.perf_counter()
        try:
            sample = pair_of_pictures(first, second) if source == "pictures" else pair_of_clip(clip, int(at))
        except MediaError as error:
            raise gr.Error(str(error), title="No flow from this", print_exception=False) from None
        reading = time.perf_counter() - started
        progress(0, "loading the model")
        loaded = self.pipeline()
        tiles = tiles_for(loaded, *sample.frames.shape[1:3])

        def tell(done: int, total: int) -> None:
            progress((done, total), "running", unit="steps")

        result = loaded.flow(sample, 0, tiles, tell)
        self.runs.append(result)
        lengths = np.linalg.norm(result.flow, axis=-1)
        y, x = divmod(int(lengths.argmax()), lengths.shape[1])
        progress(None, "asking the pixel that moved most")
        return [weakref.ref(result), *self.ask(result, x, y), status(result, reading)]

    def pipeline(self) -> FlowPipeline:
        return cast(FlowPipeline, pipeline(self.model))

    def look_at_click(self, kept: Any, event: gr.SelectData) -> list[Any]:
        """The pixel a visitor clicked in either picture."""
        if kept is None:
            return [gr.skip()] * 5
        result = self.result_of(kept)
        x, y = (int(at) // zoom_of(*result.layout.picture) for at in event.index)
        return self.ask(result, x, y)

    def look_at(self, kept: Any, x: float | None, y: float | None) -> list[Any]:
        """The pixel a visitor named."""
        return [gr.skip()] * 5 if kept is None else self.ask(self.result_of(kept), int(x or 0), int(y or 0))

    def result_of(self, kept: Any) -> FlowResult:
        result = kept()
        if result is None:
            sentence = "Other runs have taken the place of this one; press Run to have it again."
            raise gr.Error(sentence, title="No longer kept", print_exception=False)
        return result

    def ask(self, result: FlowResult, x: int, y: int) -> list[Any]:
        """Both pictures, the legend and the two numbers for the pixel (x, y), moved inside where it lies outside."""
        height, width = result.layout.picture
        x, y = min(max(x, 0), width - 1), min(max(y, 0), height - 1)
        look = self.pipeline().look(result, y, x, FOLLOWED)
        span = half_span(look.weights)
        most = max(1.0, longest(result.flow))  # below one pixel is noise, which keeps pale
        pictures = [
            draw_flow(result.flow, most),
            draw_flow_map(result.sample, result.layout, look.weights, span),
        ]
        text = (
            f"{result.model}, what the query of pixel {x}, {y} read, by way of the {FOLLOWED} latents it read most; "
            "half of the weight lies where colours are full"
        )
        line = wheel_line(result.flow, most) + words.legend(text, span)
        line += f'<p class="where" aria-live="polite">{where(result, look, x, y)}</p>'
        numbers = [gr.update(value=x, maximum=width - 1), gr.update(value=y, maximum=height - 1)]
        return [*(marked(drawn, x, y) for drawn in pictures), line, *numbers]

    def example_files(self) -> list[list[str]]:
        folder = assets() / "examples"
        listed = json.loads((folder / "examples.json").read_text(encoding="utf-8"))["video"]
        return [[str(folder / "video" / item["file"])] for item in listed]

    def first_example(self, clip: str | None) -> Any:
        """The first example when nothing has been dropped yet."""
        return gr.skip() if clip else self.example_files()[0][0]


def pair_of_clip(clip: str | None, at: int) -> VideoSample:
    """Frame `at`, counted from 1, and the next one; the rest of a clip may be 200 MB. MediaError says what is wrong."""
    if not clip:
        raise MediaError("There is no clip: drop one, or click an example.")
    sample = cast(VideoSample, media.read(clip, "video", **FlowModality.options))
    count = len(sample.frames)
    if count < 2:
        raise MediaError("This clip has one frame only: flow is what moves between two.")
    if not 1 <= at < count:
        raise MediaError(f"Frame {at} has none after it: the clip has {count} frames.")
    pair = slice(at - 1, at + 1)
    return VideoSample(sample.frames[pair].copy(), sample.times[pair])


def pair_of_pictures(first: str | None, second: str | None) -> VideoSample:
    """Two pictures as a clip of two frames. MediaError says what is wrong."""
    if not first or not second:
        raise MediaError("There are not two pictures: give a first and a second frame.")
    one, two = (cast(media.ImageSample, media.read(path, "image")).pixels for path in (first, second))
    if one.shape != two.shape:
        sizes = " and ".join(f"{width} x {height}" for height, width, _ in (one.shape, two.shape))
        raise MediaError(f"The two pictures are {sizes} pixels large; give two of the same size.")
    return VideoSample(np.stack([one, two]), np.arange(2.0))


def tiles_for(loaded: FlowPipeline, height: int, width: int) -> int | None:
    """How many tiles at most: the model's own number on a GPU; on a CPU, where each takes half a minute, one if
    that keeps the picture's aspect within 3 %, else two."""
    if loaded.device.type == "cuda":
        return None
    modality = cast(FlowModality, loaded.modality)
    high, wide = FlowModality(modality.size, modality.overlap, tiles=1).scaled(height, width)
    return 1 if abs(high * width / (wide * height) - 1) < 0.03 else 2
