"""A model by its name: from the package, a folder, or the Hub."""

from __future__ import annotations

from pathlib import Path

import torch

from perceiver_zoo.modalities import build_modality
from perceiver_zoo.nn import PerceiverConfig
from perceiver_zoo.pipeline.classifier import Pipeline, best_device
from perceiver_zoo.pipeline.flow import FlowPipeline
from perceiver_zoo.pipeline.text import TextPipeline
from perceiver_zoo.zoo import ZooEntry, find, hub, list_models, read_entry, registry
from perceiver_zoo.zoo.names import carry_over
from perceiver_zoo.zoo.weights import blank, load_weights

# What else than naming a class a model is for.
KINDS: dict[str, type[Pipeline]] = {"flow": FlowPipeline, "text": TextPipeline}


def load(
    name: str | Path | ZooEntry,
    device: str | torch.device | None = None,
    precision: str = "auto",
    progress: hub.Progress | None = None,
) -> Pipeline:
    """Load a model: one of the zoo by name, a folder, or a user's own repository on the Hub ("user/name").

    What is not on disk is downloaded first and checked; progress(done, total) is told of it, in bytes. Raises
    UnknownModelError where there is none, DownloadError where it cannot be had.
    """
    entry = name if isinstance(name, ZooEntry) else entry_of(name, progress)
    place = torch.device(device) if device else best_device()
    if entry.folder:
        network, modality, _ = load_weights(entry.folder)
    else:
        assert entry.source is not None
        fetched = hub.cached(entry.source) or hub.fetch(entry.source, progress)
        network = blank(PerceiverConfig.from_dict(entry.network))
        carry_over(network, hub.read_tensors(fetched.weights))
        modality = build_modality(entry.modality, entry.config["reading"])
    return KINDS.get(entry.modality, Pipeline)(entry, network, modality, place, precision)


def entry_of(name: str | Path, progress: hub.Progress | None = None) -> ZooEntry:
    """The zoo's entry of that name, or the one of a folder or of a repository on the Hub."""
    if isinstance(name, Path):
        return read_entry(name)
    if "/" not in name or name in registry():
        return find(name)
    if Path(name).is_dir():
        return read_entry(Path(name))
    source = hub.source_of(name)
    fetched = hub.cached(source) or hub.fetch(source, progress)
    return read_entry(fetched.config.parent, name)


def default_model(modality: str) -> str:
    """The best model of a modality that is on disk: DeepMind's own before bundled ones, these by what they measured.

    ValueError when there is none.
    """
    entries = [find(name) for name in list_models(modality, on_disk=True)]
    own = [entry for entry in entries if entry.modality == modality]
    if not own:
        raise ValueError(f"no model for {modality} is installed")
    return max(own, key=lambda entry: (entry.released is not None, entry.metrics.get("top1", 0.0))).name
