"""One answered clip with sound, and the lines that say what was read of its parts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from html import escape

import numpy as np

from demo.words import concentration
from perceiver_zoo.media.sample import AudioSample, VideoSample
from perceiver_zoo.modalities.audiovisual import AudiovisualLayout, AudiovisualModality, with_black_picture
from perceiver_zoo.pipeline import Result
from perceiver_zoo.pipeline.audiovisual import Reconstruction

PARTS = {"audio": "Sound", "image": "Picture", "label": "Label"}


@dataclass(eq=False)
class Seen:
    """One answered clip. maps: those of all latents together, which take seconds each, once they were asked for."""

    result: Result
    maps: dict[tuple[str, str], np.ndarray] = field(default_factory=dict)

    @property
    def layout(self) -> AudiovisualLayout:
        assert isinstance(self.result.layout, AudiovisualLayout)
        return self.result.layout

    @property
    def clip(self) -> VideoSample:
        sample = self.result.sample
        if isinstance(sample, AudioSample):
            sample = with_black_picture(sample, self.layout.frames.shape[1] / self.layout.seconds)
        assert isinstance(sample, VideoSample)
        return sample

    def map(self, lens: str, latent: int, scale: str) -> np.ndarray:
        """Map [W, M] for one question."""
        if lens == "latent":
            return self.result.weights(lens, latent=latent - 1, scale=scale)
        if (lens, scale) not in self.maps:
            self.maps[lens, scale] = self.result.weights(lens, scale=scale)
        return self.maps[lens, scale]


def percent(share: float) -> str:
    """Three digits, however small: 0.00192 %."""
    return f"{100 * share:.3g} %"


def counts_of(reading: AudiovisualModality) -> dict[str, int]:
    """Elements of each part."""
    sound, picture = reading.samples // reading.sound_patch, math.prod(reading.grid)
    return {"audio": sound, "image": picture, "label": 1}


def shares_html(counts: dict[str, int], shares: dict[str, float] | None = None) -> str:
    """Three bars: what each part has of the attention, with a line where its share of the elements ends."""
    whole = sum(counts.values())
    own = {name: count / whole for name, count in counts.items()}
    sentence = (
        f"Of {whole:,} elements {counts['audio']:,} are sound ({percent(own['audio'])}), {counts['image']:,} picture "
        f"({percent(own['image'])}) and {counts['label']} the label ({percent(own['label'])}): the line in each bar."
    )
    if shares:
        times = {name: f"{share / own[name]:.2f} times" for name, share in shares.items()}
        sentence += (
            f" An element of sound was read {times['audio']} as much as the average element, "
            f"one of the picture {times['image']}, the label's {times['label']}."
        )
    rows = "".join(bar(name, shares[name] if shares else None, own[name]) for name in counts)
    return f'<div class="shares"><b>Shares of the attention</b>{rows}<p>{sentence}</p></div>'


def bar(name: str, share: float | None, own: float) -> str:
    """One part: its share of the attention once there is one, and its share of the elements."""
    value = "" if share is None else percent(share)
    return (
        f'<div class="part"><span class="name">{PARTS[name]}</span><span class="track">'
        f'<span class="fill" style="width:{100 * (share or 0):.3f}%"></span>'
        f'<span class="own" style="left:{100 * own:.3f}%"></span></span>'
        f'<span class="value">{value}</span></div>'
    )


def where(seen: Seen, weights: np.ndarray) -> str:
    """The pictures in words, for those who cannot see them."""
    best, parts = seen.result.labels(1)[0], seen.layout.split(weights)
    half = {name: concentration(parts[name].reshape(len(weights), -1)) for name in ("image", "audio")}
    line = (
        f"{best.label}, {best.probability:.0%}. Half of the picture's attention lies on {half['image']:.0%} of its "
        f"patches, half of the sound's on {half['audio']:.0%}."
    )
    return f'<p class="where" aria-live="polite">{escape(line)}</p>'


def status(seen: Seen, loading: float) -> str:
    """Device, time and size of one answer, in small type."""
    layout, result = seen.layout, seen.result
    windows = len(layout.starts)
    each = f" in each of {windows} windows" if windows > 1 else " in one window"
    loaded = f", model loaded in {loading:.2f} s" if loading > 0.05 else ""
    silent = "" if seen.clip.audio else " This clip has no sound: silence was read."
    return (
        f'<div class="status">{layout.shape[0]:,} elements{each} of {layout.seconds:.2f} s, '
        f"read by {result.trace.latent_count} latents in one look. {escape(result.device)}: "
        f"{result.seconds['read']:.2f} s to read the file, {result.seconds['run']:.2f} s to run{loaded}.{silent}</div>"
    )


def measured(seen: Seen, window: int, back: Reconstruction) -> str:
    """How near the window came back, and how long it took."""
    start = seen.layout.starts[window]
    return (
        f'<div class="status kept">Window {window + 1}, from {start:.2f} to {start + seen.layout.seconds:.2f} s. '
        f"PSNR of the picture {back.picture_psnr:.1f} dB (peak 255), of the sound {back.sound_psnr:.1f} dB "
        f"(peak amplitude 1). {escape(seen.result.device)}: {back.seconds:.1f} s.</div>"
    )
