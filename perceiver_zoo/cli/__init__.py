"""The command `perceiver-zoo`. Each subcommand is one file; torch is imported only once one of them runs."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

from perceiver_zoo import __version__
from perceiver_zoo.cli import (
    attend,
    bench,
    calibrate,
    card,
    classify,
    download,
    evaluate,
    faithfulness,
    listing,
    train,
)
from perceiver_zoo.cli.common import CommandError
from perceiver_zoo.zoo.registry import UnknownModelError

COMMANDS = (listing, download, classify, attend, train, calibrate, evaluate, faithfulness, bench, card)
PIPE_CLOSED, INTERRUPTED = 141, 130  # 128 + SIGPIPE, 128 + SIGINT, as shells report them


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code: 0 fine, 1 something failed, 2 wrong usage, 130 interrupted."""
    try:
        # A file name may hold what the terminal's encoding cannot.
        for stream in (sys.stdout, sys.stderr):
            with suppress(AttributeError):
                stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
        code = run(argv)
        sys.stdout.flush()
        return code
    except BrokenPipeError:
        # Whoever read the output has had enough; Python must not complain again when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except KeyboardInterrupt:
        return INTERRUPTED


def run(argv: Sequence[str] | None) -> int:
    try:
        args = build_parser().parse_args(argv)
        return args.run(args)
    except SystemExit as stop:  # argparse has said what is wrong, or has printed the help
        return int(stop.code or 0)
    except (CommandError, UnknownModelError) as error:
        print(f"perceiver-zoo: error: {error}", file=sys.stderr)
        return error.code if isinstance(error, CommandError) else 2


def build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="perceiver-zoo",
        description="Pretrained Perceivers for images, sound, video and 3D point clouds, and where they look.",
        epilog="`perceiver-zoo COMMAND --help` describes one command.",
    )
    parser.add_argument("--version", action="version", version=f"perceiver-zoo {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    return parser
