"""Fixtures of the window's tests: the whole window over a fake desk, both languages, no Qt warnings."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QSettings, QtMsgType
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from engine.settings import Settings
from gui.__main__ import build_parts
from gui.bridge import EngineBridge
from gui.shell.language import Language
from gui.shell.shell import Shell
from gui.widgets.style import Style
from gui.widgets.theme import ThemeSource
from tests.gui.fake_desk import FakeDesk
from tests.gui.patience import LIMIT_MS
from tests.gui.window_under_test import WindowUnderTest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def no_qt_warnings(request: pytest.FixtureRequest) -> Iterator[None]:
    """A warning of Qt is a fault of ours."""
    if "qapp" not in request.fixturenames and "qtbot" not in request.fixturenames:
        yield
        return
    messages: Any = request.getfixturevalue("qtlog")
    yield
    bad = (QtMsgType.QtWarningMsg, QtMsgType.QtCriticalMsg, QtMsgType.QtFatalMsg)
    warnings = [record.message for record in messages.records if record.type in bad and not record.ignored]
    assert not warnings


@pytest.fixture(scope="session")
def translations(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the compiled translations, as ./run makes them."""
    folder = tmp_path_factory.mktemp("translations")
    lrelease = Path(sys.executable).parent / "pyside6-lrelease"
    for source in (ROOT / "resources" / "translations").glob("*.ts"):
        target = folder / source.with_suffix(".qm").name
        subprocess.run([lrelease, "-silent", source, "-qm", target], check=True)
    return folder


@pytest.fixture
def window(
    qapp: QApplication, translations: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[WindowUnderTest]:
    """The whole window. Parametrise indirectly with Settings to begin with others."""
    settings = getattr(request, "param", Settings(language="en", theme="light"))
    theme = ThemeSource()
    style, language = Style(qapp, theme), Language(qapp, translations)
    style.choose(settings.theme)
    language.choose(settings.language)
    bridge = EngineBridge()
    desk = FakeDesk(bridge.emit_event, settings)
    memory = QSettings(str(tmp_path / "window.ini"), QSettings.Format.IniFormat)
    parts = build_parts(desk, bridge, theme, memory)
    shell = Shell(desk, bridge, style, language, parts)
    parts.window.show()
    parts.window.activateWindow()
    assert QTest.qWaitForWindowActive(parts.window, LIMIT_MS)
    shell.start(None)
    shell.start_the_rest()
    yield WindowUnderTest(qapp, desk, theme, parts, shell)
    parts.window.close()
    bridge.close()
    language.choose("en")
    parts.window.deleteLater()
    qapp.processEvents()
    style.deleteLater()
    language.deleteLater()
