"""Conversations and a chat page with a desk that a test answers for."""

from __future__ import annotations

from dataclasses import dataclass, replace

from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from engine.chat.conversation import (
    AnswerStats,
    ChatMessage,
    Conversation,
    MessageState,
    Part,
    PartKind,
    Role,
)
from engine.events import ConversationOpened, JobFinished, JobId, MessageAdded, MessageChanged, TokenDelta
from gui.bridge import EngineBridge
from gui.chat.page import ChatPage
from gui.widgets.theme import LIGHT, ThemeSource
from tests.gui.fake_desk import FakeDesk

STATS = AnswerStats(120, 0, 210, 300.0, 31.2, 0.4, 66, 18.0)


def user(number: int, text: str, parent: int | None = None) -> ChatMessage:
    part = Part(PartKind.TEXT, text)
    return ChatMessage(number, parent, Role.USER, (part,), MessageState.COMPLETE, 0.0)


def answer(
    number: int,
    text: str,
    parent: int | None = None,
    state: MessageState = MessageState.COMPLETE,
    reasoning: str = "",
    stats: AnswerStats | None = STATS,
) -> ChatMessage:
    parts = (Part(PartKind.REASONING, reasoning), Part(PartKind.TEXT, text))
    filled = tuple(part for part in parts if part.body)
    return ChatMessage(number, parent, Role.ASSISTANT, filled, state, 0.0, "model", stats)


def conversation(*messages: ChatMessage, number: int = 7) -> Conversation:
    """A straight one: each message answers the one before."""
    chained = []
    for message in messages:
        chained.append(replace(message, parent_id=chained[-1].id if chained else None))
    return Conversation(number, "title", tuple(chained), chained[-1].id if chained else None)


@dataclass
class Chat:
    page: ChatPage
    desk: FakeDesk
    theme: ThemeSource
    bridge: EngineBridge

    def open(self, opened: Conversation) -> None:
        self.page.open_conversation(opened.id)
        self.desk.tell(ConversationOpened(self.desk.last("open_conversation"), opened))
        settle()

    def begin_answer(self, question: str = "Why?", number: int = 7) -> JobId:
        """Sends by keyboard; the desk stores the message and begins an answer with id 2."""
        self.page.composer.set_text(question)
        press(self.page.composer.draft, Qt.Key.Key_Return)
        job = self.desk.last("send")
        self.desk.tell(
            MessageAdded(job, number, user(1, question)),
            MessageAdded(job, number, answer(2, "", 1, MessageState.STREAMING, stats=None)),
        )
        settle()
        return job

    def stream(self, job: JobId, *pieces: str, reasoning: bool = False) -> None:
        self.desk.tell(*(TokenDelta(job, piece, reasoning, 1) for piece in pieces))
        settle()

    def end_answer(self, job: JobId, message: ChatMessage, number: int = 7) -> None:
        self.desk.tell(MessageChanged(job, number, message), JobFinished(job))
        settle()

    def shown(self) -> str:
        """The words of the rows in sight."""
        return "\n".join(row.text() for row in self.page.transcript.visible_rows)


def make_chat(qtbot: QtBot) -> Chat:
    theme = ThemeSource(LIGHT)
    bridge = EngineBridge()
    desk = FakeDesk(bridge.emit_event)
    page = ChatPage(desk, bridge, theme)
    qtbot.addWidget(page)
    QLocale.setDefault(QLocale("en_US"))
    page.resize(900, 700)
    page.show()
    page.activateWindow()
    return Chat(page, desk, theme, bridge)


def settle() -> None:
    """Lets queued events and paints happen."""
    for _ in range(4):
        QApplication.processEvents()


def press(widget: QWidget, key: Qt.Key, modifiers: Qt.KeyboardModifier | None = None) -> None:
    with_keys = modifiers or Qt.KeyboardModifier.NoModifier
    text = "\r" if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter) else ""
    QApplication.sendEvent(widget, QKeyEvent(QKeyEvent.Type.KeyPress, key, with_keys, text))
