"""Whether Qt's part for this desktop can be loaded; without it Qt would end the process, unseen by most."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

from PySide6.QtCore import QLibraryInfo


def check_platform() -> None:
    """Raises: ImportError, naming the library of the system that is missing. Looks at X11 only: that is what
    Qt falls back to."""
    if sys.platform != "linux" or os.environ.get("QT_QPA_PLATFORM", "xcb") != "xcb":
        return
    part = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.PluginsPath)) / "platforms" / "libqxcb.so"
    try:
        ctypes.CDLL(str(part))
    except OSError as error:
        raise ImportError(str(error)) from error
