"""Where models are downloaded to, and how fast at most."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QFormLayout, QWidget

from engine.jobs.desk import Desk
from gui.widgets.controls import Button, NumberBox
from gui.widgets.labels import ElidedLine, Line
from gui.widgets.rows import beside
from gui.widgets.view import View

_MOST_MB_S = 10_000


class DownloadSettings(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._labels = (Line(), Line())
        self._folder = ElidedLine()
        self._choose, self._usual = Button(), Button()
        self._speed = NumberBox(0, _MOST_MB_S)
        row = beside(self._folder, self._choose, self._usual, gap=10)
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setHorizontalSpacing(28)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self._labels[0], row)
        form.addRow(self._labels[1], self._speed)
        self._labels[1].setBuddy(self._speed)
        self._choose.clicked.connect(self._ask_folder)
        self._usual.clicked.connect(self._take_usual)
        self._speed.editingFinished.connect(self._save_speed)
        self.retranslate()

    def show_settings(self) -> None:
        settings = self._desk.settings
        self._speed.setValue(-(-settings.speed_limit_kib * 1024 // 1_000_000))
        self._folder.setText(settings.download_folder or self.tr("Deskside's own folder"))
        self._usual.show_when(bool(settings.download_folder))

    def retranslate(self) -> None:
        speed = self.tr("Download at most")
        self._labels[0].setText(self.tr("Folder for models"))
        self._labels[1].setText(speed)
        self._choose.word(self.tr("Change…"))
        self._choose.setAccessibleName(self.tr("Change the folder for models"))
        self._usual.word(self.tr("Use the default"))
        self._usual.setAccessibleName(self.tr("Use Deskside's own folder for models"))
        self._speed.setAccessibleName(speed)
        self._speed.setSuffix(" MB/s")
        self._speed.setSpecialValueText(self.tr("As fast as it goes"))
        self.show_settings()

    def _ask_folder(self) -> None:
        dialog = QFileDialog(self, self.tr("Folder for models"))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.fileSelected.connect(self._take_folder)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _take_folder(self, folder: str) -> None:
        self._save(download_folder=folder)

    def _take_usual(self) -> None:
        self._save(download_folder="")

    def _save_speed(self) -> None:
        if self._speed.value() != -(-self._desk.settings.speed_limit_kib * 1024 // 1_000_000):
            self._save(speed_limit_kib=self._speed.value() * 1_000_000 // 1024)

    def _save(self, **values: str | int) -> None:
        settings = replace(self._desk.settings, **values)  # type: ignore[arg-type]
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
        self.show_settings()
