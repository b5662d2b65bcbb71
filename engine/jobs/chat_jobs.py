"""Starts the jobs that are about kept conversations."""

from __future__ import annotations

import time
from pathlib import Path

from engine.cancellation import CancelToken
from engine.events import JobId
from engine.jobs.chats import Chats
from engine.jobs.desk_part import DeskPart


class ChatJobs(DeskPart):
    """Implements `ChatCommands`, for a desk to inherit."""

    _chats: Chats

    def list_conversations(self) -> JobId:
        began = time.time()
        return self._job("conversations", lambda job, token: self._chats.list_at_start(job, began))

    def open_conversation(self, conversation_id: int, message_id: int | None = None) -> JobId:
        return self._job("open", lambda job, token: self._chats.open(job, conversation_id, message_id))

    def rename_conversation(self, conversation_id: int, title: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.rename(conversation_id, title))

        return self._job("rename", work)

    def pin_conversation(self, conversation_id: int, pinned: bool) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.pin(conversation_id, pinned))

        return self._job("pin", work)

    def move_conversation(self, conversation_id: int, folder_id: int | None) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.move(conversation_id, folder_id))

        return self._job("move-chat", work)

    def make_folder(self, name: str, conversation_id: int | None = None) -> JobId:
        return self._job(
            "folder", lambda job, token: self._chats.move_to_new_folder(job, name, conversation_id)
        )

    def rename_folder(self, folder_id: int, name: str) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.rename_folder(folder_id, name))

        return self._job("rename-folder", work)

    def remove_folder(self, folder_id: int) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.remove_folder(folder_id))

        return self._job("remove-folder", work)

    def delete_conversation(self, conversation_id: int) -> JobId:
        return self._job("delete", lambda job, token: self._chats.delete(job, conversation_id))

    def restore_conversation(self, conversation_id: int) -> JobId:
        def work(job: JobId, token: CancelToken) -> None:
            self._chats.change(job, lambda store: store.filing.restore(conversation_id))

        return self._job("restore", work)

    def purge_conversations(self, conversation_ids: tuple[int, ...] = ()) -> JobId:
        return self._job("purge", lambda job, token: self._chats.purge(job, conversation_ids))

    def search_conversations(self, words: str) -> JobId:
        return self._job("search-chats", lambda job, token: self._chats.search(job, words))

    def export_conversations(self, path: str, conversation_ids: tuple[int, ...] = ()) -> JobId:
        return self._job(
            "export", lambda job, token: self._chats.export(job, token, Path(path), conversation_ids)
        )

    def import_conversations(self, path: str) -> JobId:
        return self._job("import", lambda job, token: self._chats.take_in(job, token, Path(path)))

    def go_on_from_copy(self) -> JobId:
        return self._job("go-on-from-copy", lambda job, token: self._chats.begin_from_copy(job))
