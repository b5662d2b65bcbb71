"""The program: words go to the command line, none opens the window, `_worker` is a worker,
`_engine` the host of all workers of a user, `_pdf` reads a PDF, `_maths` draws formulas.

This is the composition root. It decides what is built and hands it in; nothing below
looks anything up. Heavy imports wait until they are needed: a worker never loads Qt, the
window never loads llama.cpp.
"""

from __future__ import annotations

import gc
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine.releases.in_use import show_in_use

if TYPE_CHECKING:
    from engine.host.window import WindowDoor
    from engine.paths import Paths


def program_command() -> tuple[str, ...]:
    """How to start this program again, from source or frozen."""
    if getattr(sys, "frozen", False):
        return (sys.executable,)
    return (sys.executable, str(Path(__file__).resolve()))


def has_display() -> bool:
    """Whether a window can be shown. Only X11 and Wayland may lack one."""
    if sys.platform in ("win32", "darwin"):
        return True
    wanted = ("DISPLAY", "WAYLAND_DISPLAY")
    return any(os.environ.get(name) for name in wanted) or os.environ.get("QT_QPA_PLATFORM") == "offscreen"


def main(words: Sequence[str] | None = None) -> int:
    """Runs the program; returns its exit code."""
    words = list(sys.argv[1:] if words is None else words)
    show_in_use()
    if words[:1] == ["_pack"]:  # a trial of a runtime: `_pack FOLDER _worker ...`
        return _worker(words[3:], Path(words[1]))
    if words[:1] == ["_worker"]:
        return _worker(words[1:])
    if words[:1] == ["_engine"]:
        from engine.host.main import main as host

        return host(words[1:], program_command())
    if words[:1] == ["_vulkan"]:
        from engine.hardware.vulkan import main as list_vulkan

        return list_vulkan()
    if words[:1] == ["_pdf"]:
        from engine.chat.pdf_text import main as read_pdf

        return read_pdf()
    if words[:1] == ["_maths"]:
        from engine.typesetting.main import main as typeset
        from gui.chat.rasterising import paint

        return typeset(paint)
    if words and not _is_model_file(words):
        return _command_line(words)
    if has_display():
        return _window(words[0] if words else None)
    return _terminal()


def _worker(words: Sequence[str], pack: Path | None = None) -> int:
    """`pack`: the runtime to try, in place of the one that was chosen."""
    from engine.errors import LoadError
    from engine.packs.abi import engine_abi
    from engine.packs.shelf import BUILT_IN, Shelf
    from engine.paths import default_paths
    from engine.runtime.worker.main import main as work
    from engine.runtime.worker.native import Native

    def bring(avoided: frozenset[str] = frozenset()) -> Native:
        if pack is not None:
            native = Native(avoided, pack)
            if native.refusal is not None:
                raise LoadError(native.refusal)
            return native
        shelf = Shelf(default_paths().runtimes, engine_abi())
        with shelf.attempt() as name:
            native = Native(avoided, None if name == BUILT_IN else shelf.place(name))
            if native.refusal is not None:
                shelf.put_aside(name, native.refusal)
            return native

    return work(words, bring)


def _is_model_file(words: Sequence[str]) -> bool:
    """A double click on a model starts the program with that one path."""
    return len(words) == 1 and words[0].lower().endswith(".gguf") and os.path.isfile(words[0])  # noqa: PTH113  never raises


def _command_line(words: Sequence[str]) -> int:
    from engine.cli.main import main as run
    from engine.paths import default_paths

    return run(words, default_paths(), program_command())


def _terminal() -> int:
    from engine.messages import english, sentence

    print(f"deskside: {english(sentence('no_display'))}", file=sys.stderr)
    return _command_line(["terminal"])


def _window(open_file: str | None) -> int:
    # Nothing that a start makes is garbage, and looking for some takes a tenth of its time: see `run`.
    gc.disable()
    from engine.crashes import crashes_since, end_watch, watch_for_crashes
    from engine.errors import DesksideError
    from engine.events import Emit, JobId, Noticed
    from engine.host.window import hand_over
    from engine.jobs.local_desk import LocalDesk
    from engine.log_file import log_to_file
    from engine.messages import english, sentence
    from engine.paths import default_paths, prepare
    from engine.settings import load_settings

    try:
        from gui.__main__ import run, show_fatal
        from gui.platform import check_platform

        check_platform()
    except ImportError as error:
        print(f"deskside: {english(sentence('window_library_missing', reason=str(error)))}", file=sys.stderr)
        return DesksideError.exit_code
    paths = default_paths()
    try:
        prepare(paths)
    except DesksideError as error:
        return show_fatal(error)
    log_to_file(paths)
    door = _window_door(paths)
    if door is None and hand_over(paths, open_file or ""):
        return 0
    crashes = crashes_since(paths.state)
    watch_for_crashes(paths.state)

    def make_desk(emit: Emit) -> LocalDesk:
        settings, remark = load_settings(paths.settings)
        if crashes:
            emit(Noticed(JobId(0), sentence("crashed_before", path=str(crashes[-1]))))
        return LocalDesk(emit, paths, settings, program_command(), remark=remark)

    try:
        return run(make_desk, paths, open_file, door, (*program_command(), "_maths"))
    finally:
        end_watch(paths.state)
        if door is not None:
            door.close()


def _window_door(paths: Paths) -> WindowDoor | None:
    """None, where a window is there already, or where none can be asked for on this file system."""
    from engine.host.address import AddressError
    from engine.host.window import WindowDoor

    try:
        return WindowDoor.take(paths)
    except (OSError, AddressError) as error:
        logging.getLogger(__name__).warning("a second start will open a second window: %s", error)
        return None


if __name__ == "__main__":
    sys.exit(main())
