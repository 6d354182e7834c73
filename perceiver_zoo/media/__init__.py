"""Reading and writing media files. Files may come from strangers: `read` decodes them in a guarded worker process.

Importing this package loads no decoder; the readers in its modules (`image.read_image` and so on) work in the calling
process, without limits, and are meant for files of one's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from perceiver_zoo.media.error import MediaError
from perceiver_zoo.media.guard import read, warm
from perceiver_zoo.media.sample import (
    AudioSample,
    ImageSample,
    Modality,
    PointCloudSample,
    Sample,
    VideoSample,
)

if TYPE_CHECKING:
    from perceiver_zoo.media.point_cloud_writer import write_point_cloud
    from perceiver_zoo.media.video_writer import write_video

__all__ = [
    "AudioSample",
    "ImageSample",
    "MediaError",
    "Modality",
    "PointCloudSample",
    "Sample",
    "VideoSample",
    "read",
    "warm",
    "write_point_cloud",
    "write_video",
]


def __getattr__(name: str) -> Any:
    # The writers load PyAV, which reading does only in the worker.
    if name == "write_video":
        from perceiver_zoo.media.video_writer import write_video

        return write_video
    if name == "write_point_cloud":
        from perceiver_zoo.media.point_cloud_writer import write_point_cloud

        return write_point_cloud
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
