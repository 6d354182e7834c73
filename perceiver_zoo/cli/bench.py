"""`perceiver-zoo bench`: how long an answer takes and every map of its trace, here and now."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from perceiver_zoo.cli.common import classifier, positive, whole_file
from perceiver_zoo.zoo.registry import registry


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "bench",
        help="measure how long answers and maps take",
        description="Measure how long an answer takes on the CPU and every map of its trace, and print the tables in "
        "Markdown. A model that is not downloaded is measured with random weights. Where transformers has a network of "
        "the same shape, and is installed, it is measured too, on the same weights.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to measure (default: the bundled)")
    parser.add_argument(
        "--runs", type=positive, default=5, metavar="N", help="medians of N runs (default: %(default)s)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures to FILE")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    bundled = (entry for entry in registry().values() if entry.folder)
    entries = list(map(classifier, args.names)) or list(bundled)

    import torch

    from perceiver_zoo.pipeline import peer, speed

    measured = []
    for entry in entries:
        pipeline, file = speed.on_cpu(entry), speed.example(entry)
        measured.append(speed.measure(pipeline, file, args.runs))
        if peer.has_peer(pipeline) and peer.installed():
            measured[-1]["peer"] = peer.compare(pipeline, file, args.runs)
        elif peer.has_peer(pipeline):
            print(f"{entry.name}: transformers is not installed, so there is no peer", file=sys.stderr)
    cpu = {"threads": torch.get_num_threads(), "capability": torch.backends.cpu.get_cpu_capability()}
    figures = {"cpu": cpu, "runs": args.runs, "models": measured}
    print(markdown(figures))
    if args.json:
        with whole_file(args.json) as part:
            part.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    return 0


def markdown(figures: dict[str, Any]) -> str:
    """The tables of what was measured; the README's test compares them with its own."""
    cpu, models = figures["cpu"], figures["models"]
    lenses = list(dict.fromkeys(lens for model in models for lens in model["lenses"]))
    lines = [
        f"{cpu['threads']} threads of a CPU with {cpu['capability']}, float32; n = {figures['runs']}, medians; "
        "milliseconds of the first map after an answer, and of the slowest of the next ones.",
        "",
        f"| model | elements × latents | run | {' | '.join(lens.replace('_', ' ') for lens in lenses)} |",
        "|---|---|---|" + "---|" * len(lenses),
    ]
    for model in models:
        windows = f"{model['windows']} × " if model["windows"] > 1 else ""
        name = f"`{model['model']}`" + ("" if model["trained"] else ", random weights")
        cells = [name, f"{windows}{model['elements']:,} × {model['latents']}", milliseconds(model["run"])]
        for lens in lenses:
            own = model["lenses"].get(lens)
            cells.append(f"{milliseconds(own['first'])}, {milliseconds(own['next'])}" if own else "-")
        lines.append(f"| {' | '.join(cells)} |")
    compared = [model for model in models if "peer" in model]
    return "\n".join(lines + (["", *beside_peer(compared)] if compared else []))


def beside_peer(models: list[dict[str, Any]]) -> list[str]:
    """A table of the answer with its mean map, here and by transformers."""
    lines = [
        "| an answer with its mean map | here | transformers | here, as a share | peak memory here | transformers "
        "| here, as a share |",
        "|---|---|---|---|---|---|---|",
    ]
    for model in models:
        cells = [f"`{model['model']}`"]
        for kind, text in (("seconds", "{:.2f} s"), ("bytes", "{:,.0f} MB")):
            found = model["peer"][kind] or {}
            ours, theirs = found.get("ours"), found.get("theirs")
            if not ours or not theirs:  # not measured, or less than a page
                cells += ["-"] * 3
                continue
            unit = 1e6 if kind == "bytes" else 1
            cells += [text.format(ours / unit), text.format(theirs / unit), f"{ours / theirs:.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def milliseconds(seconds: float) -> str:
    """0.0123 -> "12"; below ten with one digit after the point."""
    return f"{seconds * 1e3:.1f}" if seconds < 0.00995 else f"{seconds * 1e3:,.0f}"
