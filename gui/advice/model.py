"""What the pages about money know: the last answers to their questions, and the prices they rest on."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from engine.events import (
    BudgetAdvised,
    BudgetProgressed,
    Calibrated,
    Event,
    HardwareReported,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    WhatIfAdvised,
)
from engine.jobs.desk import Desk
from engine.jobs.purchase_questions import BudgetQuestion, WhatIfQuestion
from engine.messages import Sentence
from engine.planning.plan import Aim
from engine.planning.prices import PriceList, Typed, typed_figure
from engine.planning.terms import Terms

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.planning.budget import BudgetAdvice, Comparison
    from engine.planning.what_if import WhatIf


class AdviceModel(QObject):
    """Views call the methods, read the attributes and redraw on the signals. An answer to a question that
    was asked anew since is dropped."""

    budget_changed = Signal()
    budget_progressed = Signal()
    what_if_changed = Signal()

    def __init__(self, desk: Desk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._budget_job: JobId | None = None
        self._what_if_job: JobId | None = None
        self._asked = BudgetQuestion(20_000.0, Aim(), Terms())
        self.what_if_aim = Aim()
        self.wanted: tuple[str, ...] = ()  # purchases that a person named, as `change_of` reads them
        self.advice: BudgetAdvice | None = None
        self.comparison: Comparison | None = None  # under way, or stopped
        self.prices = PriceList(())
        self.budget_failure: Sentence | None = None
        self.found: WhatIf | None = None
        self.memory = 0  # bytes of this machine
        self.channels: int | None = None
        self.what_if_failure: Sentence | None = None

    @property
    def budget_busy(self) -> bool:
        return self._budget_job is not None

    @property
    def what_if_busy(self) -> bool:
        return self._what_if_job is not None

    def ask_budget(self, budget: float, aim: Aim, terms: Terms) -> None:
        self._asked = BudgetQuestion(budget, aim, terms)
        self._ask_budget()

    def type_price(self, name: str, cny: float | None) -> None:
        """Keeps a price of a part (None: as it was shipped) and plans anew with it."""
        kept = _with_figure(self._desk.settings.prices, name, cny)
        self._desk.change_settings(replace(self._desk.settings, prices=kept))
        self._ask_budget()

    def type_watts(self, name: str, watts: float | None) -> None:
        """As `type_price`, of what a part takes at most."""
        kept = _with_figure(self._desk.settings.watts, name, watts)
        self._desk.change_settings(replace(self._desk.settings, watts=kept))
        self._ask_budget()

    def stop_budget(self) -> None:
        """What was compared so far stays."""
        if self._budget_job is not None:
            self._desk.cancel(self._budget_job)

    def ask_what_if(self) -> None:
        if self._what_if_job is not None:  # its answer is not wanted any more
            self._desk.cancel(self._what_if_job)
        self.what_if_failure = None
        self._what_if_job = self._desk.ask_what_if(WhatIfQuestion(self.what_if_aim, self.wanted))
        self.what_if_changed.emit()

    def want(self, change: str) -> None:
        """Adds a purchase to those that are compared."""
        self.wanted = (change, *(each for each in self.wanted if each != change))
        self.ask_what_if()

    def on_event(self, event: Event) -> None:
        if isinstance(event, HardwareReported):
            self.found = None  # of another state of this machine; asked again when the page is shown
        elif isinstance(event, Calibrated) and event.kept and self.found is not None:
            self.ask_what_if()  # what stands there was predicted without it
        elif event.job == self._budget_job:
            self._on_budget(event)
        elif event.job == self._what_if_job:
            self._on_what_if(event)

    def _ask_budget(self) -> None:
        self.stop_budget()
        self.budget_failure, self.comparison = None, None
        self._budget_job = self._desk.ask_budget(self._asked)
        self.budget_changed.emit()

    def _on_budget(self, event: Event) -> None:
        if isinstance(event, BudgetProgressed):
            self.comparison = event.comparison
            self.budget_progressed.emit()
            return
        if isinstance(event, BudgetAdvised):
            self.advice, self.prices, self.comparison = event.advice, event.prices, None
        elif isinstance(event, JobFailed):
            self.budget_failure, self.comparison = event.message, None
        if isinstance(event, JobFailed | JobFinished | JobCancelled):
            self._budget_job = None
        self.budget_changed.emit()

    def _on_what_if(self, event: Event) -> None:
        if isinstance(event, WhatIfAdvised):
            self.found, self.memory, self.channels = event.found, event.memory, event.channels
        elif isinstance(event, JobFailed):
            self.what_if_failure = event.message
            self.wanted = self.wanted[1:]  # what made no sense is not asked again
        if isinstance(event, JobFailed | JobFinished | JobCancelled):
            self._what_if_job = None
        self.what_if_changed.emit()


def _with_figure(typed: Typed, name: str, value: float | None) -> Typed:
    kept = tuple(pair for pair in typed if pair[0] != name)
    if value is None:
        return kept
    return (*kept, (name, typed_figure(value, datetime.now(UTC).date().isoformat())))
