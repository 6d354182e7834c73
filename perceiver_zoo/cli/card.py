"""`perceiver-zoo card`: write a model's card from what was measured."""

from __future__ import annotations

import argparse
from typing import Any

from perceiver_zoo.cli.common import CommandError, add_model_arguments, chosen_models
from perceiver_zoo.zoo.card import card


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "card",
        help="write model cards",
        description="Write README.md beside the weights, in the Hub's format, from config.json, metrics.json, "
        "robustness.json and faithfulness.json.",
    )
    add_model_arguments(parser, "describe", "bundled")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    for entry in chosen_models(args, every=lambda entry: entry.folder):
        if not entry.folder or not entry.metrics:
            raise CommandError(f"nothing was measured of {entry.name} here, so there is nothing to write")
        file = entry.folder / "README.md"
        file.write_text(card(entry), encoding="utf-8")
        print(file)
    return 0
