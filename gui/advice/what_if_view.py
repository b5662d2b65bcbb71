"""This machine with something more in it: what each purchase brings, best first."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.hardware.cpu_names import known_cpus
from engine.hardware.gpu_names import known_names
from engine.planning.purchase import ChangeKind
from gui.advice.model import AdviceModel
from gui.advice.outcome_card import OutcomeCard
from gui.advice.words import change_words, money_words, remark_words
from gui.plans.aim_row import AimRow
from gui.plans.legend import Legend
from gui.plans.report import plan_lines
from gui.plans.words import speed_words
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, ChoiceBox
from gui.widgets.copy_button import CopyButton
from gui.widgets.labels import Line, Text
from gui.widgets.number_field import FigureValidator, NumberField, figure_of
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel, translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

# What is called by a name; the others are sizes.
_NAMES = {ChangeKind.CARD: known_names, ChangeKind.PROCESSOR: known_cpus}


class WhatIfView(View):
    """Knows no event: its model does."""

    def __init__(self, model: AdviceModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._shown: object = None
        self._aim = AimRow(theme)
        self._now = Text("", "strong")
        self._state = Text("", "muted")
        self._failure = SentenceLabel("danger", wording=remark_words)
        self._remarks = SentenceLabel("muted", wording=remark_words)
        self._kind = ChoiceBox(theme)
        self._value = QLineEdit()
        self._price_label = Line("", "muted")
        self._price = NumberField()
        self._add = Button()
        self._legend = Legend(theme)
        self._cards = QVBoxLayout()
        self._copy = CopyButton(theme, self.report)
        self._arrange()
        self._connect()
        self.retranslate()

    def retranslate(self) -> None:
        words = {
            ChangeKind.CARD: self.tr("Another card"),
            ChangeKind.MEMORY: self.tr("Memory, GiB in all"),
            ChangeKind.CHANNELS: self.tr("Memory channels in all"),
            ChangeKind.PROCESSOR: self.tr("Another processor"),
            ChangeKind.DISK: self.tr("Disk, GB/s"),
        }
        current = self._kind.currentData()
        self._kind.clear()
        for kind, word in words.items():
            self._kind.addItem(word, kind)
        self._kind.setCurrentIndex(max(0, self._kind.findData(current)))
        self._kind.setAccessibleName(self.tr("What to buy"))
        self._price_label.setText(self.tr("for"))
        self._price.setPlaceholderText(self.tr("CNY, if known"))
        self._price.setAccessibleName(self.tr("Its price in CNY"))
        self._add.word(self.tr("What if?"))
        self._word_value()
        self._shown = None
        self._show()

    def report(self) -> str:
        """The outcomes as plain text."""
        found = self._model.found
        if found is None:
            return ""
        lines = [self._now.text(), *(plan_lines(found.now) if found.now else ()), ""]
        for outcome in found.outcomes:
            price = outcome.change.price
            cost = f" ({money_words(price.high)}, {price.date}, {price.source})" if price else ""
            lines += [f"{change_words(outcome.change)}{cost}", f"  {translate(outcome.message)}"]
        return "\n".join([*lines, "", *map(translate, found.remarks)])

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._now)
        column.addWidget(self._aim)
        ask = QHBoxLayout()
        for widget in (self._kind, self._value, self._price_label, self._price, self._add):
            ask.addWidget(widget, 1 if widget is self._value else 0)
        self._price.setMaximumWidth(140)
        column.addLayout(ask)
        for widget in (self._state, self._failure, self._remarks, self._legend):
            column.addWidget(widget)
        self._cards.setSpacing(10)
        column.addLayout(self._cards)
        column.addLayout(in_line(self._copy))
        column.addStretch(1)

    def _connect(self) -> None:
        self._aim.chosen.connect(self._aim_chosen)
        self._kind.currentIndexChanged.connect(self._word_value)
        self._value.returnPressed.connect(self._want)
        self._price.returnPressed.connect(self._want)
        self._add.clicked.connect(self._want)
        self._model.what_if_changed.connect(self._show)

    def _aim_chosen(self) -> None:
        self._model.what_if_aim = self._aim.aim
        self._model.ask_what_if()

    def _word_value(self) -> None:
        kind = self._kind.currentData()
        examples = {
            ChangeKind.CARD: "RTX 3090",
            ChangeKind.PROCESSOR: "Ryzen 9 9950X",
            ChangeKind.MEMORY: "128",
            ChangeKind.CHANNELS: "2",
            ChangeKind.DISK: "7",
        }
        self._value.setPlaceholderText(examples.get(kind, ""))
        self._value.setAccessibleName(self._kind.currentText())
        self._value.setCompleter(None)
        # Qt keeps a StrEnum as the text that it is
        # Words are no sizes: they are not taken at all.
        self._value.setValidator(None if kind in _NAMES else FigureValidator(self._value))
        if not self._value.hasAcceptableInput():
            self._value.clear()
        QTimer.singleShot(0, self, self._complete)

    def _complete(self) -> None:
        """A little later: the catalogues are read for it."""
        names = _NAMES.get(self._kind.currentData())
        if names is not None and self._value.completer() is None:
            self._value.setCompleter(_completer(names(), self._value))

    def _want(self) -> None:
        value = self._value.text().strip()
        if not value or not (self._value.hasAcceptableInput() and self._price.hasAcceptableInput()):
            return
        if self._kind.currentData() not in _NAMES:
            value = f"{figure_of(value):.12g}"
        price = self._price.number()
        self._model.want(
            f"{self._kind.currentData()}={value}" + (f"@{price:.12g}" if price is not None else "")
        )
        self._value.clear()
        self._price.clear()

    def _show(self) -> None:
        model, found = self._model, self._model.found
        self._state.setText(self.tr("Working it out…"))
        self._state.setVisible(model.what_if_busy)
        self._failure.show_sentences(*([model.what_if_failure] if model.what_if_failure else []))
        self._remarks.show_sentences(*(found.remarks if found else ()))
        self._copy.setVisible(found is not None)
        self._legend.setVisible(found is not None)
        self._now.setText(self._now_words())
        self._now.setVisible(found is not None)
        if found is self._shown:
            return
        self._shown = found
        while item := self._cards.takeAt(0):
            card = item.widget()
            if card is not None:
                card.hide()
                card.deleteLater()
        for outcome in found.outcomes if found else ():
            now = found.now if found else None
            self._cards.addWidget(OutcomeCard(self._theme, outcome, now, model.memory))

    def _now_words(self) -> str:
        found = self._model.found
        if found is None or found.now is None:
            return self.tr("Now nothing of the catalogue runs here for this purpose.")
        words = self.tr("Now: {model} {quantization}, {speed}, {memory} of memory")
        return words.format(
            model=found.now.model.title,
            quantization=found.now.quantization.name,
            speed=speed_words(found.now.speed.generation_tps),
            memory=format_bytes(self._model.memory),
        )


def _completer(names: tuple[str, ...], field: QLineEdit) -> QCompleter:
    completer = QCompleter(list(names), field)
    completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
    completer.setFilterMode(Qt.MatchFlag.MatchContains)
    return completer
