"""`perceiver-zoo evaluate`: measure models on their held-out data, and compare with what is on record."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from perceiver_zoo.cli.common import CommandError, add_data_argument, data_folder, percent, printable
from perceiver_zoo.zoo.registry import ZooEntry, find, list_models, read_entry


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "evaluate",
        help="measure models on held-out data",
        description="Measure models on their held-out data, one line a model, and compare with its metrics.json. "
        "Exits with 1 when a figure differs.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to measure")
    parser.add_argument("--all", action="store_true", help="measure every model")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="measure the weights in this folder")
    add_data_argument(parser)
    parser.add_argument(
        "--write", action="store_true", help="write metrics.json instead of comparing with it"
    )
    parser.add_argument(
        "--robustness",
        action="store_true",
        help="measure on changed samples, as real files are, and write robustness.json beside the weights",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    entries = chosen(args)
    if not entries:
        raise CommandError("no model is installed", 1)
    data = data_folder(args.data)
    if args.robustness:
        for entry in entries:
            measure_robustness(entry, data)
        return 0
    equal = [measure(entry, data, args.write) for entry in entries]
    return 0 if all(equal) else 1


def chosen(args: argparse.Namespace) -> list[ZooEntry]:
    """The models that were asked for, in one of three ways."""
    if sum([bool(args.names), args.all, args.weights is not None]) != 1:
        raise CommandError("name the models to measure, or say --all, or --weights FOLDER: one of the three")
    if args.weights is None:
        return [find(name) for name in args.names or list_models() if args.names or not find(name).released]
    try:
        return [read_entry(args.weights.resolve())]
    except (OSError, ValueError, KeyError):
        raise CommandError(f"there is no model in the folder {printable(str(args.weights))}") from None


def has_recipe(entry: ZooEntry) -> ZooEntry:
    """The entry itself, if a recipe says what data it is of."""
    from perceiver_zoo.training.recipes import RECIPES

    if entry.config["card"].get("recipe") not in RECIPES:
        raise CommandError(f"{entry.name} has no recipe, so nothing says what to measure it on")
    return entry


def measure_robustness(entry: ZooEntry, data: Path) -> None:
    """Measure on changed samples, write robustness.json and print its rows."""
    from perceiver_zoo.pipeline import load
    from perceiver_zoo.training.robustness import robustness, write_robustness

    try:
        measured = robustness(load(has_recipe(entry), precision="exact"), data)
    except (FileNotFoundError, ValueError) as error:
        raise CommandError(str(error)) from error
    if entry.folder:
        write_robustness(entry.folder, measured)
    print(f"{entry.name}: {measured['n']} of {measured['split']}, top-1; written to robustness.json")
    for row in measured["rows"]:
        print(f"  {row['change']:<36}{row['level']!s:>8}{percent(row['top1']):>9}", flush=True)


def measure(entry: ZooEntry, data: Path, write: bool) -> bool:
    """Measure and print one model; False when metrics.json says something else."""
    from perceiver_zoo.pipeline import load
    from perceiver_zoo.training.evaluate import evaluate, write_metrics

    try:
        measured = evaluate(load(has_recipe(entry), precision="exact"), data)
    except (FileNotFoundError, ValueError) as error:
        raise CommandError(str(error)) from error
    if write and entry.folder:
        write_metrics(entry.folder, measured)
    differing = [key for key in measured if measured[key] != entry.metrics.get(key)]
    if write:
        verdict = "written to metrics.json"
    elif not entry.metrics:
        verdict = "no metrics.json to compare with"
    elif differing:
        verdict = f"differs from metrics.json in {', '.join(differing)}"
    else:
        verdict = "equal to metrics.json"
    print(f"{entry.name}: {as_text(measured)}; {verdict}", flush=True)
    return write or not entry.metrics or not differing


def as_text(measured: dict[str, Any]) -> str:
    """The figures of one model in one line."""
    parts = [f"{name} {percent(part['top1'])} of {part['n']}" for name, part in measured["parts"].items()]
    return (
        f"{measured['split']}, n {measured['n']}, top-1 {percent(measured['top1'])}, "
        f"top-5 {percent(measured['top5'])}, mean class accuracy {percent(measured['mean_class_accuracy'])}; "
        f"top-1 by part: {', '.join(parts)}"
    )
