"""The paper's own models beside the bundled ones of the same modality."""

from __future__ import annotations

from typing import Any, NamedTuple

from perceiver_zoo.zoo.registry import ZooEntry


class Published(NamedTuple):
    """One model of Jaegle et al. 2021: its shape as the paper gives it, its data and its result there."""

    shape: str
    elements: str
    data: str
    result: str


# Sections 4.1 to 4.3 and the appendices; version 2 of the paper.
PAPER = {
    "image": Published(
        "512 × 1,024 latents, 8 looks, 6 self-attends",
        "50,176 pixels",
        "ImageNet, 1.28 M photographs, 1,000 classes",
        "78.0 % top-1",
    ),
    "audio": Published(
        "2 looks, 8 self-attends, nothing shared",
        "4,800 mel elements",
        "AudioSet, 1.7 M clips, 527 classes",
        "38.4 mAP (mel, audio alone)",
    ),
    "video": Published(
        "2 looks, 8 self-attends, nothing shared",
        "12,544 patches of 2×8×8",
        "AudioSet, 1.7 M clips, 527 classes: what is filmed",
        "25.8 mAP (video alone)",
    ),
    "point_cloud": Published(
        "512 × 1,024 latents, 2 looks, 6 self-attends",
        "about 2,000 points",
        "ModelNet40, 9,843 shapes, 40 classes",
        "85.7 % top-1",
    ),
}
ELEMENTS = {
    "image": lambda own: f"{own['size'] ** 2:,} pixels",
    "audio": lambda own: f"{audio_patches(own):,} mel patches a window",
    "video": lambda own: f"{video_patches(own):,} patches of space and time a window",
    "point_cloud": lambda own: f"{own['points']:,} points",
}


def audio_patches(own: dict[str, Any]) -> int:
    down, hops = own["patch"]
    return own["mels"] // down * int(own["seconds"] * own["rate"] / (hops * own["hop"]))


def video_patches(own: dict[str, Any]) -> int:
    frames, down, across = own["patch"]
    return ((own["frames"] - frames) // own["stride"] + 1) * (own["size"] // down) * (own["size"] // across)


def beside_paper(entries: list[ZooEntry]) -> str:
    """A Markdown table, two rows a modality."""
    lines = ["| model | latents, looks | elements | data | result |", "|---|---|---|---|---|"]
    for entry in entries:
        if not entry.metrics:
            continue
        network, paper = entry.network, PAPER[entry.modality]
        shape = (
            f"{network['latents']} × {network['latent_dim']} latents, {len(network['looks'])} looks, "
            f"{network['block_layers']} self-attends"
        )
        elements = ELEMENTS[entry.modality](entry.config["reading"])
        data = f"{entry.metrics['split']}, {len(entry.labels)} classes"
        lines.append(
            f"| `{entry.name}` | {shape} | {elements} | {data} | {entry.metrics['top1'] * 100:.1f} % top-1 |"
        )
        lines.append(f"| the paper's | {' | '.join(paper)} |")
    return "\n".join(lines)
