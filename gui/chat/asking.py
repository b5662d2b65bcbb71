"""What is asked of the desk about the conversation that is shown. While an answer is written there,
nothing is asked but that it stops."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from engine.chat.conversation import Role
from engine.jobs.desk import Desk
from gui.chat.message_box import is_unfinished
from gui.chat.model import ChatModel


class Asking(QObject):
    room_asked = Signal()  # an answer goes on below

    def __init__(self, desk: Desk, model: ChatModel, parent: QObject) -> None:
        super().__init__(parent)
        self._desk = desk
        self._model = model

    def carry_on(self, message_id: int) -> None:
        conversation = self._free_conversation()
        if conversation is not None:
            self._model.expect_answer(self._desk.carry_on(conversation, message_id))

    def regenerate(self, message_id: int) -> None:
        conversation = self._free_conversation()
        if conversation is not None:
            self._model.expect_answer(self._desk.regenerate(conversation, message_id))

    def carry_on_last(self) -> None:
        last = self._model.messages[-1] if self._model.messages else None
        if last is not None and is_unfinished(last):
            self.carry_on(last.id)

    def regenerate_last(self) -> None:
        last = self._model.messages[-1] if self._model.messages else None
        if last is not None and last.role is Role.ASSISTANT:
            self.regenerate(last.id)

    def show_version(self, message_id: int) -> None:
        conversation = self._free_conversation()
        if conversation is not None:
            self._model.expect_branch(self._desk.show_branch(conversation, message_id))

    def make_room(self, way: str) -> None:
        """For the answer that found none; `way` as the desk names it."""
        conversation, use = self._free_conversation(), self._model.context
        if conversation is not None and use is not None:
            job = self._desk.make_room(conversation, use.message_id, way)
            self._model.expect_room(job, summarising=way == "summarise")
            self.room_asked.emit()

    def stop(self) -> None:
        """Ends the answer that is being written."""
        job = self._model.live_job
        if job is not None:
            self._desk.cancel(job)
            self._model.expect_stop(job)

    def _free_conversation(self) -> int | None:
        """None while an answer is written, and before a conversation has begun."""
        return self._model.conversation_id if self._model.live is None else None
