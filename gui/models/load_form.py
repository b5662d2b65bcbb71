"""How one model is loaded: layers beside the processor, a smaller model that writes ahead, and what that
would take and give, told before anything is loaded."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFormLayout, QVBoxLayout, QWidget

from engine.catalog.model import InstalledModel
from engine.events import Event, JobFailed, JobId, LoadForeseen
from engine.jobs.desk import Desk
from engine.planning.plan import RunPlan, Verdict
from engine.settings import EVERY_LAYER, Loading, loading_of, with_loading
from gui.plans.words import place_words, speed_words, verdict_words
from gui.widgets.bytes_text import format_bytes
from gui.widgets.controls import Button, Card, ChoiceBox, NumberBox
from gui.widgets.labels import Line, Text
from gui.widgets.places import model_words
from gui.widgets.rows import beside, in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

if TYPE_CHECKING:  # only values of it are seen here, and what makes them takes long to import
    from engine.jobs.foreseeing import LoadOutlook

_PLANNED, _NONE, _SOME = range(3)  # rows of the choice of layers
_AS_PLANNED = -1
_EXPERTS = (None, EVERY_LAYER, 0)  # rows of the choice of experts, before that of a number


class LoadForm(View):
    """For one model at a time. `left`: it was put aside, or what was chosen is kept; `entered` carries the
    part that the keyboard has gone to."""

    left = Signal()
    entered = Signal(object)  # QWidget

    def __init__(self, desk: Desk, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model: InstalledModel | None = None
        self._loading = Loading("")
        self._job: JobId | None = None  # that is asked what it would take
        self._outlook: LoadOutlook | None = None  # of this model, of the choice before where `_job` goes on
        self._head = Text("", "heading")
        self._labels = [Line(), Line(), Line()]
        self._place = ChoiceBox(theme)
        self._layers, self._away = NumberBox(1, 1), NumberBox(1, 1)
        self._experts, self._draft = ChoiceBox(theme), ChoiceBox(theme)
        self._form = QFormLayout()
        self._usual, self._chosen, self._besides = Text("", "muted"), Text("", "strong"), Text("", "muted")
        self._reasons, self._failure = SentenceLabel("muted"), SentenceLabel("danger")
        self._keep, self._reset, self._cancel = Button("primary"), Button(), Button()
        self._arrange()
        self._connect()
        self.retranslate()

    def begin(self, model: InstalledModel) -> None:
        """Shows the form with what was chosen for that model before."""
        self._model, self._outlook = model, None
        self._loading = loading_of(self._desk.settings, model.path)
        self._failure.show_sentences()
        self.retranslate()
        self._ask()
        self.show()
        self._place.setFocus()
        self.entered.emit(self)

    def leave(self) -> None:
        self._stop_asking()
        self.hide()
        self.left.emit()

    def retranslate(self) -> None:
        name = model_words(self._model) if self._model else ""
        self._head.setText(self.tr("How {model} is loaded").format(model=name))
        self._labels[0].setText(self.tr("Layers on graphics cards and other computers"))
        self._labels[1].setText(self.tr("Experts, of which each token reads a few"))
        self._labels[2].setText(self.tr("A smaller model that writes ahead"))
        self._place.setAccessibleName(self._labels[0].text())
        self._layers.setAccessibleName(self.tr("How many layers"))
        self._experts.setAccessibleName(self._labels[1].text())
        self._away.setAccessibleName(self.tr("Layers whose experts are in main memory"))
        self._draft.setAccessibleName(self._labels[2].text())
        self._keep.word(self.tr("Load it like this from now on"))
        self._reset.word(self.tr("As planned"))
        self._cancel.word(self.tr("Cancel"))
        self._fill()

    def on_event(self, event: Event) -> None:
        if self._job is None or event.job != self._job:
            return
        if isinstance(event, LoadForeseen):
            self._outlook = event.outlook
            self._failure.show_sentences()
            self._fill()
            self._announce()
        elif isinstance(event, JobFailed):
            self._failure.show_sentences(event.message)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _arrange(self) -> None:
        card = Card()
        place = beside(self._place, self._layers, gap=10)
        experts = beside(self._experts, self._away, gap=10)
        form = self._form
        form.setHorizontalSpacing(20)
        form.setVerticalSpacing(10)
        form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.WrapAllRows)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.addRow(self._labels[0], place)
        form.addRow(self._labels[1], experts)
        form.addRow(self._labels[2], self._draft)
        self._labels[0].setBuddy(self._place)
        self._labels[1].setBuddy(self._experts)
        self._labels[2].setBuddy(self._draft)
        buttons = in_line(self._keep, self._reset, self._cancel, gap=10)
        card.column.addWidget(self._head)
        card.column.addLayout(form)
        for label in (self._usual, self._chosen, self._besides, self._reasons, self._failure):
            card.column.addWidget(label)
        card.column.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)

    def _connect(self) -> None:
        self._place.activated.connect(self._place_chosen)
        self._layers.valueChanged.connect(self._layers_chosen)
        self._experts.activated.connect(self._experts_chosen)
        self._away.valueChanged.connect(self._away_chosen)
        self._draft.activated.connect(self._draft_chosen)
        self._keep.clicked.connect(self._keep_it)
        self._reset.clicked.connect(self._as_planned)
        self._cancel.clicked.connect(self.leave)

    # what is chosen
    def _place_chosen(self, row: int) -> None:
        wanted = {_PLANNED: _AS_PLANNED, _NONE: 0}
        self._change(replace(self._loading, device_layers=wanted.get(row, self._layers.value())))

    def _layers_chosen(self, count: int) -> None:
        self._change(replace(self._loading, device_layers=count))

    def _experts_chosen(self, row: int) -> None:
        wanted = _EXPERTS[row] if row < len(_EXPERTS) else self._away.value()
        self._change(replace(self._loading, experts_in_ram=wanted))

    def _away_chosen(self, count: int) -> None:
        self._change(replace(self._loading, experts_in_ram=count))

    def _draft_chosen(self, row: int) -> None:
        self._change(replace(self._loading, draft=self._draft.itemData(row)))

    def _as_planned(self) -> None:
        self._change(Loading(self._loading.path))

    def _change(self, loading: Loading) -> None:
        if loading != self._loading:
            self._loading = loading
            self._fill()
            self._ask()

    def _keep_it(self) -> None:
        self._desk.change_settings(with_loading(self._desk.settings, self._loading))
        self.leave()

    def _ask(self) -> None:
        self._stop_asking()
        if self._model is not None:
            self._job = self._desk.foresee(self._model, self._loading)

    def _stop_asking(self) -> None:
        if self._job is not None:
            self._desk.cancel(self._job)
        self._job = None

    # what is shown
    def _fill(self) -> None:
        outlook, wanted = self._outlook, self._loading.device_layers
        most = outlook.plan.model.shape.layers if outlook else max(wanted, 1)
        self._place.clear()
        self._place.addItem(self.tr("as planned"))
        self._place.addItem(self.tr("none: the processor only"))
        self._place.addItem(self.tr("as many as I say"))
        row = _PLANNED if wanted == _AS_PLANNED else _SOME if wanted else _NONE
        self._place.setCurrentIndex(row)
        self._place.setEnabled(outlook is None or bool(outlook.devices) or wanted > 0)
        self._layers.blockSignals(True)
        self._layers.setRange(1, most)
        self._layers.setValue(wanted if wanted > 0 else most)
        self._layers.blockSignals(False)
        self._layers.setVisible(row == _SOME)
        self._fill_experts()
        self._fill_drafts()
        self._show_outlook()

    def _fill_experts(self) -> None:
        """Only mixtures have any, and without a device there is nothing to choose."""
        outlook, wanted = self._outlook, self._loading.experts_in_ram
        self._experts.clear()
        self._experts.addItem(self.tr("as planned"))
        self._experts.addItem(self.tr("in main memory, whatever holds their layers"))
        self._experts.addItem(self.tr("with their layers"))
        self._experts.addItem(self.tr("in main memory, of as many layers as I say"))
        row = _EXPERTS.index(wanted) if wanted in _EXPERTS else len(_EXPERTS)
        self._experts.setCurrentIndex(row)
        most = outlook.plan.model.shape.layers if outlook else max(wanted or 1, 1)
        self._away.blockSignals(True)
        self._away.setRange(1, most)
        self._away.setValue(wanted if wanted and row == len(_EXPERTS) else self._usual_away(most))
        self._away.blockSignals(False)
        mixture = outlook is not None and outlook.plan.model.shape.experts > 0
        devices = outlook is not None and bool(outlook.devices)
        shown = (mixture and devices) or wanted is not None
        self._form.setRowVisible(self._labels[1], shown)
        self._away.setVisible(shown and row == len(_EXPERTS))

    def _usual_away(self, most: int) -> int:
        """What a person begins with: as many as are planned, or half."""
        planned = len(self._outlook.usual.experts_away) if self._outlook else 0
        return planned or max(1, most // 2)

    def _fill_drafts(self) -> None:
        self._draft.clear()
        self._draft.addItem(self.tr("none"), "")
        for model in self._outlook.drafts if self._outlook else ():
            words = self.tr("{model}, {size}").format(
                model=model_words(model), size=format_bytes(model.size_bytes)
            )
            self._draft.addItem(words, model.path)
        chosen = self._loading.draft
        if chosen and self._draft.findData(chosen) < 0:
            self._draft.addItem(chosen, chosen)
        self._draft.setCurrentIndex(self._draft.findData(chosen))
        self._draft.setEnabled(self._draft.count() > 1)

    def _show_outlook(self) -> None:
        outlook = self._outlook
        if outlook is None:
            self._usual.setText(self.tr("reading the model…"))
            self._chosen.hide()
            self._besides.hide()
            self._reasons.show_sentences()
            return
        planned = outlook.loading == Loading(outlook.loading.path)
        self._usual.setText(self.tr("As planned: {words}").format(words=self._plan_words(outlook.usual)))
        self._chosen.setText(self.tr("Like this: {words}").format(words=self._plan_words(outlook.plan)))
        self._chosen.setVisible(not planned)
        self._besides.setText("\n".join(self._more_words(outlook)))
        self._besides.setVisible(bool(self._besides.text()))
        self._reasons.show_sentences(*outlook.plan.reasons)

    def _plan_words(self, plan: RunPlan) -> str:
        if plan.verdict is Verdict.WILL_NOT_RUN:
            return verdict_words(plan.verdict)
        memory = [self.tr("{size} of main memory").format(size=format_bytes(plan.memory.ram))]
        memory += [
            self.tr("{size} on {device}").format(size=format_bytes(size), device=name)
            for name, size in plan.memory.vram
        ]
        return " · ".join((speed_words(plan.speed.generation_tps), place_words(plan), *memory))

    def _more_words(self, outlook: LoadOutlook) -> list[str]:
        words = []
        if not outlook.devices:
            words.append(self.tr("There is nothing beside the processor that could hold layers."))
        if not outlook.drafts:
            words.append(self.tr("No smaller model of the same family is installed that could write ahead."))
        if outlook.draft_bytes:
            size = format_bytes(outlook.draft_bytes)
            words.append(
                self.tr(
                    "The smaller model takes {size} of main memory besides. It is asked only while measuring"
                    " says that this is quicker, and the answers are the same."
                ).format(size=size)
            )
        return words

    def _announce(self) -> None:
        """For screen readers: the keyboard is in the field whose consequence appears here."""
        if QAccessible.isActive():
            shown = self._usual if self._chosen.isHidden() else self._chosen
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, shown.text()))
