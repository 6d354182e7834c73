"""Open3D, loaded only when a 3D file needs it, quiet, and with a plain sentence where it cannot load."""

from __future__ import annotations

import ctypes
import functools
import re
from types import ModuleType

from perceiver_zoo.media.error import MediaError


@functools.cache
def load_open3d() -> ModuleType:
    """The `open3d` module, which takes a second or two the first time. Raises MediaError if it cannot load."""
    _preload_libusb()
    try:
        import open3d
    except (ImportError, OSError) as error:
        found = re.search(r"[\w.+-]+\.(?:so|dylib|dll)[.\d]*", str(error))
        missing = (
            f"the system library {found[0]}" if found else f"a part of it ({str(error).splitlines()[0]})"
        )
        if isinstance(error, ModuleNotFoundError):
            missing = f"the Python package {error.name}"
        raise MediaError(
            f"This kind of 3D file needs Open3D, which cannot load because {missing} is missing; "
            "accepted without it are PLY, OBJ, OFF, XYZ, PTS, NPY and NPZ."
        ) from error
    open3d.utility.set_verbosity_level(open3d.utility.VerbosityLevel.Error)
    return open3d


def _preload_libusb() -> None:
    """Open3D links against libusb for cameras; the packaged copy serves where the system has none."""
    try:
        import libusb_package

        ctypes.CDLL(str(libusb_package.get_library_path()), mode=ctypes.RTLD_GLOBAL)
    except (ImportError, OSError):
        return
