"""`perceiver-zoo list`: which models there are."""

from __future__ import annotations

import argparse
import json
import math
from typing import Any

from perceiver_zoo.cli.common import percent
from perceiver_zoo.zoo.paper import beside_paper
from perceiver_zoo.zoo.registry import MODALITY_ORDER, ZooEntry, find, list_models


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "list",
        help="list the models",
        description="List the models: name, modality, parameters, size of the weights, licence, measured "
        "accuracy (top-1) and what each was trained on.",
    )
    parser.add_argument("--modality", choices=MODALITY_ORDER, help="only the models of this modality")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print one JSON array, an object a model")
    form.add_argument("--markdown", action="store_true", help="print the README's two tables")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    entries = [find(name) for name in list_models(args.modality)]
    if args.json:
        print(json.dumps([describe(entry) for entry in entries], indent=1))
    elif args.markdown:
        print(markdown(entries), beside_paper(entries), sep="\n\n")
    elif entries:
        print(table(entries))
    else:
        print("no model is installed")
    return 0


def describe(entry: ZooEntry) -> dict[str, Any]:
    """What --json says of a model; top1 is a share in 0..1, or null where nothing was measured here.

    state: bundled, cached or remote. bytes: of the weights file, or about as many as there are to download. classes is
    null where the names are not downloaded yet or there are none. published: a figure of the paper, not measured here.
    """
    return {
        "name": entry.name,
        "modality": entry.modality,
        "state": entry.state,
        "parameters": parameters(entry),
        "bytes": entry.size,
        "classes": len(entry.labels) or None,
        "licence": entry.licence,
        "top1": entry.metrics.get("top1"),
        "split": entry.metrics.get("split"),
        "published": entry.released.published if entry.released else None,
        "trained_on": entry.config["card"]["trained_on"],
    }


def parameters(entry: ZooEntry) -> int:
    """Numbers in the weights, counted from a bundled file's header, or as they were released."""
    if entry.released:
        return entry.released.parameters
    assert entry.weights is not None
    with entry.weights.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(8), "little")))
    shapes = [tensor["shape"] for name, tensor in header.items() if name != "__metadata__"]
    return sum(math.prod(shape) for shape in shapes)


def markdown(entries: list[ZooEntry]) -> str:
    """The README's table of measured models; the README's test compares the two."""
    lines = [
        "| model | classes | parameters | held-out data | n | top-1 | top-5 | mean class accuracy |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        if not (measured := entry.metrics):
            continue
        shares = [percent(measured[name]) for name in ("top1", "top5", "mean_class_accuracy")]
        cells = [f"`{entry.name}`", len(entry.labels), f"{parameters(entry) / 1e6:.2f} M", measured["split"]]
        lines.append("| " + " | ".join(map(str, [*cells, f"{measured['n']:,}", *shares])) + " |")
    return "\n".join(lines)


def table(entries: list[ZooEntry]) -> str:
    rows = [("name", "modality", "state", "parameters", "size", "licence", "top-1", "trained on")]
    for entry in entries:
        top1 = entry.metrics.get("top1")
        rows.append(
            (
                entry.name,
                entry.modality.replace("_", " "),
                entry.state,
                f"{parameters(entry) / 1e6:.2f} M",
                f"{entry.size / 2**20:.1f} MiB",
                entry.licence,
                "-" if top1 is None else percent(top1),
                entry.config["card"]["trained_on"],
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows)
    return "\n".join(line.rstrip() for line in lines)
