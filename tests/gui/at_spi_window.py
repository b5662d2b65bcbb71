"""A chat page with a conversation in it, in which an answer is written for each byte of standard input, and
that is said; SIGTERM ends it in order."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QSocketNotifier

from engine.chat.conversation import MessageState
from engine.events import ConversationOpened, MessageAdded, TokenDelta
from engine.jobs.desk import Desk
from gui.__main__ import build_application
from gui.bridge import EngineBridge
from gui.chat.page import ChatPage
from gui.signals import QuitOnSignal
from gui.widgets.theme import ThemeSource
from tests.gui.chat_support import answer, conversation, user
from tests.gui.fake_desk import FakeDesk

WORDS = "Light is scattered.\n\nBlue more than red.\n\n"


def main() -> None:
    application = build_application()
    theme, bridge = ThemeSource(), EngineBridge()
    desk = FakeDesk(bridge.emit_event)
    page = ChatPage(_as_desk(desk), bridge, theme)
    page.resize(900, 700)
    page.show()
    opened = conversation(user(1, "Why is the sky blue?"), answer(2, WORDS))
    page.open_conversation(7)
    desk.tell(ConversationOpened(desk.last("open_conversation"), opened))

    def write() -> None:
        page.composer.set_text("Again?")
        page.composer.draft.sent.emit()
        job = desk.last("send")
        desk.tell(
            MessageAdded(job, 7, user(3, "Again?", 2)),
            MessageAdded(job, 7, answer(4, "", 3, MessageState.STREAMING, stats=None)),
        )
        desk.tell(*(TokenDelta(job, piece, False, 1) for piece in ("Light is ", "scattered. ", "And")))
        print("written", flush=True)

    def asked() -> None:
        if os.read(sys.stdin.fileno(), 1):
            write()
        else:
            heard.setEnabled(False)

    heard = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    heard.activated.connect(asked)
    signals = QuitOnSignal(application)
    code = application.exec()
    signals.close()
    page.close()
    raise SystemExit(code)


def _as_desk(desk: FakeDesk) -> Desk:
    return desk


if __name__ == "__main__":
    main()
