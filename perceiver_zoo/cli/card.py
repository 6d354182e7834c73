"""`perceiver-zoo card`: write a model's card from what was measured."""

from __future__ import annotations

import argparse
from typing import Any

from perceiver_zoo.cli.common import CommandError
from perceiver_zoo.zoo.card import card
from perceiver_zoo.zoo.registry import find, list_models


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "card",
        help="write model cards",
        description="Write README.md beside the weights, in the Hub's format, from config.json, metrics.json, "
        "robustness.json and faithfulness.json.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models whose cards to write")
    parser.add_argument("--all", action="store_true", help="write every bundled model's card")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if bool(args.names) == args.all:
        raise CommandError("name the models, or say --all: one of the two")
    entries = [find(name) for name in args.names or list_models()]
    if args.all:
        entries = [entry for entry in entries if entry.folder]
    for entry in entries:
        if not entry.folder or not entry.metrics:
            raise CommandError(f"nothing was measured of {entry.name} here, so there is nothing to write")
        file = entry.folder / "README.md"
        file.write_text(card(entry), encoding="utf-8")
        print(file)
    return 0
