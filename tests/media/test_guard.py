"""The guarded worker: samples arrive whole, limits hold, and nothing that happens in it reaches the caller."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from media_making import check_sample
from PIL import Image

from perceiver_zoo import media
from perceiver_zoo.media import AudioSample, MediaError, PointCloudSample, Sample, VideoSample, guard, image
from perceiver_zoo.media.guard import _pool

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes through /proc")


@pytest.fixture
def fresh_pool() -> Iterator[None]:
    _pool.close()
    yield
    _pool.close()


@pytest.fixture(scope="module")
def slow_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shape that takes seconds to decode."""
    path = tmp_path_factory.mktemp("slow") / "slow.obj"
    path.write_bytes(b"v 0 0 0\nv 1 2 3\n" * 2_000_000)
    return path


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    Image.new("RGB", (8, 8), "red").save(tmp_path / "small.png")
    return tmp_path / "small.png"


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, AudioSample | VideoSample | PointCloudSample | media.ImageSample):
        parts = (same(getattr(one, field.name), getattr(other, field.name)) for field in fields(one))
        return type(one) is type(other) and all(parts)
    return one == other


def worker_pids() -> list[int]:
    return [worker.process.pid for worker in _pool._all]


def test_importing_the_package_loads_no_decoder() -> None:
    code = "import sys, perceiver_zoo.media; print({'torch', 'av', 'PIL', 'open3d'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"


def test_every_format_arrives_with_the_right_modality(media_files: list[Path]) -> None:
    for path in media_files:
        sample = media.read(path)
        check_sample(sample)
        assert path.name.startswith(sample.modality)


def test_what_arrives_is_what_the_reader_gives(media_files: list[Path]) -> None:
    for path in media_files:
        if path.suffix in (".png", ".webp"):
            assert same(media.read(path), image.read_image(path))


def test_the_caller_chooses_the_modality_and_the_options(media_files: list[Path]) -> None:
    clip = next(path for path in media_files if path.name == "video.mp4")
    sound = media.read(clip, "audio", rate=8000, max_seconds=0.5)
    assert isinstance(sound, AudioSample) and (sound.rate, len(sound.waveform)) == (8000, 4000)
    video = media.read(clip, fps=5, points=100)
    assert isinstance(video, VideoSample) and len(video.frames) == 5 and video.audio is not None
    with pytest.raises(MediaError, match=r"video\.mp4"):
        media.read(clip, "image")


def test_options_that_do_not_exist_are_the_callers_mistake(picture: Path) -> None:
    with pytest.raises(TypeError, match="no option 'colour'"):
        media.read(picture, colour=3)
    with pytest.raises(TypeError, match="reading image has no option 'fps'"):
        media.read(picture, "image", fps=3)
    with pytest.raises(ValueError, match="above zero"):
        media.read(picture, points=0)
    with pytest.raises(ValueError, match="no modality 'smell'"):
        media.read(picture, "smell")  # pyright: ignore[reportArgumentType]


def test_eight_threads_share_two_workers(media_files: list[Path]) -> None:
    alone = {path: media.read(path) for path in media_files}
    jobs = [path for path in media_files for _ in range(2)]
    with ThreadPoolExecutor(8) as threads:
        together: list[Sample] = list(threads.map(media.read, jobs))
    assert all(same(alone[path], sample) for path, sample in zip(jobs, together, strict=True))
    assert 1 <= len(worker_pids()) <= guard.MAX_WORKERS


def test_errors_and_good_files_in_turn(picture: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(picture.read_bytes()[:40])
    media.read(picture)
    pids = worker_pids()
    for _ in range(3):
        with pytest.raises(MediaError, match=r"bad\.png"):
            media.read(tmp_path / "bad.png")
        check_sample(media.read(picture))
    assert worker_pids() == pids


@pytest.mark.usefixtures("fresh_pool")
def test_a_slow_file_is_given_up_and_the_next_is_read(slow_file: Path, picture: Path) -> None:
    began = time.monotonic()
    with pytest.raises(MediaError, match=r"slow\.obj.*more than 0\.05 s"):
        media.read(slow_file, time_limit=0.05)
    assert time.monotonic() - began < 10
    assert worker_pids() == []
    check_sample(media.read(picture))


@pytest.mark.usefixtures("fresh_pool")
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
@pytest.mark.parametrize("blow", ["SIGKILL", "SIGSEGV", "SIGABRT"])
def test_a_worker_that_dies_is_one_sentence_and_is_replaced(
    slow_file: Path, picture: Path, blow: str
) -> None:
    media.read(picture)
    (pid,) = worker_pids()
    threading.Timer(0.15, os.kill, (pid, getattr(signal, blow))).start()
    with pytest.raises(MediaError, match=r"slow\.obj.*cannot be decoded") as caught:
        media.read(slow_file)
    assert "\n" not in str(caught.value)
    check_sample(media.read(picture))
    assert pid not in worker_pids()


@pytest.mark.usefixtures("fresh_pool")
@pytest.mark.skipif(os.name == "nt", reason="needs signals")
def test_a_worker_that_died_while_idle_is_replaced_unnoticed(picture: Path) -> None:
    media.read(picture)
    (pid,) = worker_pids()
    os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    check_sample(media.read(picture))


@linux
@pytest.mark.usefixtures("fresh_pool")
def test_the_worker_knows_no_secrets_and_cannot_ask_for_all_memory(
    picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    media.read(picture)
    (pid,) = worker_pids()
    assert b"secret" not in Path(f"/proc/{pid}/environ").read_bytes()
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert f"Max address space         {6 * 2**30}" in limits
    assert "Max core file size        0" in limits


@linux
def test_a_file_that_asks_for_all_memory_is_refused(tmp_path: Path) -> None:
    header = b"ply\nformat binary_little_endian 1.0\nelement vertex 2000000000\n"
    (tmp_path / "greedy.ply").write_bytes(
        header + b"property float x\nproperty float y\nproperty float z\nend_header\n"
    )
    with pytest.raises(MediaError, match=r"greedy\.ply"):
        media.read(tmp_path / "greedy.ply")


@linux
@pytest.mark.usefixtures("fresh_pool")
def test_memory_does_not_grow_from_job_to_job(media_files: list[Path]) -> None:
    def resident() -> int:
        status = Path(f"/proc/{worker_pids()[0]}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0]) // 1024

    for _ in range(2):
        for path in media_files:
            media.read(path)
    before = resident()
    for _ in range(4):
        for path in media_files:
            media.read(path)
    assert resident() - before < 40


PARENT = """
import os, signal, sys, threading, time
from perceiver_zoo import media
from perceiver_zoo.media.guard import _pool
media.warm()
print(next(iter(_pool._all)).process.pid, flush=True)
if sys.argv[2] == "busy":
    threading.Thread(target=media.read, args=(sys.argv[1],), daemon=True).start()
    time.sleep(0.15)
if sys.argv[2] == "leaves":
    sys.exit(0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@linux
@pytest.mark.parametrize("when", ["idle", "busy", "leaves"])
def test_a_worker_does_not_outlive_its_parent(slow_file: Path, when: str) -> None:
    command = [sys.executable, "-c", PARENT, str(slow_file), when]
    pid = int(subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout)
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


FORK = """
import os, sys
from perceiver_zoo import media
first = media.read(sys.argv[1])
child = os.fork()
again = media.read(sys.argv[1])
assert (first.pixels == again.pixels).all()
if child:
    assert os.waitpid(child, 0)[1] == 0
    assert (media.read(sys.argv[1]).pixels == first.pixels).all()
"""


@linux
def test_a_forked_child_has_workers_of_its_own(picture: Path) -> None:
    subprocess.run([sys.executable, "-c", FORK, str(picture)], check=True, timeout=30)


@pytest.mark.usefixtures("fresh_pool")
def test_workers_are_renewed_now_and_then(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "JOBS_PER_WORKER", 2)
    media.read(picture)
    pids = worker_pids()
    media.read(picture)
    media.read(picture)
    assert worker_pids() != pids


@pytest.mark.usefixtures("fresh_pool")
def test_a_worker_that_cannot_start_is_one_sentence(picture: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for program in ("/does/not/exist", "false" if os.name == "nt" else "/bin/false"):
        monkeypatch.setattr(sys, "executable", program)
        with pytest.raises(MediaError, match="does not start"):
            media.read(picture)


def test_no_temporary_files_stay(
    media_files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _pool.close()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    for path in media_files:
        media.read(path)
    _pool.close()
    assert list(tmp_path.iterdir()) == []
