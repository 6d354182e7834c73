"""What real files do to a sample: pure functions (rng, sample, level) -> sample, one file a modality."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from perceiver_zoo.training.changes import audio, image, point_cloud, video

Change = Callable[[np.random.Generator, Any, Any], Any]

# Of each modality: the name of a change, what it does, and its levels as the table shows them.
CHANGES: dict[str, list[tuple[str, Change, tuple[Any, ...]]]] = {
    "image": image.CHANGES,
    "audio": audio.CHANGES,
    "video": video.CHANGES,
    "point_cloud": point_cloud.CHANGES,
}
