"""The program: words go to the command line, none opens the window, `_worker` is a worker,
`_engine` the host of all workers of a user, `_pdf` reads a PDF.

This is the composition root. It decides what is built and hands it in; nothing below
looks anything up. Heavy imports wait until they are needed: a worker never loads Qt, the
window never loads llama.cpp.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path


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
    if words[:1] == ["_worker"]:
        from engine.runtime.worker.main import main as work

        return work(words[1:])
    if words[:1] == ["_engine"]:
        from engine.host.main import main as host

        return host(words[1:], program_command())
    if words[:1] == ["_vulkan"]:
        from engine.hardware.vulkan import main as list_vulkan

        return list_vulkan()
    if words[:1] == ["_pdf"]:
        from engine.chat.pdf_text import main as read_pdf

        return read_pdf()
    if words and not _is_model_file(words):
        return _command_line(words)
    if has_display():
        return _window(words[0] if words else None)
    return _terminal()


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
    import faulthandler

    from engine.cli.main import log_to_file
    from engine.errors import DesksideError
    from engine.events import Emit
    from engine.jobs.local_desk import LocalDesk
    from engine.paths import default_paths, prepare
    from engine.settings import load_settings
    from gui.__main__ import run, show_fatal

    paths = default_paths()
    try:
        prepare(paths)
    except DesksideError as error:
        return show_fatal(error)
    log_to_file(paths)
    if sys.stderr is not None:  # a program without a terminal may have none
        faulthandler.enable()

    def make_desk(emit: Emit) -> LocalDesk:
        settings, remark = load_settings(paths.settings)
        return LocalDesk(emit, paths, settings, program_command(), remark=remark)

    return run(make_desk, paths, open_file)


if __name__ == "__main__":
    sys.exit(main())
