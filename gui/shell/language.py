"""The language of the window; it can change while the window is open."""

from __future__ import annotations

import logging
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, QObject, QTranslator

log = logging.getLogger(__name__)

CHINESE = "zh_CN"


class Language(QObject):
    """Installs the translators; Qt then tells every view with a LanguageChange event."""

    def __init__(self, application: QCoreApplication, folder: Path) -> None:
        """`folder` holds the compiled translations, deskside_*.qm."""
        super().__init__(application)
        self._folder = folder
        self._application = application
        self._translators: list[QTranslator] = []

    def choose(self, choice: str) -> None:
        """`choice` is "system", "en" or "zh_CN"."""
        language = system_language() if choice == "system" else choice
        # Before the translators: views read the locale when they are told of the change.
        QLocale.setDefault(QLocale("zh_CN") if language == CHINESE else QLocale("en_US"))
        for translator in self._translators:
            self._application.removeTranslator(translator)
        self._translators = self._load() if language == CHINESE else []
        for translator in self._translators:
            self._application.installTranslator(translator)

    def _load(self) -> list[QTranslator]:
        loaded = []
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        for name in (f"{folder}/qtbase_{CHINESE}.qm", str(self._folder / f"deskside_{CHINESE}.qm")):
            translator = QTranslator(self)
            if translator.load(name):
                loaded.append(translator)
            else:
                log.warning("the translation %s could not be loaded", name)
        return loaded


def system_language() -> str:
    """Chinese where the system prefers it, English everywhere else."""
    preferred = QLocale.system().uiLanguages()
    return CHINESE if preferred and preferred[0].lower().startswith("zh") else "en"
