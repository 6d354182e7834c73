"""The process that decodes files: one job at a time from stdin, one answer to stdout, until stdin ends.

Started by `guard` as `python -m perceiver_zoo.media.worker`. A broken or hostile file can only end this process.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import threading
from queue import SimpleQueue
from typing import IO, Any

from perceiver_zoo.media import wire
from perceiver_zoo.media.audio import read_audio
from perceiver_zoo.media.error import MAX_FILE_BYTES, MediaError, shown_name
from perceiver_zoo.media.image import read_image
from perceiver_zoo.media.open3d_loader import load_open3d
from perceiver_zoo.media.options import OPTIONS
from perceiver_zoo.media.point_cloud import read_point_cloud
from perceiver_zoo.media.sample import Sample
from perceiver_zoo.media.sniff import modality_of
from perceiver_zoo.media.video import read_video

MAX_MEMORY_BYTES = 6 * 2**30
_READERS = {"image": read_image, "audio": read_audio, "video": read_video, "point_cloud": read_point_cloud}
# A little beyond the parent's own limit, so that this is only felt when there is no parent to keep it.
_GRACE_SECONDS = 5


def main() -> None:
    """Serves jobs until the parent closes the pipe or is gone."""
    jobs_stream, answers = _own_pipes()
    _limit_process()
    wire.send(answers, {"ready": True})
    # Up to here errors are the installation's and worth showing; from here on they are a file's.
    os.dup2(1, 2)
    jobs: SimpleQueue[dict[str, Any]] = SimpleQueue()
    threading.Thread(target=_take_jobs, args=(jobs_stream, jobs), daemon=True).start()
    while True:
        _serve(jobs.get(), answers)


def _own_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Moves the two pipes out of the way of libraries that print to stdout or read stdin."""
    jobs, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)
    return jobs, answers


def _take_jobs(stream: IO[bytes], jobs: SimpleQueue[dict[str, Any]]) -> None:
    """Waits beside the decoder, so that a busy worker too ends at once when the parent is gone."""
    try:
        while True:
            jobs.put(wire.receive(stream)[0])
    except (EOFError, ValueError, OSError):
        # The guard gives each worker its own folder for temporary files.
        shutil.rmtree(tempfile.gettempdir(), ignore_errors=True)
        os._exit(0)


def _serve(job: dict[str, Any], answers: IO[bytes]) -> None:
    _limit_job(job["seconds"])
    try:
        header, arrays = wire.packed(_decode(job)) if job["path"] else ({"warm": _warm()}, {})
    except MediaError as error:
        header, arrays = {"error": str(error)}, {}
    except MemoryError:
        header, arrays = {"error": f"{shown_name(job['path'])} needs too much memory to decode."}, {}
    wire.send(answers, header, arrays)
    _limit_job(None)


def _decode(job: dict[str, Any]) -> Sample:
    modality = job["modality"] or modality_of(job["path"])
    options = {name: value for name, value in job["options"].items() if name in OPTIONS[modality]}
    return _READERS[modality](job["path"], **options)


def _warm() -> bool:
    try:
        load_open3d()
    except MediaError:
        return False
    return True


def _limit_process() -> None:
    if sys.platform == "win32":
        return
    import resource

    # Ctrl-C in a terminal reaches the whole group; ending is the parent's to decide.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_FSIZE, 2 * MAX_FILE_BYTES)
    if sys.platform == "linux":
        _lower(resource.RLIMIT_AS, MAX_MEMORY_BYTES)


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    limit = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (limit, limit))


def _limit_job(seconds: float | None) -> None:
    """Lets the system end this process if one job takes too long, by the clock or by the processor."""
    if sys.platform == "win32":
        return
    import resource

    signal.setitimer(signal.ITIMER_REAL, 0 if seconds is None else seconds + _GRACE_SECONDS)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    soft = hard
    if seconds is not None:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        # Decoders use several cores, so processor time may pass the clock's.
        budget = (seconds + _GRACE_SECONDS) * min(4, os.cpu_count() or 1)
        soft = int(usage.ru_utime + usage.ru_stime + budget) + 1
        soft = soft if hard == resource.RLIM_INFINITY else min(soft, hard)
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main()
