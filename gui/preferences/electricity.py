"""What electricity costs, for those who want to know what an answer cost."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from engine.settings import CURRENCIES, DEAREST_KWH
from gui.widgets.controls import ChoiceBox, DecimalBox
from gui.widgets.labels import Text
from gui.widgets.rows import in_line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_CHEAPEST = 0.001
_WIDTH = 150


class ElectricityPrice(View):
    changed = Signal()  # the settings

    def __init__(self, desk: Desk, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.price = DecimalBox(_CHEAPEST, DEAREST_KWH, 3, 0.05)
        self.price.setFixedWidth(_WIDTH)
        self.currency = ChoiceBox(theme)
        self.currency.setFixedWidth(_WIDTH)
        for currency in CURRENCIES:
            self.currency.addItem("", currency)
        self._words = Text("", "muted")
        row = in_line(self.price, self.currency, gap=10)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(10)
        column.addLayout(row)
        column.addWidget(self._words)
        self.show_settings()
        self.retranslate()
        self.price.editingFinished.connect(self._save)
        self.currency.activated.connect(self._save)

    def show_settings(self) -> None:
        settings = self._desk.settings
        self.price.show_value(settings.kwh_price or None)
        self.currency.setCurrentIndex(self.currency.findData(settings.currency))

    def retranslate(self) -> None:
        self.price.setSpecialValueText(self.tr("Not set"))
        self.price.setAccessibleName(self.tr("Price of a kilowatt hour"))
        self.currency.setAccessibleName(self.tr("Currency"))
        for row, currency in enumerate(CURRENCIES):
            self.currency.setItemText(row, self.tr("{currency} a kWh").format(currency=currency))
        self._words.setText(
            self.tr(
                "With a price, the figures of an answer tell what its electricity cost, where graphics cards"
                " tell their power."
            )
        )

    def _save(self) -> None:
        settings = replace(
            self._desk.settings,
            kwh_price=self.price.chosen() or 0.0,
            currency=self.currency.currentData(),
        )
        if settings != self._desk.settings:
            self._desk.change_settings(settings)
            self.changed.emit()
