"""From a file to labels and maps: load a model once, classify, then ask the trace."""

from perceiver_zoo.pipeline.classifier import PRECISIONS, Pipeline, best_device, device_name
from perceiver_zoo.pipeline.faithfulness import Curves, curves, left_out
from perceiver_zoo.pipeline.flow import FlowPipeline, FlowResult
from perceiver_zoo.pipeline.loading import default_model, load
from perceiver_zoo.pipeline.result import Label, Result
from perceiver_zoo.pipeline.text import TextPipeline, TextResult

__all__ = [
    "PRECISIONS",
    "Curves",
    "FlowPipeline",
    "FlowResult",
    "Label",
    "Pipeline",
    "Result",
    "TextPipeline",
    "TextResult",
    "best_device",
    "curves",
    "default_model",
    "device_name",
    "left_out",
    "load",
]
