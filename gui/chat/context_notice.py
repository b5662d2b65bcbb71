"""The notice above the composer: the context is full, or nearly, and what can be done about it."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from engine.figures import Origin
from engine.jobs.room import LONGEST_SUMMARY
from gui.chat.context import ContextUse
from gui.chat.live_answer import LiveAnswer
from gui.widgets.controls import Button, IconButton
from gui.widgets.labels import Line, OriginBadge, Text
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_STEPS: Final = 1000  # of the progress bar


class ContextNotice(View):
    """Calm while the context fills, with three ways on when it is full, and progress of a summary."""

    room_wanted = Signal(str)  # "cut" or "summarise"
    left = Signal()  # it stays as it is
    cancelled = Signal()  # the summary is not wanted any more
    focus_left = Signal()  # it had the keyboard, and is hidden now

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._use: ContextUse | None = None
        self._summary: LiveAnswer | None = None
        self._announced = ""
        self._title = Line("", "strong")
        self._words = Text("", "muted")
        self._figures = Line("", "muted")
        self._origin = OriginBadge(Origin.MEASURED)
        self._progress = QProgressBar(textVisible=False, maximum=_STEPS)
        self.forget = Button()
        self.summarise = Button()
        self.leave = Button()
        self.cancel = Button()
        self.close_it = IconButton(theme, "cross")
        self._arrange()
        self.forget.clicked.connect(self._forget)
        self.summarise.clicked.connect(self._sum_up)
        self.leave.clicked.connect(self.left)
        self.cancel.clicked.connect(self.cancelled)
        self.close_it.clicked.connect(self.left)
        self.hide()

    def show_use(self, use: ContextUse | None, live: LiveAnswer | None) -> None:
        """`live` is the answer that is being written in the same conversation, if any."""
        summing = live if live is not None and live.summarising else None
        # An answer that is being written has the word; only that the context fills up is said beside it.
        self._use = None if use is not None and use.full and live is not None else use
        self._summary = summing
        self.retranslate()

    def retranslate(self) -> None:
        shown = self._summary is not None or self._use is not None
        self._name_buttons()
        if self._summary is not None:
            self._show_summary(self._summary)
        elif self._use is not None:
            self._show_use(self._use)
        had_focus = any(button.hasFocus() for button in self._buttons())
        self._choose_buttons()
        self.setVisible(shown)
        if had_focus:
            self._keep_focus()
        self._announce(self._title.text() if shown else "")

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self._summary is None:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    # building
    def _arrange(self) -> None:
        frame = QFrame()
        frame.setProperty("kind", "notice")
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._figures)
        head.addWidget(self._origin)
        head.addWidget(self.close_it)
        choices = QHBoxLayout()
        choices.setSpacing(8)
        choices.addStretch(1)
        for button in (self.forget, self.summarise, self.leave, self.cancel):
            choices.addWidget(button)
        column = QVBoxLayout(frame)
        column.setContentsMargins(14, 10, 14, 10)
        column.setSpacing(6)
        column.addLayout(head)
        column.addWidget(self._words)
        column.addWidget(self._progress)
        column.addLayout(choices)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)

    def _forget(self) -> None:
        self.room_wanted.emit("cut")

    def _sum_up(self) -> None:
        self.room_wanted.emit("summarise")

    def _buttons(self) -> tuple[Button, ...]:
        return self.forget, self.summarise, self.leave, self.cancel, self.close_it

    def _keep_focus(self) -> None:
        """The keyboard stays where it was, or on what has taken that place."""
        if any(button.hasFocus() and button.isVisible() for button in self._buttons()):
            return
        first = next((button for button in self._buttons() if button.isVisible()), None)
        if first is not None:
            first.setFocus()
        else:
            self.focus_left.emit()

    # words
    def _name_buttons(self) -> None:
        forget = self.tr("The oldest messages stay in sight, but the model does not read them any more.")
        summarise = self.tr("The model sums up the oldest messages first; this takes a while.")
        self.forget.word(self.tr("Forget the beginning"), forget)
        self.forget.setAccessibleDescription(forget)
        self.summarise.word(self.tr("Summarise the beginning"), summarise)
        self.summarise.setAccessibleDescription(summarise)
        self.leave.word(self.tr("Leave it"))
        self.cancel.word(self.tr("Cancel"))
        self.close_it.name(self.tr("Close this message"))
        self._progress.setAccessibleName(self.tr("Progress of the summary"))

    def _choose_buttons(self) -> None:
        summing = self._summary is not None
        full = not summing and self._use is not None and self._use.full
        choices = full and self._use is not None and not self._use.single
        self.forget.setVisible(choices)
        self.summarise.setVisible(choices)
        self.leave.setVisible(full)
        self.cancel.setVisible(summing)
        self.close_it.setVisible(not summing and not full)
        self._progress.setVisible(summing)
        self._figures.setVisible(not summing and bool(self._figures.text()))
        self._origin.setVisible(self._figures.isVisibleTo(self))
        self.setAccessibleName(self._title.text())
        self.setAccessibleDescription(f"{self._words.text()} {self._figures.text()}".strip())

    def _show_use(self, use: ContextUse) -> None:
        self._title.setText(self._title_words(use))
        self._words.setText(self._explanation(use))
        self._figures.setText("")
        if use.window:
            self._figures.setText(
                self.tr("{used} of {window} tokens").format(
                    used=QLocale().toString(use.used), window=QLocale().toString(use.window)
                )
            )

    def _title_words(self, use: ContextUse) -> str:
        if use.full and use.host:
            return self.tr("The context of the model on {host} is full").format(host=use.host)
        if use.full:
            return self.tr("The context is full")
        percent = QLocale().toString(min(int(use.share * 100), 99))
        return self.tr("The context is {percent} % full").format(percent=percent)

    def _explanation(self, use: ContextUse) -> str:
        if not use.full:
            return self.tr(
                "When it is full, you choose whether the beginning is forgotten or summarised. "
                "Nothing is left out without your word."
            )
        if use.single:
            return self.tr(
                "The last question and its answer alone fill it, so there is nothing older to leave out. "
                "Ask for less at once, begin a new chat, or load the model with a longer context."
            )
        return self.tr(
            "The model cannot read more of this conversation. Choose what it may leave out, or leave it "
            "and begin a new chat. Nothing is deleted."
        )

    def _show_summary(self, live: LiveAnswer) -> None:
        self._title.setText(self.tr("Summarising the beginning …"))
        progress = live.progress
        if live.stopping:
            self._words.setText(self.tr("Stopping …"))
        elif progress is not None:
            self._words.setText(
                self.tr("Reading {done} of {total} tokens").format(
                    done=QLocale().toString(progress.done), total=QLocale().toString(progress.total)
                )
            )
            # Reading is the first half of the bar, writing the second.
            self._progress.setValue(_STEPS // 2 * progress.done // max(progress.total, 1))
        elif live.written_tokens:
            words = self.tr("{tokens} tokens of the summary are written, {most} at most")
            tokens, most = QLocale().toString(live.written_tokens), QLocale().toString(LONGEST_SUMMARY)
            self._words.setText(words.format(tokens=tokens, most=most))
            share = min(live.written_tokens / LONGEST_SUMMARY, 1.0)
            self._progress.setValue(round(_STEPS / 2 * (1 + share)))
        else:
            self._words.setText(self.tr("Waiting for the model …"))
            self._progress.setValue(0)

    def _announce(self, title: str) -> None:
        if title != self._announced and title and QAccessible.isActive():
            words = f"{title}. {self._words.text()}"
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
        self._announced = title
