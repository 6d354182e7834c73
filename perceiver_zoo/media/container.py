"""Opening sound and video files with PyAV (FFmpeg), so that no file can make it reach for another one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.stream import Disposition
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

# Only containers that hold their own data: playlists (HLS, DASH, concat) name other files or addresses to open,
# and picture formats are read elsewhere.
CONTAINERS = (
    "mov,mp4,m4a,3gp,matroska,webm,avi,flv,asf,mpeg,mpegts,mpegvideo,m4v,mxf,gxf,nut,nuv,rm,swf,wtv,dv,ivf,obu,"
    "h261,h263,h264,hevc,vvc,av1,vc1,gif,apng,yuv4mpegpipe,roq,smk,bink,flic,"
    "ogg,wav,w64,aiff,caf,au,flac,mp3,aac,ac3,eac3,dts,truehd,mlp,amr,amrnb,amrwb,gsm,ape,wv,tta,tak,mpc,mpc8,"
    "voc,oma,ircam,sox,dsf,iff"
)
MAX_FRAME_PIXELS = 40_000_000
_MAX_BROKEN_PACKETS = 1000
_THREADS = min(4, os.cpu_count() or 1)


@contextmanager
def opened(file: Path) -> Iterator[InputContainer]:
    """Opens a sound or video file. Raises FFmpegError if no accepted container fits."""
    options = {"format_whitelist": CONTAINERS, "max_pixels": str(MAX_FRAME_PIXELS)}
    # Opened by its number, because FFmpeg takes names for addresses ("http:clip.mp4") and for formats ("clip.png").
    with (
        os.fdopen(os.open(file, os.O_RDONLY), "rb") as stream,
        av.open(stream, "r", options=options, metadata_errors="replace") as container,
    ):
        yield container


def audio_stream(container: InputContainer) -> AudioStream | None:
    """The first sound track that can be decoded, or None."""
    return next((s for s in container.streams.audio if s.codec_context is not None), None)


def video_stream(container: InputContainer) -> VideoStream | None:
    """The first track of moving pictures that can be decoded, or None; cover art is not one."""
    still = Disposition.attached_pic | Disposition.timed_thumbnails
    return next(
        (s for s in container.streams.video if s.codec_context is not None and not s.disposition & still),
        None,
    )


def audio_frames(container: InputContainer, stream: AudioStream) -> Iterator[AudioFrame]:
    """Decodes a sound track as far as it can be decoded: broken packets are left out, a cut file just ends."""
    for frame in _frames(container, stream):
        if isinstance(frame, AudioFrame):
            yield frame


def video_frames(container: InputContainer, stream: VideoStream) -> Iterator[VideoFrame]:
    """Decodes a picture track as far as it can be decoded; see `audio_frames`."""
    for frame in _frames(container, stream):
        if isinstance(frame, VideoFrame):
            yield frame


def _frames(container: InputContainer, stream: AudioStream | VideoStream) -> Iterator[object]:
    stream.codec_context.thread_type = "AUTO"
    stream.codec_context.thread_count = _THREADS
    broken = 0
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):
            return
        try:
            yield from packet.decode()
        except FFmpegError:
            broken += 1
            if broken > _MAX_BROKEN_PACKETS:
                return
