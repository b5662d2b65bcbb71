"""Starts the jobs that are about what is being written, by people and by models."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from engine.chat.options import NOTHING_SET, ChatOptions
from engine.events import JobId
from engine.jobs.answers import Answers
from engine.jobs.desk_part import DeskPart
from engine.jobs.writing import Writing

if TYPE_CHECKING:
    from engine.chat.attachments import AttachedFile
    from engine.chat.shelf import Shelf


class AnswerJobs(DeskPart):
    _answers: Answers
    _writing: Writing

    def list_drafts(self) -> JobId:
        return self._job("drafts", lambda job, token: self._writing.list_drafts(job))

    def keep_draft(self, conversation_id: int | None, text: str) -> JobId:
        self._writing.note_draft(conversation_id, text)
        return self._job("draft", lambda job, token: self._writing.keep_drafts())

    def set_options(self, conversation_id: int, options: ChatOptions) -> JobId:
        return self._job("options", lambda job, token: self._writing.set_options(conversation_id, options))

    def attach(self, path: str) -> JobId:
        return self._job("attach", lambda job, token: self._writing.attach(job, token, Path(path)))

    def read_shelf(self) -> JobId:
        return self._job("shelf", lambda job, token: self._writing.read_shelf(job))

    def keep_shelf(self, shelf: Shelf) -> JobId:
        return self._job("shelf", lambda job, token: self._writing.keep_shelf(job, shelf))

    def send(
        self,
        conversation_id: int | None,
        text: str,
        files: tuple[AttachedFile, ...] = (),
        options: ChatOptions = NOTHING_SET,
    ) -> JobId:
        return self._job(
            "send",
            lambda job, token: self._answers.send(
                job, token, conversation_id, text, self.settings, files, options
            ),
        )

    def edit(self, conversation_id: int, message_id: int, text: str) -> JobId:
        return self._job(
            "edit",
            lambda job, token: self._answers.edit(
                job, token, conversation_id, message_id, text, self.settings
            ),
        )

    def carry_on(self, conversation_id: int, message_id: int) -> JobId:
        return self._job(
            "carry-on",
            lambda job, token: self._answers.carry_on(job, token, conversation_id, message_id, self.settings),
        )

    def regenerate(self, conversation_id: int, message_id: int) -> JobId:
        return self._job(
            "regenerate",
            lambda job, token: self._answers.regenerate(
                job, token, conversation_id, message_id, self.settings
            ),
        )

    def show_branch(self, conversation_id: int, message_id: int) -> JobId:
        return self._job(
            "show-branch", lambda job, token: self._answers.show_branch(job, conversation_id, message_id)
        )

    def make_room(self, conversation_id: int, message_id: int, way: str) -> JobId:
        return self._job(
            "make-room",
            lambda job, token: self._answers.make_room(
                job, token, conversation_id, message_id, way, self.settings
            ),
        )
