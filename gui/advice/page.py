"""The page about money: whole machines for a budget, or something more in this one."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from gui.advice.model import AdviceModel
from gui.advice.what_if_view import WhatIfView
from gui.bridge import EngineBridge
from gui.plans.score_card import ScoreCard
from gui.plans.score_model import ScoreModel
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Text
from gui.widgets.rows import beside
from gui.widgets.tab_order import tab_as_laid_out
from gui.widgets.theme import ThemeSource
from gui.widgets.view import Column, View

if TYPE_CHECKING:
    from gui.advice.budget_view import BudgetView

_WIDTH = 940


class AdvicePage(View):
    """`check_wanted` asks for the check and the recommendation, which are the wizard's."""

    check_wanted = Signal()
    left = Signal()

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model = AdviceModel(desk, self)
        self._content = Column(_WIDTH)
        self._title = Text("", "title")
        self._back = IconButton(theme, "back", "")
        self._check = Button()
        self._tabs = [Button() for _ in range(2)]
        self._group = QButtonGroup(self)
        self._hint = Text("", "muted")
        self._theme = theme
        self.what_if = WhatIfView(self.model, theme)
        self._stack = QStackedWidget()
        self._score_model = ScoreModel(desk, self)
        self._score = ScoreCard(self._score_model)
        self._arrange()
        bridge.event_arrived.connect(self.model.on_event)
        bridge.event_arrived.connect(self._score_model.on_event)
        self._back.clicked.connect(self.left)
        self._check.clicked.connect(self.check_wanted)
        self._group.idToggled.connect(self._show_tab)
        self.model.budget_changed.connect(self._order_tabs)
        self.model.what_if_changed.connect(self._order_tabs)
        self.retranslate()

    def enter(self) -> None:
        """The page is shown: what this machine would gain is asked for, as that needs no answer first."""
        self._score_model.refresh()
        self._tabs[self._stack.currentIndex()].setFocus()
        self._begin(self._stack.currentIndex())

    def retranslate(self) -> None:
        self._title.setText(self.tr("What to buy, if anything"))
        self._back.word(self.tr("Back to the chat"))
        self._check.word(self.tr("Check and recommendation"))
        words = (self.tr("More in this machine"), self.tr("Another machine"))
        for tab, word in zip(self._tabs, words, strict=True):
            tab.word(word)
        self._hint.setText(
            self.tr("Speeds are estimated: the bar is the range, its line is the speed at which people read.")
        )

    def _arrange(self) -> None:
        column = self._content.column
        column.addLayout(beside(self._title, self._back))
        tabs = QHBoxLayout()
        for number, tab in enumerate(self._tabs):
            tab.setCheckable(True)
            self._group.addButton(tab, number)
            tabs.addWidget(tab)
        tabs.addWidget(self._check)
        tabs.addStretch(1)
        column.addLayout(tabs)
        column.addWidget(self._hint)
        self._tabs[0].setChecked(True)
        self._stack.addWidget(self.what_if)
        column.addWidget(self._stack)
        column.addWidget(self._score)
        column.addStretch(1)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self._content)
        tab_as_laid_out(self._content)

    @cached_property
    def budget(self) -> BudgetView:
        """Made when it is first wanted, as pages are."""
        from gui.advice.budget_view import BudgetView

        made = BudgetView(self.model, self._theme)
        self._stack.addWidget(made)
        return made

    def _show_tab(self, number: int, checked: bool) -> None:
        if checked:
            self._stack.setCurrentWidget(self.budget if number else self.what_if)
            self._begin(number)
            self._order_tabs()

    def _begin(self, number: int) -> None:
        if number == 0 and self.model.found is None and not self.model.what_if_busy:
            self.model.ask_what_if()
        elif number == 1 and self.model.advice is None and not self.model.budget_busy:
            self.budget.begin()

    def _order_tabs(self) -> None:
        tab_as_laid_out(self._content)
