"""Files from the Hugging Face Hub: pinned, checked against the Hub's own checksum, remembered.

The client (huggingface_hub) downloads, resumes and caches; it does not check what arrived, so this does. Where the
cache is, which Hub is asked, with which token, and whether at all, is the client's to say: HF_HOME, HF_HUB_CACHE,
HF_ENDPOINT, HF_TOKEN, HF_HUB_OFFLINE, read when huggingface_hub is first imported.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from perceiver_zoo.zoo.hub_errors import DownloadError, NotThere, Unreachable, host, in_words
from perceiver_zoo.zoo.hub_memory import (
    CHECKSUM,
    COMMIT,
    Kept,
    adopt,
    check,
    discard,
    recall,
    remember,
    snapshot,
)

if TYPE_CHECKING:
    import torch

Progress = Callable[[int, int], None]
T = TypeVar("T")
# Seconds to find the Hub at all; the client's own wait for its answer is HF_HUB_ETAG_TIMEOUT.
CONNECT = 2.0
RESTARTS = 2


@dataclass(frozen=True)
class HubFile:
    """One file. commit: how the commit that `revision` resolves to must begin, "" for any; size: about how many bytes.

    A file with a commit, or whose revision is a whole commit, is pinned: once here, it is never asked for again.
    """

    file: str
    revision: str
    commit: str
    size: int

    @property
    def pinned(self) -> bool:
        return bool(self.commit or COMMIT.fullmatch(self.revision))


@dataclass(frozen=True)
class HubSource:
    """Where a model lies. weights: in order of preference, each holding the same numbers. config: for the labels."""

    repo: str
    weights: tuple[HubFile, ...]
    config: HubFile


@dataclass(frozen=True)
class Fetched:
    """A model on this machine, checked. sha256, commit and file: of the weights."""

    weights: Path
    config: Path
    sha256: str
    commit: str
    file: str


def source_of(repo: str, revision: str = "main") -> HubSource:
    """The source of somebody's own model: model.safetensors and config.json, as PyTorchModelHubMixin saves them.

    repo: "user/model". revision: a branch, a tag or a commit; a branch is followed. DownloadError for what is no name.
    """
    from huggingface_hub.utils import HFValidationError, validate_repo_id

    try:
        validate_repo_id(repo)
    except HFValidationError:
        raise DownloadError(f"{repo!r} is not the name of a model on the Hub, such as user/model") from None
    if not revision or ".." in revision:
        raise DownloadError(f"{revision!r} is not a branch, a tag or a commit")
    weights = HubFile("model.safetensors", revision, "", 0)
    return HubSource(repo, (weights,), HubFile("config.json", revision, "", 0))


def cached(source: HubSource) -> Fetched | None:
    """The model if it was downloaded and checked before: some milliseconds, no network, nothing hashed."""
    return assemble(source, recall)


def fetch(source: HubSource, progress: Progress | None = None) -> Fetched:
    """The model: from this machine if it is here and pinned, else from the Hub; DownloadError otherwise.

    progress: called with bytes done and bytes in all while weights arrive, perhaps from another thread; it starts
    again when the download does. What it raises stops the download.
    """
    pinned = all(file.pinned for file in (source.config, *source.weights))
    if pinned and (known := cached(source)):
        return known
    try:
        return download(source, progress)
    except Unreachable:
        if here := assemble(source, adopt):
            return here
        raise


def assemble(source: HubSource, find: Callable[[str, HubFile], Kept | None]) -> Fetched | None:
    config = find(source.repo, source.config)
    if config is None:
        return None
    for file in source.weights:
        if weights := find(source.repo, file):
            return fetched(config, file, weights)
    return None


def fetched(config: Kept, file: HubFile, weights: Kept) -> Fetched:
    return Fetched(weights.path, config.path, weights.sha256, weights.commit, file.file)


def download(source: HubSource, progress: Progress | None) -> Fetched:
    """All that is missing here, from the Hub: the first of the weights that it has as they are pinned."""
    config = bring(source.repo, source.config, None)
    *preferred, file = source.weights
    weights = None
    for better in preferred:
        with suppress(NotThere):
            weights, file = bring(source.repo, better, progress), better
            break
    weights = weights or bring(source.repo, file, progress)
    if file.revision == source.config.revision and config.commit != weights.commit:
        raise DownloadError(f"{file.revision} of {source.repo} changed while it was downloaded: try again")
    # Only now, so that a download that broke leaves the labels of the weights that are here.
    remember(source.repo, source.config, config)
    remember(source.repo, file, weights)
    return fetched(config, file, weights)


def bring(repo: str, file: HubFile, progress: Progress | None) -> Kept:
    """One file, checked: from this machine, else from the Hub."""
    known = recall(repo, file)
    if known and file.pinned:
        return known
    with in_words(repo, file):
        commit, checksum = ask(repo, file)
        if known and known.commit == commit:
            return known
        path = snapshot(repo, commit, file.file)
        was_here = path.exists()
        transfer(repo, file.file, commit, progress)
        if sha256 := check(path, checksum):
            return Kept(path, commit, sha256)
        discard(path)
    if was_here:  # damaged by whoever left it
        return bring(repo, file, progress)
    raise DownloadError(
        f"{file.file} of {repo} arrived with other bytes than {host()} promised, and was deleted: try again"
    )


def ask(repo: str, file: HubFile) -> tuple[str, str]:
    """The commit and the checksum of a file, in one request; NotThere where it is not the pinned commit."""
    import httpx2
    from huggingface_hub import constants, get_hf_file_metadata, hf_hub_url

    # Else the client first asks for a list of coding agents, another wait where nothing answers.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    url = hf_hub_url(repo, file.file, revision=file.revision)
    wait: Any = httpx2.Timeout(constants.HF_HUB_ETAG_TIMEOUT, connect=CONNECT)
    broken = (httpx2.ReadError, httpx2.WriteError, httpx2.RemoteProtocolError)
    there = steadily(lambda: get_hf_file_metadata(url, timeout=wait), broken)
    commit, checksum = there.commit_hash or "", there.etag or ""
    if not COMMIT.fullmatch(commit) or not CHECKSUM.fullmatch(checksum):
        raise Unreachable(f"{host()} does not answer as a Hub does: check the network and HF_ENDPOINT")
    if commit.startswith(file.commit):
        return commit, checksum
    return ask(repo, replace(file, revision=pinned_commit(repo, file)))


def pinned_commit(repo: str, file: HubFile) -> str:
    """The whole name of the pinned commit, where the revision has gone on from it; NotThere where it has it no more."""
    import httpx2
    from huggingface_hub import HfApi

    with suppress(httpx2.HTTPError, ValueError, KeyError, TypeError):
        # A Hub that answers for another commit than it was asked for is not asked again.
        history = (
            [] if COMMIT.fullmatch(file.revision) else HfApi().list_repo_commits(repo, revision=file.revision)
        )
        for past in history:
            if COMMIT.fullmatch(past.commit_id) and past.commit_id.startswith(file.commit):
                return past.commit_id
    raise NotThere(f"{file.revision} of {repo} has moved: it does not hold the commit {file.commit} any more")


def transfer(repo: str, file: str, commit: str, progress: Progress | None) -> None:
    """Let the client fill its cache; it resumes broken connections itself, save those that were reset."""
    import httpx2
    from huggingface_hub import hf_hub_download

    def once() -> Any:
        return hf_hub_download(repo, file, revision=commit, tqdm_class=bar(progress))

    steadily(once, (httpx2.ReadError, httpx2.WriteError))


def steadily(act: Callable[[], T], broken: tuple[type[Exception], ...]) -> T:
    for _ in range(RESTARTS):
        with suppress(*broken):
            return act()
        time.sleep(1)
    return act()


def bar(progress: Progress | None) -> Any:
    """What the client takes for a tqdm class: it draws nothing and tells `progress`."""

    class Bar:
        def __init__(self, *_: Any, total: int | None = None, initial: int = 0, **__: Any) -> None:
            self.n, self.total = initial, total

        def update(self, n: int = 1) -> None:
            self.n += n
            if progress and self.total:
                progress(self.n, self.total)

        def nothing(self, *_: Any, **__: Any) -> None: ...

        # With update_transfer, hf_xet has one bar, of bytes written, and no second one of bytes on the wire.
        update_transfer = set_postfix_str = set_transfer_postfix_str = refresh = close = __exit__ = nothing

        def __enter__(self) -> Bar:
            return self

    return Bar


def read_tensors(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of a .safetensors file or of a .bin one (torch's pickle), by name, on the CPU.

    Nothing in a file is executed. DownloadError where it is damaged, or holds anything but named tensors.
    """
    import torch
    from safetensors.torch import load_file

    if path.suffix not in (".safetensors", ".bin"):
        raise DownloadError(f"{path.name} is neither .safetensors nor .bin")
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # a damaged pickle raises nearly anything
        raise DownloadError(f"{path.name} is damaged, or holds more than tensors: it was not read") from error
    if not isinstance(tensors, dict) or not all(
        isinstance(name, str) and isinstance(tensor, torch.Tensor) for name, tensor in tensors.items()
    ):
        raise DownloadError(f"{path.name} does not hold a model's tensors by name")
    return dict(tensors)


def read_labels(path: Path) -> list[str]:
    """The labels of a config.json, by the numbers 0..n-1 of its id2label; DownloadError for anything else."""
    labels: list[Any] = []
    with suppress(OSError, ValueError, KeyError, TypeError, RecursionError):
        by_number = json.loads(path.read_text(encoding="utf-8"))["id2label"]
        labels = [by_number[str(number)] for number in range(len(by_number))]
    if not labels or not all(isinstance(label, str) for label in labels):
        raise DownloadError(f"{path.name} does not name the labels 0..n-1 in id2label")
    return labels
