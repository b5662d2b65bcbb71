"""A plan as a card that can be chosen."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QPoint, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QRadioButton, QSizePolicy, QVBoxLayout, QWidget

from engine.messages import Sentence
from engine.planning.plan import RunPlan, Verdict
from gui.plans.legend import COMPUTE, KV_CACHE, REPACK, WEIGHTS, segment
from gui.plans.words import facts_words, memory_need_words, plan_summary, speed_words, verdict_words
from gui.widgets.labels import ElidedLine, Line, OriginBadge, Text
from gui.widgets.memory_bar import MemoryBar, Segment
from gui.widgets.range_bar import RangeBar
from gui.widgets.rows import beside
from gui.widgets.sentences import translate_all
from gui.widgets.theme import ThemeSource

_DOT = 16
_INDENT = 40
_VERDICT_KINDS = {Verdict.RUNS_WELL: "good", Verdict.SLOW: "warning", Verdict.WILL_NOT_RUN: "danger"}


class PlanCard(QRadioButton):
    """A radio button, so that arrow keys, Space and screen readers work as people know them."""

    def __init__(
        self, theme: ThemeSource, plan: RunPlan, machine_bytes: int, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.plan = plan
        self._theme = theme
        self._machine_bytes = machine_bytes
        self._title = ElidedLine(plan.model.title, "strong")
        self._quantization = Line(plan.quantization.name, "muted")
        self._verdict = Line("", _VERDICT_KINDS[plan.verdict])
        self._bar = MemoryBar(theme)
        self._memory = Line()
        self._memory_origin = OriginBadge(plan.memory.origin)
        self._speed = Line("", "strong")
        self._range = RangeBar(theme)
        self._speed_origin = OriginBadge(plan.speed.origin)
        self._facts = Text("", "muted")
        self._reasons = Text("", "muted")
        self._arrange()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._bar.show_parts(plan_segments(plan), machine_bytes)
        theme.changed.connect(self.update)
        self.toggled.connect(self._show_reasons)
        self.retranslate()

    def retranslate(self) -> None:
        plan = self.plan
        runs = plan.verdict is not Verdict.WILL_NOT_RUN
        self._verdict.setText(verdict_words(plan.verdict))
        self._memory.setText(memory_need_words(plan, self._machine_bytes))
        self._bar.setToolTip(self.tr("weights, KV cache, compute, repacked copy"))
        self._speed.setText(speed_words(plan.speed.generation_tps) if runs else "")
        self._speed.setVisible(runs)
        self._range.show_range(plan.speed.generation_tps if runs else None)
        self._speed_origin.setVisible(runs)
        self._facts.setText(facts_words(plan))
        self._reasons.setText(translate_all(_explained(plan)))
        self._show_reasons()
        self.setAccessibleName(plan_summary(plan, self._machine_bytes))
        self.setAccessibleDescription(translate_all(_explained(plan)))

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self.retranslate()

    def sizeHint(self) -> QSize:
        return self._column.totalSizeHint()

    def minimumSizeHint(self) -> QSize:
        # Its height follows from the width; a minimum of its own would only make pages scroll.
        return QSize(self._column.totalMinimumSize().width(), 0)

    def hitButton(self, position: QPoint) -> bool:
        return self.rect().contains(position)

    def paintEvent(self, event: QPaintEvent) -> None:
        tokens = self._theme.tokens
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        edge = tokens.accent if self.isChecked() else tokens.border
        painter.setPen(QPen(QColor(edge), 2 if self.hasFocus() else 1))
        painter.setBrush(QColor(tokens.field if self.isChecked() or self.underMouse() else tokens.surface))
        painter.drawRoundedRect(self.rect().adjusted(1, 1, -1, -1), 10, 10)
        painter.setPen(QPen(QColor(edge if self.isChecked() else tokens.muted), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        centre = QPoint(20, 14 + self._title.height() // 2)
        painter.drawEllipse(centre, _DOT // 2, _DOT // 2)
        if self.isChecked():
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(tokens.accent))
            painter.drawEllipse(centre, 4, 4)

    def _show_reasons(self) -> None:
        """Only the marked card explains itself, so that more of them fit; a refusal always does."""
        told = self.isChecked() or self.plan.verdict is Verdict.WILL_NOT_RUN
        self._reasons.setVisible(told and bool(_explained(self.plan)))

    def _arrange(self) -> None:
        head = beside(self._title, self._quantization, self._verdict, gap=10)
        memory = beside(self._bar, self._memory, self._memory_origin, gap=10)
        speed = QHBoxLayout()
        speed.setSpacing(8)
        speed.addWidget(self._speed)
        speed.addWidget(self._speed_origin)
        speed.addWidget(self._range, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(_INDENT, 14, 16, 14)
        self._column.setSpacing(8)
        self._column.addLayout(head)
        self._column.addLayout(memory)
        self._column.addLayout(speed)
        self._column.addWidget(self._facts)
        self._column.addWidget(self._reasons)
        for child in self.findChildren(QWidget):
            child.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)


def _explained(plan: RunPlan) -> tuple[Sentence, ...]:
    """Why it is so, and what would change it."""
    return (*plan.reasons, plan.remedy) if plan.remedy else plan.reasons


def plan_segments(plan: RunPlan) -> tuple[Segment, ...]:
    memory = plan.memory
    return (
        segment(memory.weights, WEIGHTS),
        segment(memory.kv_cache, KV_CACHE),
        segment(memory.compute + memory.output + memory.overhead + memory.projector, COMPUTE),
        segment(memory.repack, REPACK),
    )
