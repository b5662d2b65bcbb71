"""The keys of every command: shown, changed, and kept apart from each other."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QGridLayout, QKeySequenceEdit, QLineEdit, QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from gui.widgets.commands import Command, Commands
from gui.widgets.controls import Button
from gui.widgets.labels import Line, Text
from gui.widgets.rows import in_line
from gui.widgets.view import LINE_TOP, View

_FIELD_WIDTH = 190


class ShortcutSettings(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, commands: Commands, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._commands = commands
        self._names: dict[str, Line] = {}
        self._fields: dict[str, QKeySequenceEdit] = {}
        self._words = Text("", "muted")
        self._refusal = Text("", "danger")
        self._usual = Button()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, LINE_TOP, 0, 0)
        column.addWidget(self._words)
        column.addLayout(self._grid)
        column.addWidget(self._refusal)
        column.addLayout(in_line(self._usual))
        self._refusal.hide()
        self._usual.clicked.connect(self._take_usual)

    def show_settings(self) -> None:
        """Commands are added after this view was made, so rows are made when they are first shown."""
        for command in self._commands.all():
            if command.id not in self._fields:
                self._add_row(command)
            self._fields[command.id].setKeySequence(QKeySequence(self._commands.keys(command.id)))
        self._refusal.hide()
        self.retranslate()

    def retranslate(self) -> None:
        self._words.setText(
            self.tr(
                "Click a field and press the new keys; Backspace takes them away. "
                "Enter sends, Shift+Enter begins a new line, Esc stops: these stay as they are."
            )
        )
        self._usual.word(self.tr("Use the usual keys"))
        for command in self._commands.all():
            if command.id in self._fields:
                self._names[command.id].setText(command.words())
                self._name_field(command)

    def _name_field(self, command: Command) -> None:
        name = self.tr("Keys of: {command}").format(command=command.words())
        field = self._fields[command.id]
        inner = field.findChild(QLineEdit)
        for widget in (field, inner):
            if widget is not None:
                widget.setAccessibleName(name)
        if inner is not None:  # Qt itself words it anew only when its keys change
            inner.setPlaceholderText(QCoreApplication.translate("QKeySequenceEdit", "Press shortcut"))

    def _add_row(self, command: Command) -> None:
        name, field = Line(), QKeySequenceEdit()
        field.setMaximumSequenceLength(1)
        field.setFixedWidth(_FIELD_WIDTH)
        field.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.setProperty("command", command.id)
        field.editingFinished.connect(self._take_keys)
        self._names[command.id], self._fields[command.id] = name, field
        row = len(self._fields)
        self._grid.addWidget(name, row, 0)
        self._grid.addWidget(field, row, 1)

    def _take_keys(self) -> None:
        field = self.sender()
        if not isinstance(field, QKeySequenceEdit):
            return
        command_id = str(field.property("command"))
        keys = field.keySequence().toString()
        if keys in ("Backspace", "Del"):
            keys = ""
            field.clear()
        if keys == self._commands.keys(command_id):
            return
        objection = self._commands.objection(command_id, keys)
        if objection:
            self._refuse(keys, objection)
            field.setKeySequence(QKeySequence(self._commands.keys(command_id)))
            return
        self._refusal.hide()
        self._commands.set_keys(command_id, keys)
        self._keep()

    def _refuse(self, keys: str, objection: str) -> None:
        if objection == "bare":
            words = self.tr("{keys} alone would be typed: add Ctrl or Alt.")
        elif objection == "typing":
            words = self.tr("{keys} is needed for writing and reading.")
        else:
            other = next(one for one in self._commands.all() if one.id == objection)
            words = self.tr("{keys} already belongs to: {command}. Take it away there first.")
            words = words.replace("{command}", other.words())
        self._refusal.setText(words.replace("{keys}", keys))
        self._refusal.show()

    def _take_usual(self) -> None:
        self._commands.take_own_keys(())
        self._keep()
        self.show_settings()

    def _keep(self) -> None:
        self._desk.change_settings(replace(self._desk.settings, shortcuts=self._commands.own_keys()))
        self.changed.emit()
