"""`perceiver-zoo train`: make a bundled model again."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from perceiver_zoo.cli.common import CommandError, add_data_argument, data_folder, positive
from perceiver_zoo.zoo.registry import registry

LAYOUT_NAMES = ("imagenet", "esc50", "modelnet40", "videos")  # the keys of training.folders.LAYOUTS


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "train",
        help="train a model by its recipe",
        description="Train a model by its recipe. A run found in its folder is resumed.",
    )
    parser.add_argument("name", metavar="NAME", help="a recipe, or a model, which names its recipe")
    add_data_argument(parser)
    parser.add_argument(
        "--run", type=Path, metavar="DIR", dest="folder", help="folder of the run (default: runs/NAME)"
    )
    parser.add_argument(
        "--steps", type=positive, metavar="N", help="steps to train (default: the recipe's own)"
    )
    parser.add_argument(
        "--layout",
        choices=LAYOUT_NAMES,
        help="what DIR holds, where it is your own data: ImageNet's folders, ESC-50, ModelNet40, or a folder of videos "
        "a class (default: the packed data sets)",
    )
    parser.add_argument("--seed", type=seed, default=0, metavar="N", help="seed (default: %(default)s)")
    parser.set_defaults(run=run)


def seed(text: str) -> int:
    if text.isascii() and text.isdecimal() and len(text) <= 9:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 0 to 999999999")


def run(args: argparse.Namespace) -> int:
    recipe = find_recipe(args.name)
    data, folder = data_folder(args.data), args.folder or Path("runs") / recipe.name

    from perceiver_zoo.media import MediaError
    from perceiver_zoo.training.loop import train
    from perceiver_zoo.training.recipes import on_other_data

    try:
        recipe = on_other_data(recipe, args.layout) if args.layout else recipe
    except ValueError as error:
        raise CommandError(str(error)) from error
    try:
        weights = train(recipe, data, folder, args.steps, args.seed)
    except KeyboardInterrupt:
        print(f"\nstopped; the same command goes on from the last checkpoint in {folder}", file=sys.stderr)
        raise
    except (OSError, MediaError) as error:
        raise CommandError(str(error), 1) from error
    print(f"the weights are in {weights}")
    return 0


def find_recipe(name: str) -> Any:
    """The recipe of that name, or of the model of that name."""
    from perceiver_zoo.training.recipes import RECIPES

    made_by = registry()[name].config["card"].get("recipe", name) if name in registry() else name
    if made_by not in RECIPES:
        raise CommandError(f"there is no recipe {name!r}; there are {', '.join(RECIPES)}")
    return RECIPES[made_by]
