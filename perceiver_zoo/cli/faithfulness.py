"""`perceiver-zoo faithfulness`: how true each lens's map is, measured by leaving out what it marks."""

from __future__ import annotations

import argparse
from typing import Any

from perceiver_zoo.cli.common import (
    CommandError,
    add_data_argument,
    add_model_arguments,
    chosen_models,
    data_folder,
    positive,
)
from perceiver_zoo.cli.evaluate import has_recipe
from perceiver_zoo.zoo.registry import ZooEntry, best_lens


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "faithfulness",
        help="measure how true each lens's map is",
        description="Leave out what each lens marks, most first, on held-out data, and write the areas under the "
        "deletion and insertion curves beside a random order's to faithfulness.json.",
    )
    add_model_arguments(parser, "measure", "bundled")
    parser.add_argument(
        "--samples", type=positive, default=200, metavar="N", help="held-out samples (default: %(default)s)"
    )
    add_data_argument(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    entries = [has_recipe(entry) for entry in chosen_models(args, every=lambda entry: entry.folder)]
    data = data_folder(args.data)

    from perceiver_zoo.pipeline import load
    from perceiver_zoo.training.faithfulness import measure, write_faithfulness

    for entry in entries:
        try:
            measured = measure(load(entry, precision="exact"), data, args.samples)
        except FileNotFoundError as error:
            raise CommandError(str(error)) from error
        assert entry.folder is not None
        write_faithfulness(entry.folder, measured)
        print_table(entry, measured)
    return 0


def print_table(entry: ZooEntry, measured: dict[str, Any]) -> None:
    """One line a lens, and which of them earns to be the default."""
    print(f"{entry.name}: {measured['split']}, n {measured['n']}, look {measured['look'] + 1}")
    print(f"{'lens':<16}{'deletion':>10}{'random':>10}{'insertion':>11}{'random':>10}{'gap':>10}{'error':>9}")
    for name, own in measured["lenses"].items():
        print(
            f"{name:<16}{own['deletion']:>10.4f}{own['random_deletion']:>10.4f}{own['insertion']:>11.4f}"
            f"{own['random_insertion']:>10.4f}{own['gap']:>+10.4f}{own['error']:>9.4f}"
        )
    print(
        f"the lens that earns it: {best_lens(measured) or 'none is clearly better than random'}", flush=True
    )
