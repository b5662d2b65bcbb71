"""The whole window over the real desk, in folders of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QSettings
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.jobs.local_desk import LocalDesk
from engine.paths import Paths, prepare
from engine.settings import Settings
from gui.__main__ import build_parts
from gui.bridge import EngineBridge
from gui.shell.language import Language
from gui.shell.parts import Parts
from gui.shell.shell import Shell
from gui.widgets.style import Style
from gui.widgets.theme import ThemeSource
from tests.gui.patience import LIMIT_MS

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"


@contextmanager
def real_window(
    qapp: QApplication, folder: Path, settings: Settings, translations: Path
) -> Iterator[tuple[LocalDesk, Parts]]:
    """Shown and started. The environment names its folders for the engine's process: see callers."""
    paths = Paths(*(folder / name / "deskside" for name in ("DATA", "CONFIG", "STATE")))
    prepare(paths)
    theme, bridge = ThemeSource(), EngineBridge()
    style, language = Style(qapp, theme), Language(qapp, translations)
    style.choose(settings.theme)
    language.choose(settings.language)
    desk = LocalDesk(bridge.emit_event, paths, settings, (sys.executable, str(PROGRAM)), live=False)
    parts = build_parts(desk, bridge, theme, QSettings(str(folder / "w.ini"), QSettings.Format.IniFormat))
    shell = Shell(desk, bridge, style, language, parts)
    parts.window.show()
    parts.window.activateWindow()
    assert QTest.qWaitForWindowActive(parts.window, LIMIT_MS)
    shell.start(None)
    shell.start_the_rest()
    yield desk, parts
    parts.window.close()
    bridge.close()
    desk.close()
    language.choose("en")
    parts.window.deleteLater()
    qapp.processEvents()
    style.deleteLater()
    language.deleteLater()
