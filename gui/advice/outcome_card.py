"""A purchase and what it brings, as a card: price, sentence, speed before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QWidget

from engine.figures import Origin
from engine.planning.plan import RunPlan
from gui.advice.words import change_words, money_words, range_words
from gui.plans.plan_card import plan_segments
from gui.plans.words import memory_need_words, speed_words
from gui.widgets.bytes_text import format_tokens_per_second
from gui.widgets.controls import Card
from gui.widgets.labels import ElidedLine, Line, OriginBadge, Text
from gui.widgets.memory_bar import MemoryBar
from gui.widgets.range_bar import RangeBar
from gui.widgets.rows import beside
from gui.widgets.sentences import translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.planning.what_if import Outcome


class OutcomeCard(View):
    """Can hold the focus, so that a screen reader reads it as a whole."""

    def __init__(
        self,
        theme: ThemeSource,
        outcome: Outcome,
        now: RunPlan | None,
        memory: int,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._outcome = outcome
        self._now = now
        self._memory = memory + outcome.change.added
        self._title = ElidedLine("", "strong")
        self._price = Line("", "muted")
        self._verdict = Line("", "good" if outcome.worth_it else "warning")
        self._says = Text()
        self._gain = Text("", "muted")
        self._labels = [Line("", "muted") for _ in range(2)]
        self._speeds = [Line("") for _ in range(2)]
        self._ranges = [RangeBar(theme) for _ in range(2)]
        self._bar = MemoryBar(theme)
        self._need = Line("", "muted")
        self._card = Card()
        self._arrange()
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.retranslate()

    def retranslate(self) -> None:
        outcome, price = self._outcome, self._outcome.change.price
        self._title.setText(change_words(outcome.change))
        self._price.setText(range_words(price.low, price.high) if price else self.tr("price not known"))
        self._price.setToolTip(f"{price.date}, {price.source}" if price else "")
        self._verdict.setText(self.tr("Worth a thought") if outcome.worth_it else self.tr("Don't buy"))
        self._says.setText(translate(outcome.message))
        self._gain.setText(self._gain_words())
        self._gain.setVisible(bool(self._gain.text()))
        shown = outcome.best if outcome.better_model else outcome.same
        for label, speed, bar, word, plan in zip(
            self._labels,
            self._speeds,
            self._ranges,
            (self.tr("now"), self.tr("then")),
            (self._now, shown),
            strict=True,
        ):
            label.setText(word)
            speed.setText(speed_words(plan.speed.generation_tps) if plan else "")
            bar.show_range(plan.speed.generation_tps if plan else None)
        if shown is not None:
            vram = sum(size for _, size in shown.memory.vram)
            room = self._memory + vram
            self._bar.show_parts(plan_segments(shown), room)
            self._need.setText(memory_need_words(shown, room))
        self.setAccessibleName(
            ". ".join(
                part
                for part in (
                    self._title.text(),
                    self._price.text(),
                    self._verdict.text(),
                    self._says.text(),
                    self._gain.text(),
                )
                if part
            )
        )

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self._mark(True)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._mark(False)

    def _mark(self, focused: bool) -> None:
        self._card.setProperty("focused", focused)
        self._card.style().unpolish(self._card)
        self._card.style().polish(self._card)

    def _gain_words(self) -> str:
        outcome = self._outcome
        if not outcome.worth_it or not outcome.gained_tps:
            return ""
        gained = format_tokens_per_second(outcome.gained_tps)
        if outcome.cny_per_tps is None:
            words = self.tr("The model that is best now gains {gained} tokens/s.")
            return words.format(gained=gained)
        words = self.tr("The model that is best now gains {gained} tokens/s, at {price} each.")
        return words.format(gained=gained, price=money_words(outcome.cny_per_tps))

    def _arrange(self) -> None:
        card = self._card
        card.column.addLayout(beside(self._title, self._price, self._verdict, gap=10))
        card.column.addWidget(self._says)
        grid = QGridLayout()
        grid.setHorizontalSpacing(10)
        grid.setColumnStretch(2, 1)
        for row in range(2):
            grid.addWidget(self._labels[row], row, 0)
            grid.addWidget(self._speeds[row], row, 1)
            grid.addWidget(self._ranges[row], row, 2)
        card.column.addLayout(grid)
        card.column.addLayout(beside(self._bar, self._need, OriginBadge(Origin.ESTIMATED), gap=10))
        card.column.addWidget(self._gain)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(card)
