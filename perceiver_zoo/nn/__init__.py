"""The network: plain torch, no file, no modality."""

from perceiver_zoo.nn.perceiver import LatentTransformer, Perceiver, PerceiverConfig, sharing
from perceiver_zoo.nn.position import FourierConfig, FourierFeatures
from perceiver_zoo.nn.trace import Evidence, Look, Trace

__all__ = [
    "Evidence",
    "FourierConfig",
    "FourierFeatures",
    "LatentTransformer",
    "Look",
    "Perceiver",
    "PerceiverConfig",
    "Trace",
    "sharing",
]
