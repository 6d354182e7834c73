"""`perceiver-zoo calibrate`: make the probabilities of a model mean what they say."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from perceiver_zoo.cli.common import CommandError, add_data_argument, data_folder
from perceiver_zoo.cli.evaluate import chosen, has_recipe


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "calibrate",
        help="fit a model's temperature",
        description="Fit one temperature a model on samples that it was not trained on and is not measured on, and "
        "write it into the card in config.json. The order of the answers stays. Measure anew afterwards.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="models to calibrate")
    parser.add_argument("--all", action="store_true", help="calibrate every bundled model")
    parser.add_argument("--weights", type=Path, metavar="FOLDER", help="calibrate the weights in this folder")
    add_data_argument(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    entries = [has_recipe(entry) for entry in chosen(args)]
    data = data_folder(args.data)

    from perceiver_zoo.pipeline import load
    from perceiver_zoo.training.calibration import calibrate, write_calibration

    for entry in entries:
        assert entry.folder is not None  # a model with a recipe lies in a folder
        try:
            fitted = calibrate(load(entry, precision="exact"), data)
        except (FileNotFoundError, ValueError) as error:
            raise CommandError(str(error)) from error
        write_calibration(entry.folder, fitted)
        print(
            f"{entry.name}: temperature {fitted['temperature']}, calibration error "
            f"{fitted['error_before']} before and {fitted['error_after']} after, "
            f"on {fitted['n']} samples: {fitted['on']}",
            flush=True,
        )
    return 0
