"""`perceiver-zoo download`, from a Hub on this machine."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from perceiver_zoo.cli import main
from perceiver_zoo.zoo.hub import HubFile
from perceiver_zoo.zoo.released import CONV, FOURIER, RELEASED, TEXT
from tests.loopback_hub import Hub, serve_hub

ROOT = Path(__file__).resolve().parents[2]
Download = Callable[..., subprocess.CompletedProcess[str]]


def content(name: str) -> bytes:
    """As many bytes as a line of output needs; another model, other bytes."""
    return name.encode() * 100_000


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    """Every released model where its source says it is, with stand-ins for the weights."""
    with serve_hub() as hub:
        for model in RELEASED:
            by_revision: dict[str, list[HubFile]] = {}
            for file in (*model.source.weights, model.source.config):
                by_revision.setdefault(file.revision, []).append(file)
            for revision, files in by_revision.items():
                commit = hashlib.sha1(f"{model.name} {revision}".encode()).hexdigest()
                pinned = files[0].commit + commit[len(files[0].commit) :]
                held = {file.file: content(model.name) for file in files}
                hub.push(model.source.repo, held, revision, pinned)
        yield hub


@pytest.fixture
def download(hub: Hub, tmp_path: Path) -> Download:
    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        hub.requests.clear()
        command = [sys.executable, "-m", "perceiver_zoo", "download", *words]
        environment = hub.environment(tmp_path, **more)
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=100)

    return run


def test_path_size_and_checksum_are_printed(download: Download, tmp_path: Path) -> None:
    done = download(FOURIER.name)
    assert (done.returncode, done.stderr) == (0, "")
    head, path, facts = done.stdout.splitlines()
    assert head == f"{FOURIER.name}: downloaded, checked"
    assert Path(path.strip()).read_bytes() == content(FOURIER.name) and str(tmp_path) in path
    size = len(content(FOURIER.name)) / 2**20
    sha256 = hashlib.sha256(content(FOURIER.name)).hexdigest()
    assert facts.startswith(f"  {size:.1f} MiB, sha256 {sha256}, commit {FOURIER.source.weights[0].commit}")


def test_what_is_here_is_said_to_be_and_asks_nothing(hub: Hub, download: Download) -> None:
    first, again = download(FOURIER.name), download(FOURIER.name, HF_HUB_OFFLINE="1")
    assert again.stdout == first.stdout.replace("downloaded, checked", "already here, checked")
    assert (again.returncode, hub.requests) == (0, [])


def test_all_of_them(download: Download) -> None:
    done = download("--all")
    assert done.returncode == 0
    heads = [line for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert sorted(heads) == sorted(f"{model.name}: downloaded, checked" for model in RELEASED)


def test_one_that_fails_does_not_stop_the_others(hub: Hub, download: Download) -> None:
    gone = hub.repositories.pop(CONV.source.repo)
    try:
        done = download(CONV.name, TEXT.name)
    finally:
        hub.repositories[CONV.source.repo] = gone
    assert done.returncode == 1
    assert done.stdout.startswith(f"{TEXT.name}: downloaded, checked\n")
    assert done.stderr.startswith(f"{CONV.name}: 127.0.0.1") and done.stderr.count("\n") == 1


def test_no_network(download: Download) -> None:
    done = download(FOURIER.name, HF_ENDPOINT="http://127.0.0.1:9")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(f"{FOURIER.name}: 127.0.0.1:9 cannot be reached")
    assert "set HF_ENDPOINT to a mirror" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a terminal")
def test_a_terminal_sees_a_bar_and_a_pipe_none(hub: Hub, tmp_path: Path) -> None:
    import pty
    import termios

    mine, its = pty.openpty()
    termios.tcsetwinsize(its, (24, 120))  # a terminal without a width is shown no bar
    command = [sys.executable, "-m", "perceiver_zoo", "download", FOURIER.name]
    environment = hub.environment(tmp_path)
    done = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=its, text=True, timeout=100
    )
    os.set_blocking(mine, False)
    shown = os.read(mine, 1 << 20).decode()
    os.close(its)
    os.close(mine)
    assert done.returncode == 0 and f"{FOURIER.name}: " in shown and "B/s" in shown
    assert "\r" not in done.stdout


def test_a_bundled_model_comes_with_the_package(tiny_zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", "tiny.image", "tiny.audio"]) == 0
    assert (
        capsys.readouterr().out == "tiny.image: comes with the package\ntiny.audio: comes with the package\n"
    )


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "name the models, or say --all: one of the two"),
        ([FOURIER.name, "--all"], "name the models, or say --all: one of the two"),
        ([FOURIER.name, "perceiver"], "there is no model 'perceiver'; there are "),
    ],
)
def test_wrong_usage(words: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["download", *words]) == 2
    said = capsys.readouterr()
    assert complaint in said.err and said.out == ""
