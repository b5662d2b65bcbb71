"""The frame of the wizard: a header with the three steps, the step, and the way forward and back."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from engine.jobs.desk import Desk
from gui.bridge import EngineBridge
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Line, separator
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View
from gui.wizard.advice_step import AdviceStepView
from gui.wizard.check_step import CheckStepView
from gui.wizard.get_step import GetStepView
from gui.wizard.model import WizardModel
from gui.wizard.step import Step


class WizardPage(View):
    """Enter goes on, Escape goes back, Tab walks. `finished` carries the model to talk to."""

    finished = Signal(object)  # engine.catalog.model.InstalledModel
    left = Signal()  # skipped without a choice

    def __init__(
        self, desk: Desk, bridge: EngineBridge, theme: ThemeSource, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.model = WizardModel(desk, self)
        self._steps: tuple[Step, ...] = (
            CheckStepView(self.model, theme),
            AdviceStepView(self.model, theme),
            GetStepView(self.model, theme),
        )
        self._heads = [Line() for _ in self._steps]
        self._stack = QStackedWidget()
        self._skip = Button("flat")
        self._back = IconButton(theme, "back", "")
        self._forward = Button("primary")
        self._arrange()
        for step in self._steps:
            step.changed.connect(self._show)
        self._skip.clicked.connect(self.left)
        self._back.clicked.connect(self.go_back)
        self._forward.clicked.connect(self.go_forward)
        bridge.event_arrived.connect(self.model.on_event)
        self.model.finished.connect(self.finished)
        self.retranslate()

    @property
    def step(self) -> int:
        """0, 1 or 2: the step that is shown."""
        return self._stack.currentIndex()

    def start(self) -> None:
        """Shows the first step and begins its work; results of an earlier check are kept."""
        self._go_to(0)

    def go_forward(self) -> None:
        """Does what the forward button says, if it can be done now."""
        step = self._steps[self.step]
        if step.can_go_forward() and step.forward() and self.step + 1 < len(self._steps):
            self._go_to(self.step + 1)

    def go_back(self) -> None:
        if self.step > 0:
            self._go_to(self.step - 1)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.go_forward()
        elif event.key() == Qt.Key.Key_Escape:
            self.go_back()
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        self._skip.word(self.tr("Skip setup"), self.tr("Begin to chat; the setup can be opened again later."))
        self._back.word(self.tr("Back"))
        self._show()

    def _arrange(self) -> None:
        head = QHBoxLayout()
        head.setContentsMargins(32, 18, 32, 14)
        head.setSpacing(28)
        head.addStretch(1)
        for line in self._heads:
            head.addWidget(line)
        head.addStretch(1)
        for step in self._steps:
            self._stack.addWidget(step)
        foot = QHBoxLayout()
        foot.setContentsMargins(32, 14, 32, 18)
        foot.setSpacing(10)
        foot.addWidget(self._skip)
        foot.addStretch(1)
        foot.addWidget(self._back)
        foot.addWidget(self._forward)
        self._forward.setMinimumWidth(130)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(head)
        column.addWidget(separator())
        column.addWidget(self._stack, 1)
        column.addWidget(separator())
        column.addLayout(foot)

    def _go_to(self, index: int) -> None:
        self._stack.setCurrentIndex(index)
        self._show()
        self._steps[index].enter()
        self._show()

    def _show(self) -> None:
        words = (self.tr("Check"), self.tr("Recommendation"), self.tr("Get it"))
        for index, (line, word) in enumerate(zip(self._heads, words, strict=True)):
            line.setText(f"{index + 1}  {word}")
            line.set_kind("strong" if index == self.step else "muted")
        step = self._steps[self.step]
        was_ready = self._forward.isEnabled()
        self._back.show_when(self.step > 0)
        self._forward.word(step.forward_words())
        self._forward.setEnabled(step.can_go_forward())
        if self._forward.isEnabled() and not was_ready and step.hasFocus():
            self._forward.setFocus()
