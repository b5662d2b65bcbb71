"""The prices and watts that a comparison rests on, each with source and date, and fields to say others."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from engine.planning.prices import OWN, RATE, Part, PartKind, PriceList, Sourced
from gui.advice.model import AdviceModel
from gui.advice.words import price_source_words, watts_source_words
from gui.widgets.labels import Line, Text
from gui.widgets.number_field import NumberField
from gui.widgets.view import View

_TAKING = (PartKind.COMPUTER, PartKind.CARD)  # parts whose watts count
_PRICE_WIDTH, _WATTS_WIDTH = 110, 80


class PricesView(View):
    """Enter in a field keeps the figure; an empty field goes back to the one that was shipped."""

    def __init__(self, model: AdviceModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._shown: PriceList | None = None
        self._head = Text("", "heading")
        self._hint = Text("", "muted")
        self._holder = QWidget()
        self._fields: dict[str, NumberField] = {}
        self._watts: dict[str, NumberField] = {}
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
                "Type what it costs you, in CNY, and what it takes at most, in watts, and press Enter. Yours "
                "are kept; an empty field is the source's figure. A computer's watts are those without the "
                "cards that are bought beside it."
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
        held = [next((name for name, one in kind.items() if one.hasFocus()), None) for kind in self._kinds]
        self._holder.hide()
        self._holder.deleteLater()
        self._holder, self._fields, self._watts = QWidget(), {}, {}
        grid = QGridLayout(self._holder)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(0, 1)
        self._add_words(grid, self.tr("One US dollar"), [self._rate_words(prices)])
        self._add_price(grid, RATE, self.tr("One US dollar"), self._rate_words(prices), prices.cny_per_usd)
        for part in prices.parts:
            self._add_part(grid, part, prices.cny(part))
        self._column.addWidget(self._holder)
        for kind, name in zip(self._kinds, held, strict=True):
            if name is not None and name in kind:
                kind[name].setFocus()

    @property
    def _kinds(self) -> tuple[dict[str, NumberField], dict[str, NumberField]]:
        return self._fields, self._watts

    def _add_part(self, grid: QGridLayout, part: Part, price: Sourced | None) -> None:
        title, source = self._name(part), price_source_words(part, price)
        taken = watts_source_words(part.watts)
        self._add_words(grid, title, [source, *([taken] if taken else [])])
        self._add_price(grid, part.name, title, source, price)
        if part.kind in _TAKING:
            self._add_watts(grid, part, title, taken)

    def _add_words(self, grid: QGridLayout, title: str, sources: list[str]) -> None:
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(Line(title))
        for source in sources:
            words.addWidget(Text(source, "muted"))
        grid.addLayout(words, grid.rowCount(), 0)

    def _add_price(
        self, grid: QGridLayout, name: str, title: str, source: str, price: Sourced | None
    ) -> None:
        field = _field(self.tr("{part} in CNY").format(part=title), source, price)
        field.setPlaceholderText(self.tr("CNY"))
        field.setFixedWidth(_PRICE_WIDTH)
        field.returnPressed.connect(partial(self._priced, name))
        grid.addWidget(field, grid.rowCount() - 1, 1, Qt.AlignmentFlag.AlignTop)
        self._fields[name] = field

    def _add_watts(self, grid: QGridLayout, part: Part, title: str, taken: str) -> None:
        field = _field(self.tr("{part}, watts at most").format(part=title), taken, part.watts)
        field.setPlaceholderText(self.tr("W"))
        field.setFixedWidth(_WATTS_WIDTH)
        field.returnPressed.connect(partial(self._weighed, part.name))
        grid.addWidget(field, grid.rowCount() - 1, 2, Qt.AlignmentFlag.AlignTop)
        self._watts[part.name] = field

    def _priced(self, name: str) -> None:
        self._model.type_price(name, self._fields[name].number())

    def _weighed(self, name: str) -> None:
        self._model.type_watts(name, self._watts[name].number())

    def _name(self, part: Part) -> str:
        return self.tr("{part} (used)").format(part=part.name) if part.used else part.name

    def _rate_words(self, prices: PriceList) -> str:
        rate = prices.cny_per_usd
        if rate is None:
            return self.tr("Not known. Parts that are priced in dollars are compared once you say it.")
        return f"{rate.source}, {rate.date}"


def _field(name: str, source: str, figure: Sourced | None) -> NumberField:
    """Holds the figure only if a person typed it."""
    field = NumberField()
    field.setAccessibleName(name)
    field.setAccessibleDescription(source)
    if figure is not None and figure.source == OWN:
        field.setText(f"{figure.high:.12g}")
    return field
