"""What this program was installed by, and so which installer replaces it."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path
from typing import Final

from engine.releases.listing import Installer, Release

_PACKAGED: Final = Path("/usr/lib/deskside")  # installer/linux/lay_out.sh


def installed_as() -> str:
    """One of listing.KINDS; "" for a checkout and for a folder that was unpacked by hand."""
    if not getattr(sys, "frozen", False):
        return ""
    if sys.platform == "win32":
        return "exe"
    if sys.platform == "darwin":
        return "dmg"
    if os.environ.get("APPIMAGE"):
        return "appimage"
    return "deb" if Path(sys.executable).resolve().parent == _PACKAGED else ""


def installer_of(release: Release, kind: str) -> Installer | None:
    """For this system and this processor."""
    here = (kind, sys.platform, platform.machine().lower())
    fitting = (each for each in release.installers if (each.kind, each.system, each.machine) == here)
    return next(fitting, None)
