"""Files in the Hub's cache on this machine: which of them were checked, and how one is checked.

A record lies in the repository's own folder of the cache, one a file, so that it goes when the model is deleted
(`hf cache rm`) and no two processes write the same one.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from perceiver_zoo.zoo.hub import HubFile

COMMIT = re.compile(r"[0-9a-f]{40}")
# The Hub's checksums: sha256 of a large file (LFS, Xet), git's sha1 of a small one.
CHECKSUM = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")
CHUNK = 1 << 20


@dataclass(frozen=True)
class Kept:
    """A file that was checked. path: in the cache's snapshot, so with its own name and suffix."""

    path: Path
    commit: str
    sha256: str


def folder(repo: str) -> Path:
    """The folder of a model in the Hub's cache, by the client's own rule."""
    from huggingface_hub import constants

    return Path(constants.HF_HUB_CACHE).resolve() / f"models--{repo.replace('/', '--')}"


def snapshot(repo: str, commit: str, file: str) -> Path:
    return folder(repo) / "snapshots" / commit / file


def record(repo: str, file: HubFile) -> Path:
    name = f"{quote(file.file, safe='')}.json"
    return folder(repo) / "perceiver-zoo" / quote(file.revision, safe="") / name


def recall(repo: str, file: HubFile) -> Kept | None:
    """The file if it was checked before and still has its size; nothing is hashed."""
    try:
        known = json.loads(record(repo, file).read_text(encoding="utf-8"))
        kept = Kept(snapshot(repo, known["commit"], file.file), known["commit"], known["sha256"])
        whole = kept.path.stat().st_size == known["size"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return kept if whole and kept.commit.startswith(file.commit) else None


def remember(repo: str, file: HubFile, kept: Kept) -> Kept:
    """Write down that the file was checked; a cache that is read-only is checked anew each time."""
    path = record(repo, file)
    part = path.with_name(f".{os.getpid()}.{threading.get_ident()}.part")
    with suppress(OSError):
        known = {"commit": kept.commit, "sha256": kept.sha256, "size": kept.path.stat().st_size}
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(known), encoding="utf-8")
        part.replace(path)
    return kept


def adopt(repo: str, file: HubFile) -> Kept | None:
    """The file if it was checked, or if another program left it here and its bytes fit its checksum.

    The checksum is the name of the blob that the snapshot links to. A cache without links has no such name, so there
    a file counts only once the Hub was asked.
    """
    if kept := recall(repo, file):
        return kept
    for commit in commits_here(repo, file):
        path = snapshot(repo, commit, file.file)
        with suppress(OSError):
            checksum = Path(os.readlink(path)).name
            if CHECKSUM.fullmatch(checksum) and (sha256 := check(path, checksum)):
                return remember(repo, file, Kept(path, commit, sha256))
    return None


def commits_here(repo: str, file: HubFile) -> Iterator[str]:
    """Commits in the cache that may stand for the file's revision."""
    if file.commit:
        yield from (path.name for path in folder(repo).glob(f"snapshots/{file.commit}*"))
    elif COMMIT.fullmatch(file.revision):
        yield file.revision
    else:
        with suppress(OSError):
            yield (folder(repo) / "refs" / file.revision).read_text(encoding="utf-8").strip()


def check(path: Path, checksum: str) -> str | None:
    """The file's sha256 if its bytes fit the Hub's checksum, else None."""
    sha256 = hashlib.sha256()
    header = b"blob %d\0" % path.stat().st_size
    blob = hashlib.sha1(header, usedforsecurity=False) if len(checksum) == 40 else None
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            sha256.update(chunk)
            if blob:
                blob.update(chunk)
    return sha256.hexdigest() if (blob or sha256).hexdigest() == checksum else None


def discard(path: Path) -> None:
    """Delete a file of a snapshot with all it links to, so that nobody takes the bytes again."""
    while path.is_symlink():
        target = path.parent / os.readlink(path)
        path.unlink(missing_ok=True)
        path = target
    path.unlink(missing_ok=True)
