"""The person's chats as a whole: who names them, to a file, from a file."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from gui.widgets.controls import Button, CheckBox
from gui.widgets.rows import in_line
from gui.widgets.view import LINE_TOP, View


class ChatSettings(View):
    changed = Signal()  # the settings
    export_wanted = Signal()
    import_wanted = Signal()

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._name = CheckBox()
        self._export, self._import = Button(), Button()
        buttons = in_line(self._export, self._import, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, LINE_TOP, 0, 0)
        column.setSpacing(10)
        column.addWidget(self._name)
        column.addLayout(buttons)
        self._name.clicked.connect(self._save)
        self._export.clicked.connect(self.export_wanted)
        self._import.clicked.connect(self.import_wanted)
        self.retranslate()

    def show_settings(self) -> None:
        self._name.setChecked(self._desk.settings.name_chats)

    def retranslate(self) -> None:
        words = self.tr("Let the model name new chats")
        self._name.setText(words)
        self._name.setAccessibleName(words)
        self._export.word(self.tr("Export all…"))
        self._export.setAccessibleName(self.tr("Export all chats"))
        self._import.word(self.tr("Import…"), self.tr("Exports of Deskside or ChatGPT"))
        self._import.setAccessibleName(self.tr("Import chats"))
        self.show_settings()

    def _save(self) -> None:
        self._desk.change_settings(replace(self._desk.settings, name_chats=self._name.isChecked()))
        self.changed.emit()
