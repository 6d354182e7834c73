"""`perceiver-zoo download`: fetch released models from the Hugging Face Hub."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from perceiver_zoo.cli.common import add_model_arguments, chosen_models
from perceiver_zoo.zoo.hub import DownloadError, Fetched, HubSource, cached, fetch


def add_to(commands: Any) -> None:
    parser = commands.add_parser(
        "download",
        help="fetch released models from the Hugging Face Hub",
        description="Fetch released models from the Hugging Face Hub, and check what arrived against its checksum. "
        "Exits with 1 when a model failed; the others are fetched all the same.",
    )
    add_model_arguments(parser, "fetch", "released")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    entries = chosen_models(args, every=lambda entry: entry.source)
    done = [obtain(entry.name, entry.source) for entry in entries]
    return 0 if all(done) else 1


def obtain(name: str, source: HubSource | None) -> bool:
    """Fetch and print one model, which comes with the package if it has no source; False when it failed."""
    if source is None:
        print(f"{name}: comes with the package")
        return True
    known = cached(source)
    try:
        model = with_bar(name, source)
    except DownloadError as error:
        print(f"{name}: {error}", file=sys.stderr)
        return False
    how = "already here" if model == known else "downloaded"
    size = model.weights.stat().st_size
    print(f"{name}: {how}, checked", f"  {model.weights}", sep="\n")
    print(f"  {size / 2**20:.1f} MiB, sha256 {model.sha256}, commit {model.commit}", flush=True)
    return True


def with_bar(name: str, source: HubSource) -> Fetched:
    from tqdm import tqdm

    # disable=None: shown on a terminal only.
    with tqdm(desc=name, unit="B", unit_scale=True, unit_divisor=1024, disable=None, leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        return fetch(source, show)
