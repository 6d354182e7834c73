"""Downloads by the real client over real HTTP, in a process of their own, from a Hub on this machine."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import astuple
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from perceiver_zoo.zoo.hub import DownloadError, HubFile, HubSource, bar, source_of
from tests.loopback_hub import Hub, serve_hub

ROOT = Path(__file__).resolve().parents[2]
REPO = "deepmind/vision"
CONFIG = json.dumps({"id2label": {"0": "tench", "1": "crane", "2": "crane"}}).encode()
WEIGHTS = bytes(range(256)) * 1024
PICKLE = WEIGHTS[::-1]
MAIN, ASKED = "e792872" + "0" * 33, "31f8876" + "1" * 33
PINNED = HubSource(
    REPO,
    (
        HubFile("model.safetensors", "refs/pr/2", ASKED[:7], len(WEIGHTS)),
        HubFile("pytorch_model.bin", "main", MAIN[:7], len(PICKLE)),
    ),
    HubFile("config.json", "main", MAIN[:7], len(CONFIG)),
)
OWN = source_of("me/own")
DRIVER = """
import json, sys, time
asked = json.load(sys.stdin)
exec(asked["before"])
from perceiver_zoo.zoo.hub import DownloadError, HubFile, HubSource, cached, fetch
repo, weights, config = asked["source"]
source = HubSource(repo, tuple(HubFile(*file) for file in weights), HubFile(*config))
here, progress, start = cached(source) is not None, [], time.perf_counter()
try:
    got = fetch(source, lambda *at: progress.append(at))
    said = {name: str(value) for name, value in vars(got).items()}
except DownloadError as error:
    said = {"error": str(error)}
seconds, start = time.perf_counter() - start, time.perf_counter()
said |= {"before": here, "after": cached(source) is not None, "glance": time.perf_counter() - start}
print(json.dumps(said | {"seconds": seconds, "progress": progress, "torch": "torch" in sys.modules}))
"""
IMPATIENT = "import time; time.sleep = lambda seconds: None"


@pytest.fixture
def hub() -> Iterator[Hub]:
    """The released layout: a pickle on main, safetensors on a pull request; and somebody's own model."""
    with serve_hub() as hub:
        hub.push(REPO, {"config.json": CONFIG, "pytorch_model.bin": PICKLE}, commit=MAIN)
        hub.push(REPO, {"model.safetensors": WEIGHTS}, "refs/pr/2", commit=ASKED)
        hub.push("me/own", {"config.json": CONFIG, "model.safetensors": WEIGHTS})
        yield hub


def start(hub: Hub, home: Path, source: HubSource, before: str, **more: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", DRIVER],
        cwd=ROOT,
        env=hub.environment(home, **more),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    process.stdin.write(json.dumps({"source": astuple(source), "before": before}))
    process.stdin.close()
    process.stdin = None
    return process


def finish(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    return json.loads(out)


def fetched(
    hub: Hub, home: Path, source: HubSource = PINNED, before: str = "", **more: str
) -> dict[str, Any]:
    """What `fetch` gave in a new process with `home` as HF_HOME; the requests are of this call alone."""
    hub.requests.clear()
    return finish(start(hub, home, source, before, **more))


def blobs(home: Path) -> list[Path]:
    return [path for path in home.glob("hub/models--*/blobs/*") if path.is_file()]


def test_a_first_download_is_checked_and_told(hub: Hub, tmp_path: Path) -> None:
    got = fetched(hub, tmp_path)
    assert Path(got["weights"]).read_bytes() == WEIGHTS and got["weights"].endswith("/model.safetensors")
    assert Path(got["config"]).read_bytes() == CONFIG
    assert got["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert (got["commit"], got["file"]) == (ASKED, "model.safetensors")
    assert (got["before"], got["after"], got["torch"]) == (False, True, False)
    assert got["progress"][-1] == [len(WEIGHTS), len(WEIGHTS)]
    assert not any("authorization" in headers for _, _, headers in hub.requests)
    assert hub.count(path="/api/") == 0


def test_what_is_here_and_pinned_asks_nothing(hub: Hub, tmp_path: Path) -> None:
    first, again = fetched(hub, tmp_path), fetched(hub, tmp_path)
    assert hub.requests == []
    assert again["before"] and again["progress"] == []
    assert {key: again[key] for key in ("weights", "config", "sha256", "commit")} == {
        key: first[key] for key in ("weights", "config", "sha256", "commit")
    }
    assert again["glance"] < 0.05


@pytest.mark.parametrize("damage", ["shorter", "gone"])
def test_a_file_that_changed_its_size_or_went_does_not_count(hub: Hub, tmp_path: Path, damage: str) -> None:
    blob = Path(fetched(hub, tmp_path)["weights"]).resolve()
    os.truncate(blob, 10) if damage == "shorter" else blob.unlink()
    got = fetched(hub, tmp_path)
    assert not got["before"] and Path(got["weights"]).read_bytes() == WEIGHTS


@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_wrong_bytes_of_the_right_length_are_refused(hub: Hub, tmp_path: Path, file: str) -> None:
    hub.fault(file, "wrong")
    got = fetched(hub, tmp_path)
    assert got["error"].startswith(f"{file} of {REPO} arrived with other bytes than 127.0.0.1:")
    assert not got["after"]
    assert all(path.read_bytes() == CONFIG for path in blobs(tmp_path))
    hub.faults.clear()
    assert Path(fetched(hub, tmp_path)["weights"]).read_bytes() == WEIGHTS


def test_a_body_that_ends_early_every_time(hub: Hub, tmp_path: Path) -> None:
    hub.fault("model.safetensors", "cut")
    got = fetched(hub, tmp_path, before=IMPATIENT)
    assert "broke while model.safetensors" in got["error"] and not got["after"]
    assert [path.read_bytes() for path in blobs(tmp_path)] == [CONFIG]


def test_a_dropped_connection_is_resumed(hub: Hub, tmp_path: Path) -> None:
    large = WEIGHTS * 96  # the client keeps what arrived in pieces of 10 MiB
    hub.push("me/own", {"config.json": CONFIG, "model.safetensors": large})
    hub.fault("model.safetensors", "cut", times=1)
    got = fetched(hub, tmp_path, OWN)
    assert got["sha256"] == hashlib.sha256(large).hexdigest()
    assert [headers["range"] for _, _, headers in hub.requests if "range" in headers] == ["bytes=10485760-"]
    assert got["progress"][-1] == [len(large), len(large)]


def test_a_reset_connection_starts_again(hub: Hub, tmp_path: Path) -> None:
    hub.fault("model.safetensors", "reset", times=1)
    got = fetched(hub, tmp_path)
    assert got["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert hub.count("GET", "model.safetensors") == 2


def test_no_such_repository_revision_or_file(hub: Hub, tmp_path: Path) -> None:
    for source, sentence in (
        (source_of("me/none"), "has no model me/none, or shows it to its members only"),
        (source_of("me/own", "v2"), "me/own has no revision v2 on 127.0.0.1"),
        (source_of(REPO), f"{REPO} has no file model.safetensors at the revision main"),
    ):
        got = fetched(hub, tmp_path, source)
        assert sentence in got["error"] and "\n" not in got["error"]


def test_a_gated_model_needs_a_token_which_goes_to_the_hub_alone(hub: Hub, tmp_path: Path) -> None:
    hub.repositories["me/own"].gated = True
    assert "accept them on 127.0.0.1" in fetched(hub, tmp_path, OWN)["error"]
    assert fetched(hub, tmp_path, OWN, HF_TOKEN="hf_mine")["after"]
    for _, path, headers in hub.requests:
        assert headers.get("authorization") == ("Bearer hf_mine" if path.startswith("/me/") else None)


def test_a_moved_pull_request_is_not_trusted(hub: Hub, tmp_path: Path) -> None:
    hub.push(REPO, {"model.safetensors": b"not what was looked at"}, "refs/pr/2", forced=True)
    got = fetched(hub, tmp_path)
    assert (got["file"], got["commit"]) == ("pytorch_model.bin", MAIN)
    assert Path(got["weights"]).read_bytes() == PICKLE
    assert hub.count("GET", "model.safetensors") == 0
    fetched(hub, tmp_path)
    assert hub.requests == []


def test_a_revision_that_went_on_still_gives_the_pinned_commit(hub: Hub, tmp_path: Path) -> None:
    hub.push(REPO, {"config.json": b"{}", "pytorch_model.bin": b"main went on"})
    hub.push(REPO, {"model.safetensors": b"and so did the pull request"}, "refs/pr/2")
    got = fetched(hub, tmp_path)
    assert (got["commit"], Path(got["weights"]).read_bytes()) == (ASKED, WEIGHTS)


def test_when_nothing_is_as_it_was_pinned(hub: Hub, tmp_path: Path) -> None:
    hub.push(REPO, {"config.json": b"{}"}, forced=True)
    assert fetched(hub, tmp_path)["error"].startswith(f"main of {REPO} has moved")


def test_ones_own_branch_is_followed_and_kept_for_when_the_hub_is_away(hub: Hub, tmp_path: Path) -> None:
    first = fetched(hub, tmp_path, OWN)
    assert fetched(hub, tmp_path, OWN)["before"]
    assert (hub.count("HEAD"), hub.count("GET")) == (2, 0)
    commit = hub.push("me/own", {"config.json": CONFIG, "model.safetensors": PICKLE})
    assert fetched(hub, tmp_path, OWN)["commit"] == commit != first["commit"]
    hub.push("me/own", {"config.json": b"{}", "model.safetensors": WEIGHTS * 2})
    hub.fault("model.safetensors", "wrong")
    assert "other bytes" in fetched(hub, tmp_path, OWN)["error"]
    hub.status = 503
    kept = fetched(hub, tmp_path, OWN)
    assert kept["commit"] == commit and Path(kept["config"]).read_bytes() == CONFIG
    assert "answered 503" in fetched(hub, tmp_path / "other", OWN)["error"]


@pytest.mark.skipif(sys.platform == "win32", reason="limits the size of files")
def test_a_full_disk_is_told_and_leaves_nothing(hub: Hub, tmp_path: Path) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))"
    got = fetched(hub, tmp_path, before=limit)
    assert got["error"].startswith(
        f"model.safetensors of {REPO} cannot be written to {tmp_path}/hub (File too large)"
    )
    assert [path.read_bytes() for path in blobs(tmp_path)] == [CONFIG]


def test_two_processes_at_once_download_once(hub: Hub, tmp_path: Path) -> None:
    hub.bytes_per_second = 1e6
    both = [start(hub, tmp_path, PINNED, "") for _ in range(2)]
    one, other = map(finish, both)
    assert one["weights"] == other["weights"] and one["after"] and other["after"]
    assert one["sha256"] == other["sha256"] == hashlib.sha256(WEIGHTS).hexdigest()
    assert hub.count("GET", "model.safetensors") == 1


# What another program that uses the Hub's cache does.
ANOTHER = f"""
from huggingface_hub import hf_hub_download
hf_hub_download({REPO!r}, "config.json")
hf_hub_download({REPO!r}, "model.safetensors", revision="refs/pr/2")
"""


@pytest.mark.parametrize("offline", ["0", "1"])
def test_what_another_program_downloaded_is_checked_and_used(hub: Hub, tmp_path: Path, offline: str) -> None:
    subprocess.run([sys.executable, "-c", ANOTHER], env=hub.environment(tmp_path), check=True, timeout=60)
    got = fetched(hub, tmp_path, HF_HUB_OFFLINE=offline)
    assert not got["before"] and got["after"] and got["commit"] == ASKED
    assert hub.count("GET") == 0
    assert (hub.count("HEAD") == 0) == (offline == "1")


def test_what_another_program_left_damaged_is_not_used(hub: Hub, tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", ANOTHER], env=hub.environment(tmp_path), check=True, timeout=60)
    blob = tmp_path / "hub/models--deepmind--vision/blobs" / hashlib.sha256(WEIGHTS).hexdigest()
    blob.write_bytes(PICKLE)
    assert "is not on this machine" in fetched(hub, tmp_path, HF_HUB_OFFLINE="1")["error"]
    got = fetched(hub, tmp_path)
    assert Path(got["weights"]).read_bytes() == blob.read_bytes() == WEIGHTS


@pytest.mark.parametrize("source", [PINNED, OWN], ids=["pinned", "branch"])
def test_offline_uses_what_is_here(hub: Hub, tmp_path: Path, source: HubSource) -> None:
    first = fetched(hub, tmp_path, source)
    got = fetched(hub, tmp_path, source, HF_HUB_OFFLINE="1")
    assert got["weights"] == first["weights"] and hub.requests == []
    other = fetched(hub, tmp_path / "other", source, HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set: unset it and run `perceiver-zoo download`" in other["error"]


def test_nobody_there_is_told_at_once(hub: Hub, tmp_path: Path) -> None:
    got = fetched(hub, tmp_path, HF_ENDPOINT="http://user:secret@127.0.0.1:9")
    assert "127.0.0.1:9 cannot be reached" in got["error"] and "set HF_ENDPOINT to a mirror" in got["error"]
    assert "secret" not in got["error"] and got["seconds"] < 4


@pytest.mark.skipif(sys.platform != "linux", reason="relies on how a full queue of connections behaves")
def test_a_wall_that_swallows_connections_is_told_soon(hub: Hub, tmp_path: Path) -> None:
    with socket.socket() as wall, socket.socket() as first, socket.socket() as second:
        wall.bind(("127.0.0.1", 0))
        wall.listen(0)
        for waiting in (first, second):
            waiting.setblocking(False)
            waiting.connect_ex(wall.getsockname())
        got = fetched(hub, tmp_path, HF_ENDPOINT=f"http://127.0.0.1:{wall.getsockname()[1]}")
    assert "cannot be reached" in got["error"] and got["seconds"] < 6


def test_something_else_than_a_hub_is_told(hub: Hub, tmp_path: Path) -> None:
    hub.status = 204
    assert "does not answer as a Hub does" in fetched(hub, tmp_path)["error"]


def test_progress_is_understood_by_the_client_for_xet_too() -> None:
    from huggingface_hub.utils._xet_progress_reporting import XetDownloadProgressReporter

    seen: list[tuple[int, int]] = []
    told = bar(lambda done, total: seen.append((done, total)))
    with XetDownloadProgressReporter(
        reconstruction_desc="x", total=30, log_level=30, tqdm_class=told
    ) as report:
        for written, wired in ((10, 25), (30, 28)):
            now = {
                "total_bytes": 30,
                "total_bytes_completed": written,
                "total_transfer_bytes_completed": wired,
            }
            rates = {"total_bytes_completion_rate": 1.0, "total_transfer_bytes_completion_rate": None}
            report.update_progress(SimpleNamespace(**now, **rates))
    assert seen == [(10, 30), (30, 30)]


@pytest.mark.parametrize(
    ("repo", "revision"), [("../../etc", "main"), ("a/b/c", "main"), ("a/b", ""), ("a/b", "../x")]
)
def test_names_that_are_none_are_refused(repo: str, revision: str) -> None:
    with pytest.raises(DownloadError, match="is not"):
        source_of(repo, revision)


def test_a_whole_commit_is_a_pin() -> None:
    assert source_of("a/b", "0" * 40).config.pinned and not source_of("a/b", "0" * 7).config.pinned
