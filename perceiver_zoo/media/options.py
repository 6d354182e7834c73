"""The options of each modality's reader, known without importing a reader."""

from __future__ import annotations

from collections.abc import Mapping

from perceiver_zoo.media.sample import Modality

OPTIONS: dict[Modality, tuple[str, ...]] = {
    "image": (),
    "audio": ("rate", "max_seconds"),
    "video": ("fps", "max_seconds", "max_side"),
    "point_cloud": ("points",),
}


def check_options(modality: Modality | None, options: Mapping[str, float]) -> None:
    """Raises ValueError for a modality or value that does not exist, TypeError for an option that does not."""
    if modality is not None and modality not in OPTIONS:
        raise ValueError(f"there is no modality {modality!r}; there are {', '.join(OPTIONS)}")
    known = OPTIONS[modality] if modality else [name for names in OPTIONS.values() for name in names]
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"reading {modality or 'a file'} has no option {name!r}")
        if not value > 0:
            raise ValueError(f"{name} must be above zero, not {value}")
