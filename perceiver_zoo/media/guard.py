"""Reading files from strangers: every one is decoded in a worker process with limits on time, size and memory."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from perceiver_zoo.media import wire
from perceiver_zoo.media.error import MediaError, checked_file, shown_name
from perceiver_zoo.media.options import check_options
from perceiver_zoo.media.sample import Modality, Sample

TIME_LIMIT = 60.0
MAX_WORKERS = 2
# Decoders may leak a little; a fresh process now and then is cheaper than finding out which.
JOBS_PER_WORKER = 500
_START_SECONDS = 120.0
# All that a decoder needs of the environment; tokens and keys stay behind.
_KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "LANG", "LC_ALL", "LC_CTYPE")


def read(
    path: str | os.PathLike[str],
    modality: Modality | None = None,
    *,
    time_limit: float = TIME_LIMIT,
    **options: float,
) -> Sample:
    """Decodes one file from anybody into a sample, in a worker process; many threads may call it at once.

    `modality` says what to read the file as (a video's sound, for one); without it the content decides, see
    `Sample.modality`. `time_limit` is in seconds. Options go to the reader, and those of other modalities are left
    aside: `rate` (Hz) and `max_seconds` of audio; `fps`, `max_seconds` and `max_side` (pixels) of video; `points`
    of a point cloud. Raises MediaError, whose message is one sentence for a person, for every file that cannot be
    read, is larger than 512 MiB, or takes too much time or memory.
    """
    check_options(modality, options)
    file = checked_file(path)
    job = {"path": str(file), "modality": modality, "options": options}
    try:
        header, arrays = _pool.ask(job, time_limit)
    except TimeoutError:
        raise MediaError(
            f"{shown_name(file)} takes more than {time_limit:g} s to decode; give a shorter or smaller file."
        ) from None
    except WorkerEndedError as error:
        raise MediaError(
            f"{shown_name(file)} cannot be decoded: the decoder {error}; the file may be damaged or too large."
        ) from None
    if "error" in header:
        raise MediaError(str(header["error"]))
    return wire.unpacked(header, arrays)


def warm() -> None:
    """Starts a worker and loads all its decoders, so that the first file need not wait. Takes a few seconds.

    Raises MediaError if no worker starts.
    """
    with suppress(TimeoutError, WorkerEndedError):
        _pool.ask({"path": None}, _START_SECONDS)


class WorkerEndedError(RuntimeError):
    """The worker ended before it answered; the message says how, to follow the words "the decoder"."""


class _Worker:
    """One worker process. `ask` is for one thread at a time."""

    def __init__(self) -> None:
        self.jobs = 0
        self._expired = False
        self._folder = tempfile.mkdtemp(prefix="perceiver-zoo-")
        command = [sys.executable, "-m", "perceiver_zoo.media.worker"]
        try:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                cwd=self._folder,
                env=_environment(self._folder),
            )
        except OSError:
            shutil.rmtree(self._folder, ignore_errors=True)
            raise
        try:
            with self._deadline(_START_SECONDS):
                wire.receive(self._pipes()[1])
        except BaseException:
            self.stop()
            raise

    def ask(self, job: dict[str, Any], seconds: float) -> tuple[dict[str, Any], wire.Arrays]:
        """The answer to one job. Raises TimeoutError or WorkerEndedError; the worker is of no use after either."""
        self.jobs += 1
        to_worker, from_worker = self._pipes()
        try:
            with self._deadline(seconds):
                wire.send(to_worker, {**job, "seconds": seconds})
                return wire.receive(from_worker)
        except (EOFError, OSError, ValueError) as error:
            if self._expired:
                raise TimeoutError from None
            raise WorkerEndedError(self._how_it_ended()) from error

    def stop(self) -> None:
        """Ends the process, whatever it is doing."""
        self.process.kill()
        self.process.wait()
        for pipe in self._pipes():
            # Unsent bytes of a job have nowhere to go.
            with suppress(OSError):
                pipe.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _pipes(self) -> tuple[Any, Any]:
        return self.process.stdin, self.process.stdout

    @contextmanager
    def _deadline(self, seconds: float) -> Iterator[None]:
        """Kills the process when time is up; the pipe then ends, which wakes the thread that reads it."""
        timer = threading.Timer(seconds, self._expire)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def _expire(self) -> None:
        self._expired = True
        self.process.kill()

    def _how_it_ended(self) -> str:
        try:
            code = self.process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return "gave an answer that makes no sense"
        # Not every system has these signals, so they are known by name.
        name = signal.Signals(-code).name if code < 0 else ""
        if name in ("SIGALRM", "SIGXCPU"):
            return "took too long"
        return "was stopped, perhaps for want of memory" if name == "SIGKILL" else "crashed"


class _Pool:
    """Up to MAX_WORKERS workers, started when there is work, kept for the next file, replaced when they end."""

    def __init__(self) -> None:
        self._slots = threading.BoundedSemaphore(MAX_WORKERS)
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []
        self._all: set[_Worker] = set()

    def ask(self, job: dict[str, Any], seconds: float) -> tuple[dict[str, Any], wire.Arrays]:
        """As a worker's `ask`, once one is free."""
        with self._slots:
            worker = self._take()
            try:
                answer = worker.ask(job, seconds)
            except BaseException:
                # An interrupted answer would be taken for the next job's.
                self._drop(worker)
                raise
            if worker.jobs >= JOBS_PER_WORKER:
                self._drop(worker)
            else:
                with self._lock:
                    self._idle.append(worker)
            return answer

    def close(self) -> None:
        """Ends all workers; the next job starts a new one."""
        with self._lock:
            workers, self._idle = list(self._all), []
        for worker in workers:
            self._drop(worker)

    def forget(self) -> None:
        """For a forked child: the workers and locks are the parent's, so this process starts without any."""
        # Kept by name, so that nothing of the parent's is cleaned up here.
        self._inherited = self._all
        self._slots, self._lock = threading.BoundedSemaphore(MAX_WORKERS), threading.Lock()
        self._idle, self._all = [], set()

    def _take(self) -> _Worker:
        while True:
            with self._lock:
                worker = self._idle.pop() if self._idle else None
            if worker is None:
                return self._start()
            if worker.process.poll() is None:
                return worker
            self._drop(worker)

    def _start(self) -> _Worker:
        try:
            worker = _Worker()
        except (EOFError, OSError, ValueError) as error:
            raise MediaError(
                "No file can be read at present: the process that decodes files does not start."
            ) from error
        with self._lock:
            self._all.add(worker)
        return worker

    def _drop(self, worker: _Worker) -> None:
        with self._lock:
            self._all.discard(worker)
        worker.stop()


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    # The worker imports from where this process imports, wherever that was set.
    kept["PYTHONPATH"] = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP", "HOME"), folder)
    return {**kept, **temporary, "PYTHONUTF8": "1", "OMP_NUM_THREADS": "2", "MALLOC_ARENA_MAX": "2"}


_pool = _Pool()
atexit.register(_pool.close)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_pool.forget)
