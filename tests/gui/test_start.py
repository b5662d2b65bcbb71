"""The program's own start and end: `run` with a fake desk, in a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import gc
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from engine.paths import Paths
from engine.settings import Settings
from gui.__main__ import run
from tests.gui.fake_desk import FakeDesk

folder, what = Path(sys.argv[1]), sys.argv[2]
made = []

def make_desk(emit):
    made.append(FakeDesk(emit, Settings(wizard_done=True)))
    QTimer.singleShot(0, lambda: print("up", flush=True))
    if what == "close":
        from PySide6.QtWidgets import QApplication
        QTimer.singleShot(100, QApplication.closeAllWindows)
    if what == "slip":
        QTimer.singleShot(50, lambda: 1 / 0)
        def look(tries=1000):
            from PySide6.QtWidgets import QApplication, QLabel
            words = [w.text() for w in QApplication.allWidgets() if isinstance(w, QLabel) and w.isVisible()]
            told = any("did not foresee" in word for word in words)
            if not told and tries:  # on a busy machine the window comes up late
                QTimer.singleShot(100, lambda: look(tries - 1))
                return
            print("told" if told else "not told", flush=True)
            QApplication.quit()
        QTimer.singleShot(400, look)
    return made[0]

gc.disable()  # as the program does before anything else
code = run(make_desk, Paths(folder, folder, folder), sys.argv[3] if len(sys.argv) > 3 else None)
print("loaded", [command for command, *_ in made[0].commands].count("load"))
print("collects", gc.isenabled(), "kept", gc.get_freeze_count() > 0)
print("closed", made[0].closed, (folder / "window.ini").exists(), flush=True)
sys.exit(code)
"""


def start(folder: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), *words],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_closing_the_window_ends_everything(tmp_path: Path) -> None:
    out, err = start(tmp_path, "close", str(tmp_path / "some.gguf")).communicate(timeout=200)
    assert "closed True True" in out
    assert "loaded 1" in out, "the file that was given is loaded"
    assert "collects True kept True" in out, "garbage is looked for again once the window is there"
    assert "Traceback" not in err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    program = start(tmp_path, "wait")
    assert program.stdout is not None
    assert program.stdout.readline() == "up\n"
    program.send_signal(number)
    out, err = program.communicate(timeout=200)
    assert "closed True True" in out
    assert program.returncode == 0
    assert "Traceback" not in err


def test_a_slip_in_a_slot_is_told_and_the_window_goes_on(tmp_path: Path) -> None:
    out, _ = start(tmp_path, "slip").communicate(timeout=200)
    assert "told\n" in out and "not told" not in out
