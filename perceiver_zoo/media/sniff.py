"""Telling the modality of a file, from its content first."""

from __future__ import annotations

import os
from itertools import islice
from pathlib import Path

from av.error import FFmpegError
from PIL import UnidentifiedImageError

from perceiver_zoo.media import container, image
from perceiver_zoo.media.error import MediaError, checked_file, decoding, shown_name
from perceiver_zoo.media.sample import Modality
from perceiver_zoo.media.shape_kind import kind_by_content, kind_by_name

ACCEPTED = "pictures, sounds, videos and 3D shapes"
_ANIMATED = ("GIF", "PNG", "WEBP", "AVIF")


def modality_of(path: str | os.PathLike[str]) -> Modality:
    """The modality that a file is read as; its name counts only where the content cannot tell.

    More than one moving frame makes a video, also in a GIF; a sound with cover art, or with one still frame, is
    audio. Raises MediaError if it is none of the four.
    """
    file = checked_file(path)
    with decoding(file, "any known kind of file", ACCEPTED):
        if kind_by_content(file) is not None:
            return "point_cloud"
        picture = _picture(file)
        if picture == "still":
            return "image"
        # Text formats before the containers: a container always holds zero bytes, these never do.
        if picture is None and kind_by_name(file) is not None:
            return "point_cloud"
        moving, sounding = _tracks(file)
        if moving > 1 or (moving == 1 and not sounding and picture is None):
            return "video"
        if picture is not None:
            return "image"
        if sounding:
            return "audio"
    raise MediaError(f"{shown_name(file)} is of a kind that is not known here; accepted are {ACCEPTED}.")


def _picture(file: Path) -> str | None:
    """Whether it is a "still" or "animated" picture; pages of a document are no animation."""
    try:
        with image.opened(file) as opened:
            moves = opened.format in _ANIMATED and getattr(opened, "is_animated", False)
            return "animated" if moves else "still"
    except UnidentifiedImageError:
        return None


def _tracks(file: Path) -> tuple[int, bool]:
    """How many frames the picture track holds, counted up to two, and whether any sound can be decoded."""
    try:
        with container.opened(file) as opened:
            stream = container.video_stream(opened)
            moving = len(list(islice(container.video_frames(opened, stream), 2))) if stream else 0
        if moving > 1:
            return moving, False
        # Opened anew: counting frames has read past the first packets of sound.
        with container.opened(file) as opened:
            stream = container.audio_stream(opened)
            return moving, stream is not None and any(True for _ in container.audio_frames(opened, stream))
    except (FFmpegError, ValueError):
        return 0, False
