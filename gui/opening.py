"""A double click on a model in macOS. It is no word of a command line there, but an event of the system, to
the program that runs already or to the one that was started for it."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Signal
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication


class Application(QApplication):
    """Not a filter of events: that would be asked about each one of every part of the window."""

    file_opened = Signal(str)  # its path

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent):
            self.file_opened.emit(event.file())
            return True
        return super().event(event)
