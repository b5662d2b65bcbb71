"""The empty chat: says what one can do here and offers words to begin with."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.controls import Button
from gui.widgets.labels import Text


class EmptyChat(QWidget):
    """`show_host` names the endpoint that would read what is written; "" for this machine."""

    prompt_chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._host = ""
        self._title = Text(kind="title")
        self._words = Text(kind="muted")
        self.buttons = [Button(parent=self) for _ in range(3)]
        column = QVBoxLayout(self)
        column.setSpacing(10)
        column.addStretch(2)
        for label in (self._title, self._words):
            label.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            column.addWidget(label)
        column.addSpacing(14)
        for button in self.buttons:
            button.setMinimumWidth(420)
            button.clicked.connect(self._choose)
            column.addWidget(button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(3)
        self._retranslate()

    def show_host(self, host: str) -> None:
        if host != self._host:
            self._host = host
            self._retranslate()

    def _choose(self) -> None:
        button = self.sender()
        if isinstance(button, Button):
            self.prompt_chosen.emit(button.text())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.LanguageChange:
            self._retranslate()

    def _retranslate(self) -> None:
        self._title.setText(self.tr("What would you like to know?"))
        here = self.tr("The model runs on this machine and nothing you write leaves it.")
        there = self.tr("The model runs at {host}: what you write is sent there.").format(host=self._host)
        keys = self.tr("Enter sends, Shift+Enter begins a new line, Esc stops an answer.")
        self._words.setText(f"{there if self._host else here}\n{keys}")
        prompts = (
            self.tr("Explain how a rainbow forms, in three sentences."),
            self.tr("Write a Python function that counts the words in a text."),
            self.tr("Draft a friendly reply that declines an invitation."),
        )
        for button, prompt in zip(self.buttons, prompts, strict=True):
            button.word(prompt)
            button.setAccessibleDescription(self.tr("Puts these words into the message field."))
