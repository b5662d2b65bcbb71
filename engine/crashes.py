"""What a crash leaves behind: where each thread was, in a file that stays on this machine.

<state>/crashes/running-PID.txt   of a process that runs; empty until it crashes
<state>/crashes/crash-TIME.txt    found by a later start
"""

from __future__ import annotations

import faulthandler
import logging
import os
import time
from pathlib import Path
from typing import Final

import psutil

log = logging.getLogger(__name__)

_MOST_KEPT: Final = 5


def watch_for_crashes(state: Path) -> None:
    """From now on a crash of native code writes down where each thread was."""
    try:
        folder = crash_folder(state)
        folder.mkdir(exist_ok=True)
        faulthandler.enable((folder / f"running-{os.getpid()}.txt").open("w"))  # open as long as we live
    except OSError as error:
        log.warning("a crash could not be written down: %s", error)


def end_watch(state: Path) -> None:
    """The process ends as it should."""
    faulthandler.disable()
    (crash_folder(state) / f"running-{os.getpid()}.txt").unlink(missing_ok=True)


def crashes_since(state: Path) -> tuple[Path, ...]:
    """Reports of processes that crashed since this was asked last; the newest few are kept."""
    found = []
    for left in crash_folder(state).glob("running-*.txt"):
        number = left.stem.removeprefix("running-")
        if number.isdecimal() and psutil.pid_exists(int(number)):
            continue
        try:
            if left.stat().st_size == 0:  # killed, or a power cut
                left.unlink()
                continue
            kept = left.with_name(f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{number}.txt")
            found.append(left.rename(kept))
        except OSError as error:
            log.warning("a crash report cannot be kept: %s", error)
    for old in sorted(crash_folder(state).glob("crash-*.txt"))[:-_MOST_KEPT]:
        old.unlink(missing_ok=True)
    return tuple(found)


def crash_folder(state: Path) -> Path:
    return state / "crashes"
