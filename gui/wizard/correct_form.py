"""Figures of the check set by hand: a field for each, empty for what was found."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFormLayout, QLineEdit, QVBoxLayout, QWidget

from engine.hardware.report import BandwidthMeasurement, HardwareReport
from gui.widgets.bytes_text import format_bytes, format_rate
from gui.widgets.controls import Button
from gui.widgets.labels import Line, Text
from gui.widgets.rows import in_line
from gui.widgets.view import View

Pairs = tuple[tuple[str, str], ...]


class CorrectForm(View):
    """Knows no desk: it is given a report and the corrections so far, and tells the new ones."""

    corrected = Signal(object)  # Pairs

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report: HardwareReport | None = None
        self._others: Pairs = ()  # keys that have no field here
        self._intro = Text("", "muted")
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(28)
        self._fields: dict[str, tuple[Line, QLineEdit]] = {}
        self._apply, self._back = Button(), Button()
        buttons = in_line(self._apply, self._back)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._intro)
        column.addLayout(self._form)
        column.addLayout(buttons)
        self._apply.clicked.connect(self._tell)
        self._back.clicked.connect(lambda: self.corrected.emit(()))
        self.retranslate()

    def show_report(self, report: HardwareReport, overrides: Pairs) -> None:
        """The fields that fit the report, filled with what was corrected before."""
        given = dict(overrides)
        self._report = report
        keys = ["memory.total", "memory.bandwidth", "disk.read", "cpu.threads"]
        for index in range(len(report.gpus)):
            keys += [f"gpu.{index}.vram", f"gpu.{index}.bandwidth", f"gpu.{index}.usable"]
        if list(self._fields) != keys:
            self._build(keys)
        for key, (_, field) in self._fields.items():
            field.setText(given.get(key, ""))
        self._others = tuple((key, value) for key, value in overrides if key not in self._fields)
        self.retranslate()

    def enter(self) -> None:
        """The first field takes the keys."""
        for _, field in list(self._fields.values())[:1]:
            field.setFocus()

    def retranslate(self) -> None:
        self._intro.setText(
            self.tr(
                "Type in what the check got wrong or could not find out. An empty field keeps what it found."
            )
        )
        self._apply.word(self.tr("Apply"))
        self._back.word(self.tr("Undo all corrections"))
        self.setAccessibleName(self.tr("Corrections of the check"))
        for key, (label, field) in self._fields.items():
            name, example = self._words(key)
            label.setText(name)
            field.setAccessibleName(name)
            field.setPlaceholderText(self.tr("for example {example}").format(example=example))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # A field passes Enter on, which would leave the page with the correction still on its way.
        if event.key() not in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            super().keyPressEvent(event)

    def _build(self, keys: list[str]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._fields = {}
        for key in keys:
            label, field = Line(), QLineEdit()
            label.setBuddy(field)
            field.setMaxLength(40)
            field.returnPressed.connect(self._tell)
            self._form.addRow(label, field)
            self._fields[key] = (label, field)

    def _words(self, key: str) -> tuple[str, str]:
        """The name of a field, and an example: the figure as it is where there is one."""
        report = self._report
        if report is None:
            return key, ""
        plain = {
            "memory.total": (self.tr("Memory in all"), format_bytes(report.memory.total_bytes)),
            "memory.bandwidth": (self.tr("Memory bandwidth"), _rate(report.memory.bandwidth)),
            "disk.read": (
                self.tr("Disk reading"),
                _rate(report.disks[0].read if report.disks else None),
            ),
            "cpu.threads": (self.tr("Processors to use"), f"{report.cpu.logical_cores}"),
        }
        if key in plain:
            return plain[key]
        _, index, figure = key.split(".")
        gpu = report.gpus[int(index)]
        if figure == "vram":
            return self.tr("{name}: memory").format(name=gpu.name), format_bytes(gpu.vram_bytes or 8 << 30)
        if figure == "bandwidth":
            rate = gpu.bandwidth_bytes_per_second or 500e9
            return self.tr("{name}: bandwidth").format(name=gpu.name), format_rate(rate)
        return self.tr("{name}: use").format(name=gpu.name), self.tr("no") if gpu.usable else self.tr("yes")

    def _tell(self) -> None:
        typed = ((key, field.text().strip()) for key, (_, field) in self._fields.items())
        self.corrected.emit((*(pair for pair in typed if pair[1]), *self._others))


def _rate(measured: BandwidthMeasurement | None) -> str:
    return format_rate(measured.bytes_per_second if measured else 50e9)
