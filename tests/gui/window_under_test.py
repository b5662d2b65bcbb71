"""The whole window over a fake desk, with the keys that a person would press."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from engine.catalog.model import InstalledModel
from engine.events import (
    ConversationsListed,
    Event,
    HardwareProgressed,
    HardwareReported,
    JobFinished,
    ModelsListed,
    Recommended,
)
from engine.hardware.report import CheckProgress, CheckStep
from gui.shell.parts import Parts
from gui.shell.shell import Shell
from gui.widgets.theme import ThemeSource
from tests.gui import samples
from tests.gui.fake_desk import FakeDesk


@dataclass
class WindowUnderTest:
    application: QApplication
    desk: FakeDesk
    theme: ThemeSource
    parts: Parts
    shell: Shell

    def tell(self, *events: Event) -> None:
        """Events of the engine, and the window's turn to take them."""
        self.desk.tell(*events)
        self.settle()

    def settle(self) -> None:
        for _ in range(4):
            self.application.processEvents()

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        """A key, to the widget that has the focus."""
        QTest.keyClick(self.focused(), key, modifier)
        self.settle()

    def type(self, text: str) -> None:
        QTest.keyClicks(self.focused(), text)
        self.settle()

    def focused(self) -> QWidget:
        widget = self.parts.window.focusWidget()
        assert widget is not None, "nothing has the focus"
        return widget

    # what the engine would tell
    def list_all(self, *models: InstalledModel) -> None:
        """Conversations and models, as at every start: those models, else two."""
        self.tell(
            ConversationsListed(self.desk.last("list_conversations"), samples.conversations()),
            ModelsListed(self.desk.last("list_models"), models or (samples.STARTER, samples.FETCHED)),
        )

    def progress_check(self) -> None:
        """Half of a check: memory is being measured."""
        job = self.desk.last("check")
        self.tell(
            HardwareProgressed(job, CheckProgress(CheckStep.CPU, 1.0, None, samples.CPU)),
            HardwareProgressed(job, CheckProgress(CheckStep.MEMORY, 1.0, None, samples.MEMORY)),
            HardwareProgressed(job, CheckProgress(CheckStep.MEMORY_BANDWIDTH, 0.4, 58.2e9)),
        )

    def finish_check(self) -> None:
        """The report, then the advice that is asked for."""
        job = self.desk.last("check")
        self.tell(HardwareReported(job, samples.report()), JobFinished(job))
        self.tell(Recommended(self.desk.last("recommend"), samples.recommendation()))
