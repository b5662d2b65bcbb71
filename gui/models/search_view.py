"""Results of a search on the hub, each with its verdict for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.planning.plan import RunPlan, Verdict
from gui.models.search_model import SearchModel
from gui.plans.words import speed_words, verdict_words
from gui.widgets.bytes_text import format_bytes, format_count
from gui.widgets.controls import Button, Card
from gui.widgets.labels import ElidedLine, Text, separator
from gui.widgets.rows import beside
from gui.widgets.sentences import SentenceLabel
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.searching import SearchResult


class SearchView(View):
    """Hidden until something was searched for. `wanted` carries (repository, quantization)."""

    wanted = Signal(object)
    rebuilt = Signal()  # its rows are new ones

    def __init__(self, model: SearchModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._state = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._stop = Button()
        self._card = Card()
        self._rows: dict[str, FoundRow] = {}
        self._parts: list[QWidget] = []
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(beside(self._state, self._stop))
        column.addWidget(self._failure)
        column.addWidget(self._card)
        self._stop.clicked.connect(model.cancel)
        model.changed.connect(self._show)
        self.retranslate()

    def retranslate(self) -> None:
        self._stop.word(self.tr("Stop searching"))
        self._show()

    def _show(self) -> None:
        model = self._model
        if [result.model.repository for result in model.results] != list(self._rows):
            self._build()
        for result in model.results:
            self._rows[result.model.repository].show_result(result, model)
        nothing = model.has_searched and not model.results and not model.is_searching and not model.failure
        words = self.tr("asking the hub…") if model.is_searching else ""
        self._state.setText(self.tr("The hub has no GGUF model for these words.") if nothing else words)
        self._state.setVisible(nothing or model.is_searching)
        self._stop.setVisible(model.is_searching)
        self._failure.show_sentences(*([model.failure] if model.failure else []))
        self._card.setVisible(bool(model.results))

    def _build(self) -> None:
        for part in self._parts:
            part.hide()
            part.deleteLater()
        self._rows, self._parts = {}, []
        for result in self._model.results:
            if result.model.repository in self._rows:
                continue
            if self._rows:
                self._add(separator())
            row = FoundRow(result)
            row.look_wanted.connect(self._model.look_at)
            row.wanted.connect(self.wanted)
            self._rows[result.model.repository] = row
            self._add(row)
        self.rebuilt.emit()

    def _add(self, part: QWidget) -> None:
        self._card.column.addWidget(part)
        self._parts.append(part)


class FoundRow(View):
    """A repository: its figures and verdict, a closer look at it, and its download."""

    look_wanted = Signal(object)  # SearchResult
    wanted = Signal(object)  # (repository, quantization)

    def __init__(self, result: SearchResult, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._result = result
        self._plan: RunPlan | None = result.plan
        self._is_looking = self._is_exact = False
        self._name = ElidedLine(result.model.repository, "strong")
        self._facts = ElidedLine("", "muted")
        self._verdict = ElidedLine("", "")
        self._failure = SentenceLabel("danger")
        self._look, self._get = Button(), Button()
        words = QVBoxLayout()
        words.setSpacing(3)
        for widget in (self._name, self._facts, self._verdict, self._failure):
            words.addWidget(widget)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 4, 6)
        row.setSpacing(10)
        row.addLayout(words, 1)
        row.addWidget(self._look)
        row.addWidget(self._get)
        self._look.clicked.connect(self._ask_look)
        self._get.clicked.connect(self._ask_download)
        self.retranslate()

    def show_result(self, result: SearchResult, model: SearchModel) -> None:
        repository = result.model.repository
        self._result, self._plan = result, model.plan_of(result)
        self._is_looking = model.is_looking_at(repository)
        self._is_exact = repository in model.plans
        failure = model.failures.get(repository)
        self._failure.show_sentences(*([failure] if failure else []))
        self.retranslate()

    def retranslate(self) -> None:
        found = self._result.model
        facts = [self.tr("{count} downloads").format(count=format_count(found.downloads))]
        if found.gated:
            facts.append(self.tr("needs an account"))
        if self._plan is not None:
            facts += [self._plan.quantization.name, self._size(self._plan)]
        self._facts.setText(" · ".join(facts))
        self._verdict.setText(self._verdict_words())
        self._look.word(self.tr("reading its header…") if self._is_looking else self.tr("Look closely"))
        self._look.setAccessibleName(self.tr("Read the header of {model}").format(model=found.repository))
        self._look.setEnabled(not self._is_looking and not self._is_exact)
        self._get.word(self.tr("Download"))
        self._get.setAccessibleName(self.tr("Download {model}").format(model=found.repository))

    def _size(self, plan: RunPlan) -> str:
        size = format_bytes(plan.quantization.size_bytes)
        return size if plan.quantization.exact else self.tr("about {size}").format(size=size)

    def _verdict_words(self) -> str:
        plan = self._plan
        if plan is None:
            return self.tr("Look closely to see how it would run here.")
        words = [verdict_words(plan.verdict)]
        if plan.verdict is not Verdict.WILL_NOT_RUN:
            words.append(speed_words(plan.speed.generation_tps))
        words.append(self.tr("planned from its header") if self._is_exact else self.tr("estimated"))
        return " · ".join(words)

    def _ask_look(self) -> None:
        self.look_wanted.emit(self._result)

    def _ask_download(self) -> None:
        name = self._plan.quantization.name if self._plan else ""
        self.wanted.emit((self._result.model.repository, name))
