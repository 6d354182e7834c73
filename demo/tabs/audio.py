"""Sound: the map over the spectrogram, with a player of its own."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.part import Part
from demo.parts import read_path
from demo.tab import ModalityTab
from demo.views import places
from demo.views.bases import sound_base, sound_cells, waves_base
from demo.views.canvas import canvas
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, WaveLayout
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result
from perceiver_zoo.views.audiovisual import by_column


class Sound(Part):
    """A sound: its spectrogram, or its waveform where that is what was read."""

    def make_view(self, elem_id: str) -> gr.HTML:
        return canvas("Where it listened", elem_id)

    def layout(self, result: Result) -> Layout:
        return result.layout.waves if isinstance(result.layout, AudiovisualLayout) else result.layout

    def weights(self, result: Result, weights: np.ndarray) -> np.ndarray:
        layout = result.layout
        return layout.split(weights)["audio"] if isinstance(layout, AudiovisualLayout) else weights

    def base(self, sample: Any, layout: Any) -> dict[str, Any]:
        return waves_base(sample, layout) if isinstance(layout, WaveLayout) else sound_base(sample, layout)

    def cells(self, sample: Any, layout: Any, folded: np.ndarray) -> np.ndarray:
        if isinstance(layout, WaveLayout):
            return by_column(folded)[None]
        return sound_cells(sample, layout, folded)

    def element_at(self, sample: Any, layout: Any, place: list[int]) -> tuple[int, int]:
        if isinstance(layout, WaveLayout):
            return places.wave_element(layout, place)
        return places.sound_element(sample, layout, place)

    def mark_of(self, sample: Any, layout: Any, element: tuple[int, int]) -> Any:
        if isinstance(layout, WaveLayout):
            return places.wave_mark(layout, element)
        return places.sound_mark(sample, layout, element)


class AudioTab(Sound, ModalityTab):
    modality = "audio"
    title = "Audio"
    sentence = "Every patch of the mel spectrogram is one element. The colours show what the lens below finds in each."

    def make_input(self) -> Any:
        return read_path(
            gr.Audio(sources=["upload", "microphone"], type="filepath", label="Sound", elem_id="audio-input")
        )
