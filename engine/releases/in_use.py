"""What tells the installer for Windows that the program runs, so that it replaces nothing under it."""

from __future__ import annotations

import sys
from typing import Final

MARK: Final = "Deskside.6E2B3F0C-6A0B-4B5E-9C57-6C1B6E2B7D11"  # AppMutex in installer/windows/deskside.iss


def show_in_use() -> None:
    """For window, command line, engine and worker alike: all of them hold files of the program open. The
    system takes the mark away when the last of them has ended, however it ended. Nothing happens on other
    systems, where files that are in use can be replaced."""
    if sys.platform == "win32" and getattr(sys, "frozen", False):
        import ctypes

        ctypes.windll.kernel32.CreateMutexW(None, False, MARK)
