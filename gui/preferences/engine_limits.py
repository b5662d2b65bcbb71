"""How long an idle model stays loaded, and how much disk its idle conversations may take."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFormLayout, QWidget

from engine.jobs.desk import Desk
from gui.widgets.controls import CheckBox, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.view import View

_MOST_MINUTES = 7 * 24 * 60
_MOST_GIB = 10_000


class EngineLimits(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._minutes, self._gib = NumberBox(0, _MOST_MINUTES), NumberBox(0, _MOST_GIB)
        self._labels = (Line(), Line())
        self._history = CheckBox()
        self._words = Text("", "muted")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(28)
        for label, field in zip(self._labels, (self._minutes, self._gib), strict=True):
            label.setBuddy(field)
            form.addRow(label, field)
        form.addRow(self._words)
        form.addRow(self._history)
        self.show_settings()
        self.retranslate()
        self._minutes.editingFinished.connect(self._save)
        self._gib.editingFinished.connect(self._save)
        self._history.toggled.connect(self._save)

    def show_settings(self) -> None:
        self._minutes.setValue(self._desk.settings.keep_loaded_minutes)
        self._gib.setValue(self._desk.settings.park_gib)
        self._history.setChecked(self._desk.settings.keep_history)

    def retranslate(self) -> None:
        names = (self.tr("Unload an idle model after"), self.tr("Disk for idle conversations"))
        for label, field, name in zip(self._labels, (self._minutes, self._gib), names, strict=True):
            label.setText(name)
            field.setAccessibleName(name)
        self._minutes.setSuffix(" " + self.tr("minutes"))
        self._minutes.setSpecialValueText(self.tr("Never"))
        self._gib.setSuffix(" GiB")
        history = self.tr("Keep a history of speed and memory here")
        self._history.setText(history)
        self._history.setAccessibleName(history)
        self._history.setToolTip(
            self.tr("Figures only, no text; predictions learn from it. It never leaves this machine.")
        )
        self._words.setText(
            self.tr(
                "Idle conversations are kept there so that long ones go on at once, even after a restart."
                " “Never” means as long as a program uses the engine."
            )
        )

    def _save(self) -> None:
        settings = replace(
            self._desk.settings,
            keep_loaded_minutes=self._minutes.value(),
            park_gib=self._gib.value(),
            keep_history=self._history.isChecked(),
        )
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
