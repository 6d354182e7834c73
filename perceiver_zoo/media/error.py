"""The one error that reading a file may raise, and the checks that every file goes through first."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_FILE_BYTES = 512 * 2**20
_LONGEST_NAME = 80
# Joiners that Persian, Indic scripts and emoji need; Python counts them as unprintable.
_JOINERS = "\u200c\u200d"


class MediaError(ValueError):
    """A file cannot be read. The message is one sentence for a person: what is wrong and what is accepted."""


def shown_name(path: str | os.PathLike[str]) -> str:
    """The file's base name in quotes, fit for one line of text in any script, at most 80 characters long."""
    name = os.path.basename(os.fspath(path).rstrip("/")) or os.fspath(path)
    safe = "".join(c if c.isprintable() or c in _JOINERS else "\N{REPLACEMENT CHARACTER}" for c in name)
    if len(safe) > _LONGEST_NAME:
        safe = f"{safe[: _LONGEST_NAME - 20]}…{safe[-19:]}"
    return f"“{safe}”"


def checked_file(path: str | os.PathLike[str], max_bytes: int = MAX_FILE_BYTES) -> Path:
    """The absolute path of a readable, regular, non-empty file of at most `max_bytes`, else a MediaError."""
    name = shown_name(path)
    try:
        found = Path(path).absolute()
        status = found.stat()
    except FileNotFoundError:
        raise MediaError(f"There is no file {name}; give the path of a file that exists.") from None
    except (OSError, ValueError) as error:
        raise MediaError(f"{name} cannot be opened; give the path of a file that exists.") from error
    if stat.S_ISDIR(status.st_mode):
        raise MediaError(f"{name} is a folder; give one file.")
    if not stat.S_ISREG(status.st_mode):
        raise MediaError(f"{name} is not an ordinary file; give a file on disk.")
    if status.st_size == 0:
        raise MediaError(f"{name} is empty; give a file with something in it.")
    if status.st_size > max_bytes:
        size, limit = status.st_size / 2**20, max_bytes / 2**20
        raise MediaError(f"{name} is {size:.0f} MiB large; files of at most {limit:.0f} MiB are accepted.")
    if not os.access(found, os.R_OK):
        raise MediaError(f"{name} may not be read by this program; allow reading it.")
    return found


@contextmanager
def decoding(path: str | os.PathLike[str], as_what: str, accepted: str) -> Iterator[None]:
    """Turns whatever a decoder raises on a broken file into a MediaError; decoders raise nearly any type.

    `as_what` names the kind of thing ("a picture"), `accepted` the formats to offer instead.
    """
    try:
        yield
    except MediaError:
        raise
    except MemoryError as error:
        raise MediaError(
            f"{shown_name(path)} needs too much memory to decode; give a smaller file."
        ) from error
    except Exception as error:
        raise MediaError(
            f"{shown_name(path)} cannot be read as {as_what}: it is damaged, cut short or of another kind; "
            f"accepted are {accepted}."
        ) from error
