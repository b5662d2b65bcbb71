"""Packs that have had their time are deleted, so that updates do not fill the disk.

Kept are the pack in use and the one before it, which going back needs; those of the build of llama.cpp that
was used last beside this one, for whoever goes back to the program that brought it; and those of builds that
a program here used in the last 30 days. A folder tells by its time when its build was used last: every start
of a worker with a pack leaves a mark there (`Shelf.attempt`).
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from pathlib import Path
from typing import Final

from engine.packs.shelf import Shelf

log = logging.getLogger(__name__)

_LATELY_S: Final = 30 * 86_400.0
_BUILD: Final = re.compile(r"\d+(\.\d+)+[a-z0-9.+-]*", re.ASCII)
_GOING: Final = ".going-"  # a folder that is being deleted


def clear_out(shelf: Shelf) -> None:
    """What cannot be deleted now (on Windows, what a worker has loaded) stays until the next time."""
    for name in replaced_packs(shelf):
        try:
            shelf.remove(name)
        except OSError as error:
            log.info("the runtime %s stays: %s", name, error)
    try:
        outlived = outlived_builds(shelf.folder)
    except OSError as error:
        log.warning("runtimes of other versions cannot be looked at: %s", error)
        return
    for folder in outlived:
        try:
            folder.rename(
                folder.with_name(f"{_GOING}{folder.name}-{os.getpid()}")
            )  # as a whole or not at all
        except OSError as error:
            log.info("runtimes of another version stay in %s: %s", folder, error)
        else:
            log.info("runtimes of a version that nobody uses any more are deleted: %s", folder)
    for going in shelf.folder.parent.glob(f"{_GOING}*"):  # those of a program that was killed here, too
        shutil.rmtree(going, ignore_errors=True)


def replaced_packs(shelf: Shelf) -> list[str]:
    """Those of which a newer one is here, but for what is in use and what was before."""
    packs = shelf.packs()
    newest: dict[str, int] = {}
    for pack in packs:
        newest[pack.line] = max(pack.revision, newest.get(pack.line, 0))
    kept = {shelf.in_use(), shelf.before()}
    return [pack.name for pack in packs if pack.revision < newest[pack.line] and pack.name not in kept]


def outlived_builds(ours: Path) -> list[Path]:
    """Folders of other builds that nobody here uses."""
    others = [
        (path.stat().st_mtime, path)
        for path in ours.parent.iterdir()
        if path.name != ours.name and _BUILD.fullmatch(path.name) and path.is_dir() and not path.is_symlink()
    ]
    others.sort(reverse=True)
    return [path for used, path in others[1:] if time.time() - used > _LATELY_S]
