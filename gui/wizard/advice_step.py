"""Step 2: what this machine can run, best first, and what the flagship would do."""

from __future__ import annotations

from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from engine.hardware.report import HardwareReport
from engine.planning.plan import Recommendation, RunPlan, Verdict
from gui.plans.aim_row import AimRow
from gui.plans.guide_notes import GuideNotes
from gui.plans.legend import Legend
from gui.plans.plan_card import PlanCard
from gui.plans.report import recommendation_text
from gui.plans.words import tier_words
from gui.widgets.controls import IconButton
from gui.widgets.copy_button import CopyButton
from gui.widgets.labels import Text
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.theme import ThemeSource
from gui.wizard.model import Stage, WizardModel
from gui.wizard.step import Step

_MARGIN = 40
_DOUBT = "advice_busy"
_FIRST = 3  # plans above the flagship, so that it is in sight too


class AdviceStepView(Step):
    """Cards in one group: arrow keys walk over them, Enter takes the one that is marked."""

    def __init__(self, model: WizardModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._theme = theme
        self._shown: Recommendation | None = None
        self._cards: list[PlanCard] = []
        self._group = QButtonGroup(self)
        self._title = Text("", "title")
        self._tier_head = Text("", "strong")
        self._tier = Text("", "muted")
        self._waiting = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._again = IconButton(theme, "retry", "")
        self._aim = AimRow(theme)
        self._legend = Legend(theme)
        self._plans = QVBoxLayout()
        self._flagship_head = Text("", "heading")
        self._flagship = QVBoxLayout()
        self._more_head = Text("", "heading")
        self._more = QVBoxLayout()
        self._refusal = Text("", "warning")
        self._doubt = SentenceLabel("warning")
        self._remarks = SentenceLabel("muted")
        self._guide = GuideNotes(theme)
        self._copy = CopyButton(theme, self._report)
        self._arrange()
        self._again.clicked.connect(model.ask_advice)
        self._aim.chosen.connect(model.choose_aim)
        self._group.buttonToggled.connect(self._chosen)
        model.advice_changed.connect(self._show)
        self.retranslate()

    def enter(self) -> None:
        marked = self._group.checkedButton()
        (marked or self).setFocus()

    def selected(self) -> RunPlan | None:
        """The plan of the marked card."""
        marked = self._group.checkedButton()
        return marked.plan if isinstance(marked, PlanCard) else None

    def can_go_forward(self) -> bool:
        if self._model.advice_stage is not Stage.DONE:
            return False
        plan = self.selected()
        # Where nothing runs, the last step still offers the starter model.
        return not self._model.runnable or (plan is not None and plan.verdict is not Verdict.WILL_NOT_RUN)

    def forward(self) -> bool:
        plan = self.selected()
        refused = plan is None or plan.verdict is Verdict.WILL_NOT_RUN
        self._model.choose(None if refused else plan)
        return True

    def retranslate(self) -> None:
        self._title.setText(self.tr("What it can run"))
        self._waiting.setText(self.tr("Working out what runs here…"))
        self._again.word(self.tr("Try again"))
        self._flagship_head.setText(self.tr("The flagship, for comparison"))
        self._more_head.setText(self.tr("More models"))
        self._refusal.setText(self.tr("This one will not run here. Choose another to go on."))
        self.setAccessibleName(self.tr("Recommendation"))
        self._show()

    def _arrange(self) -> None:
        column = self.content.column
        column.addWidget(self._title)
        column.addWidget(self._tier_head)
        for widget in (
            self._tier,
            self._doubt,
            self._aim,
            self._waiting,
            self._failure,
            self._again,
            self._legend,
        ):
            column.addWidget(widget)
        column.addLayout(self._plans)
        column.addSpacing(6)
        column.addWidget(self._flagship_head)
        column.addLayout(self._flagship)
        column.addWidget(self._refusal)
        column.addSpacing(6)
        column.addWidget(self._more_head)
        column.addLayout(self._more)
        for place in (self._plans, self._flagship, self._more):
            place.setSpacing(10)
        column.addWidget(self._remarks)
        column.addWidget(self._guide)
        column.addLayout(in_line(self._copy))
        column.addStretch(1)

    def _show(self) -> None:
        model = self._model
        if model.recommendation is not self._shown:
            self._rebuild(model.recommendation)
        done = self._shown is not None
        if self._shown is not None:
            heading, meaning = tier_words(self._shown.tier)
            self._tier_head.setText(heading)
            self._tier.setText(meaning)
        self._tier_head.setVisible(done)
        self._tier.setVisible(done)
        self._legend.setVisible(done)
        self._aim.setVisible(done)
        self._aim.show_aim(model.aim)
        self._copy.setVisible(done)
        self._guide.show_notes(self._shown.guide if self._shown is not None else ())
        self._flagship_head.setVisible(self._flagship.count() > 0)
        self._more_head.setVisible(self._more.count() > 0)
        self._waiting.setVisible(model.advice_stage is Stage.RUNNING)
        self._failure.show_sentences(*([model.advice_failure] if model.advice_failure else []))
        self._again.show_when(model.advice_stage in (Stage.FAILED, Stage.CANCELLED))
        remarks = self._shown.remarks if self._shown else ()
        # What may make all of it wrong stands before it.
        self._doubt.show_sentences(*(each for each in remarks if each.code == _DOUBT))
        self._remarks.show_sentences(*(each for each in remarks if each.code != _DOUBT))
        self._chosen()

    def _rebuild(self, recommendation: Recommendation | None) -> None:
        held = self.focusWidget()
        # Whoever changes what it is for stays there.
        had_focus = held is not None and self.isAncestorOf(held) and not self._aim.isAncestorOf(held)
        for card in self._cards:
            self._group.removeButton(card)
            card.hide()
            card.deleteLater()
        self._cards = []
        self._shown = recommendation
        if recommendation is None or self._model.report is None:
            return
        room = machine_bytes(self._model.report)
        for plan in recommendation.plans[:_FIRST]:
            self._add_card(plan, room, self._plans)
        flagship = recommendation.flagship
        if all(plan.model.name != flagship.model.name for plan in recommendation.plans):
            self._add_card(flagship, room, self._flagship)
        for plan in recommendation.plans[_FIRST:]:
            self._add_card(plan, room, self._more)
        if self._cards:
            self._cards[0].setChecked(True)
        if had_focus:
            self.enter()

    def _report(self) -> str:
        model = self._model
        if self._shown is None or model.report is None:
            return ""
        return recommendation_text(model.report, self._shown)

    def _add_card(self, plan: RunPlan, room: int, place: QVBoxLayout) -> None:
        card = PlanCard(self._theme, plan, room)
        self._group.addButton(card)
        self._cards.append(card)
        place.addWidget(card)

    def _chosen(self) -> None:
        plan = self.selected()
        refused = plan is not None and plan.verdict is Verdict.WILL_NOT_RUN and self._model.runnable
        self._refusal.setVisible(refused)
        marked = self._group.checkedButton()
        if marked is not None:
            # Arrow keys alone do not scroll.
            self.content.ensureWidgetVisible(marked, 0, _MARGIN)
        self.changed.emit()


def machine_bytes(report: HardwareReport) -> int:
    """All memory that models may live in: usable system memory and the VRAM of usable GPUs."""
    return report.memory.usable_bytes + sum(gpu.vram_bytes for gpu in report.gpus if gpu.usable)
