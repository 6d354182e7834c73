"""Sound: the map over the spectrogram, beside the player."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from demo.parts import picture, read_path
from demo.tab import ModalityTab
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, WaveLayout
from perceiver_zoo.modalities.base import Layout
from perceiver_zoo.pipeline import Result
from perceiver_zoo.views import Span, draw_sound, draw_waves


class AudioTab(ModalityTab):
    modality = "audio"
    title = "Audio"
    sentence = "Every patch of the mel spectrogram is one element. The colours show which of them were read."

    def make_input(self) -> Any:
        return read_path(
            gr.Audio(sources=["upload", "microphone"], type="filepath", label="Sound", elem_id="audio-input")
        )

    def make_view(self) -> list[Any]:
        return [picture("Where it listened", 440, "audio-view")]

    def part(self, result: Result, weights: np.ndarray) -> tuple[Layout, np.ndarray]:
        if isinstance(result.layout, AudiovisualLayout):
            return result.layout.waves, result.layout.split(weights)["audio"]
        return result.layout, weights

    def draw(self, sample: Any, layout: Any, folded: np.ndarray, span: Span) -> list[Any]:
        if isinstance(layout, WaveLayout):
            return [draw_waves(sample, layout, folded, span)]
        return [draw_sound(sample, layout, folded, span)]
