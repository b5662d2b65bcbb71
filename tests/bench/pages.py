"""How long each page holds the window when it is opened for the first time, and again.

    xvfb-run -a python -m tests.bench.pages [ROUNDS]

Each opening is one of a process of its own, with the real desk in new folders, when the window has come up
and nothing is at work. Prints medians and worst in ms: from the wish to the first picture, what of that the
window's thread has computed (the rest it waited for a core), the longest pause of the event loop in the
second after it, when jobs of the page compute beside it, and the second opening. As a reference of the same
processes: a page of plain labels and buttons. Modules are compiled before, as they are after a program's
first start and in the packages. Run it where nothing else is at work.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEvent, QObject
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from engine.settings import Settings
from gui.shell.shell import Shell
from gui.shell.window import Page
from tests.gui.real_window import real_window

_SETTLE_S = 1.5  # what a start does behind the window
_WATCH_S = 1.0
_PARTS = 60  # of the plain page: as many as the settings have
_NAMES = tuple(page.name.lower() for page in Page if page is not Page.CHAT)


class FirstPaint(QObject):
    def __init__(self, watched: QWidget) -> None:
        super().__init__(watched)
        self.seen = False
        watched.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        self.seen = self.seen or event.type() == QEvent.Type.Paint
        return False


def way_to(shell: Shell, name: str) -> Callable[[], None]:
    ways = {"search": lambda: shell._look_for("words")}
    return ways.get(name) or getattr(shell, f"show_{name}")


def picture_ms(application: QApplication, window: QWidget, act: Callable[[], None]) -> tuple[float, float]:
    """Until the window was painted with it; and what of that this thread has computed."""
    painted = FirstPaint(window)
    begin, computed = time.perf_counter(), time.thread_time()
    act()
    while not painted.seen:
        application.processEvents()
    application.processEvents()
    return 1000 * (time.perf_counter() - begin), 1000 * (time.thread_time() - computed)


def longest_pause_ms(application: QApplication, seconds: float) -> float:
    last = begin = time.perf_counter()
    longest = 0.0
    while last - begin < seconds:
        application.processEvents()
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    return 1000 * longest


def _show_plain(stack: QStackedWidget) -> None:
    area, content = QScrollArea(), QWidget()
    column = QVBoxLayout(content)
    for number in range(_PARTS):
        column.addWidget(QLabel(f"Label {number}"))
        column.addWidget(QPushButton(f"Button {number}"))
    area.setWidget(content)
    stack.addWidget(area)
    stack.setCurrentWidget(area)


def open_once(name: str) -> None:
    """In this process. Prints the five figures."""
    application = QApplication([])
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        os.environ.update({f"XDG_{kind}_HOME": str(base / kind) for kind in ("DATA", "CONFIG", "STATE")})
        settings = Settings(wizard_done=True, language="en", theme="light")
        with real_window(application, base, settings, base) as (_, parts):
            shell = parts.window.findChild(Shell)
            longest_pause_ms(application, _SETTLE_S)
            first = picture_ms(application, parts.window, way_to(shell, name))
            pause = longest_pause_ms(application, _WATCH_S)
            shell.show_chat()
            longest_pause_ms(application, 0.2)
            again = picture_ms(application, parts.window, way_to(shell, name))
            plain = picture_ms(application, parts.window, lambda: _show_plain(parts.window._stack))
            print(json.dumps([*first, pause, again[0], plain[1]]))


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    plains: list[float] = []
    heads = f"{'page':<12} {'first':>11} {'computed':>10} {'pause after':>12} {'again':>10}"
    print(f"{heads}   median / worst of {rounds}, ms")
    with tempfile.TemporaryDirectory() as compiled:
        for name in _NAMES:
            _in_a_process(name, compiled)
            rows = [_in_a_process(name, compiled) for _ in range(rounds)]
            first, computed, pause, again, plain = (list(column) for column in zip(*rows, strict=True))
            plains += plain
            words = f"{_spread(first):>11} {_spread(computed):>10} {_spread(pause):>12} {_spread(again):>10}"
            print(f"{name:<12} {words}", flush=True)
    print(f"computed for a plain page of {_PARTS} labels and buttons: {_spread(plains)}")


def _in_a_process(name: str, compiled: str) -> list[float]:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.pages", "--one", name],
        capture_output=True,
        text=True,
        check=True,
        env={**environment, "PYTHONPYCACHEPREFIX": compiled},
    )
    figures: list[float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def _spread(times: list[float]) -> str:
    return f"{statistics.median(times):.0f} / {max(times):.0f}"


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        open_once(sys.argv[2])
    else:
        main()
