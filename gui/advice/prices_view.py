"""The prices that a comparison rests on: each with its source and date, and a field to say another."""

from __future__ import annotations

from functools import partial

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.planning.prices import OWN, RATE, Part, PriceList, Sourced
from gui.advice.model import AdviceModel
from gui.advice.words import price_source_words
from gui.widgets.labels import Line, Text
from gui.widgets.number_field import NumberField
from gui.widgets.view import View


class PricesView(View):
    """Enter in a field keeps the price; an empty field goes back to the one that was shipped."""

    def __init__(self, model: AdviceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: PriceList | None = None
        self._head = Text("", "heading")
        self._hint = Text("", "muted")
        self._holder = QWidget()
        self._fields: dict[str, NumberField] = {}
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.addWidget(self._head)
        self._column.addWidget(self._hint)
        self._column.addWidget(self._holder)
        model.budget_changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._head.setText(self.tr("Prices"))
        self._hint.setText(
            self.tr(
                "Type what it costs you, in CNY, and press Enter. Yours are kept; an empty field is the "
                "source's price."
            )
        )
        self._shown = None
        self._show()

    def _show(self) -> None:
        prices = self._model.prices
        self.setVisible(bool(prices.parts))
        if prices == self._shown:
            return
        self._shown = prices
        focused = next((name for name, field in self._fields.items() if field.hasFocus()), None)
        self._holder.hide()
        self._holder.deleteLater()
        self._holder, self._fields = QWidget(), {}
        grid = QGridLayout(self._holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        self._add(grid, RATE, self.tr("One US dollar"), self._rate_words(prices), prices.cny_per_usd)
        for part in prices.parts:
            price = prices.cny(part)
            self._add(grid, part.name, self._name(part), price_source_words(part, price), price)
        self._column.addWidget(self._holder)
        if focused in self._fields:
            self._fields[focused].setFocus()

    def _add(self, grid: QGridLayout, name: str, title: str, source: str, price: Sourced | None) -> None:
        row = grid.rowCount()
        field = NumberField()
        field.setAccessibleName(self.tr("{part} in CNY").format(part=title))
        field.setAccessibleDescription(source)
        field.setPlaceholderText(self.tr("CNY"))
        field.setMaximumWidth(130)
        if price is not None and price.source == OWN:
            field.setText(f"{price.high:g}")
        field.returnPressed.connect(partial(self._typed, name))
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Line(title))
        words.addWidget(Text(source, "muted"))
        grid.addLayout(words, row, 0)
        grid.addWidget(field, row, 1)
        self._fields[name] = field

    def _typed(self, name: str) -> None:
        self._model.type_price(name, self._fields[name].number())

    def _name(self, part: Part) -> str:
        return self.tr("{part} (used)").format(part=part.name) if part.used else part.name

    def _rate_words(self, prices: PriceList) -> str:
        rate = prices.cny_per_usd
        if rate is None:
            return self.tr("Not known. Parts that are priced in dollars are compared once you say it.")
        return f"{rate.source}, {rate.date}"
