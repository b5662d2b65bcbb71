"""Use cases of kept conversations: list, open, keep in order, find, give out and take in."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.chat.store import ChatStore
from engine.errors import StoreError
from engine.events import (
    ChatsExported,
    ChatsImported,
    ChatsSearched,
    ConversationOpened,
    ConversationsListed,
    Emit,
    JobId,
    Noticed,
)
from engine.jobs.chat_files import export, form_of, take_in
from engine.jobs.chat_searching import ChatSearcher
from engine.jobs.storekeeper import StoreKeeper
from engine.messages import sentence
from engine.paths import Paths
from engine.runtime import state_files

log = logging.getLogger(__name__)

_SWEEP_MARGIN_S: Final = 60.0  # coarse times of files, and the moments until a new chat is written


def state_name(conversation_id: int) -> str:
    """What the state files of that conversation are kept under."""
    return f"chat-{conversation_id}"


class Chats:
    """Each method is the work of one job; see `ChatCommands` for its events. `stop` ends the answers of a
    conversation here, `forget` has the engine forget what it knows of it."""

    def __init__(
        self,
        paths: Paths,
        keeper: StoreKeeper,
        searcher: ChatSearcher,
        emit: Emit,
        stop: Callable[[int], None],
        forget: Callable[[str], None],
    ) -> None:
        self._paths = paths
        self._keeper = keeper
        self._searcher = searcher
        self._emit = emit
        self._stop = stop
        self._forget = forget
        self._listed = False  # what is done once, with the first list

    def list(self, job: JobId) -> None:
        """Raises: StoreError."""
        view = self._keeper.call(lambda store: store.filing.view())
        self._emit(ConversationsListed(job, view.conversations, view.folders, view.trash))

    def list_at_start(self, job: JobId, began: float) -> None:
        """As `list`; the first time it also takes out the rubbish. `began`: when that was asked for."""
        self.list(job)
        if self._listed:
            return
        self._listed = True
        view = self._keeper.call(lambda store: store.filing.view())
        kept = (*(chat.id for chat in view.conversations), *(chat.id for chat in view.trash))
        self._sweep_states([state_name(id_) for id_ in kept], began)
        if self._purge(self._keeper.call(lambda store: store.filing.outdated())):
            self.list(job)
        self._searcher.read()

    def open(self, job: JobId, conversation_id: int, message_id: int | None) -> None:
        """With the branch of that message. Raises: StoreError."""
        found = self._keeper.call(lambda store: store.conversation(conversation_id))
        if message_id is not None and message_id not in {message.id for message in found.branch()}:
            if message_id not in {message.id for message in found.messages}:
                raise StoreError.of("message_missing", id=message_id)
            found = found.through(message_id)
            leaf_id = found.leaf_id
            assert leaf_id is not None
            if not self._read_only():
                self._keeper.call(lambda store: store.show(conversation_id, leaf_id))
        self._emit(ConversationOpened(job, found))

    def change(self, job: JobId, change: Callable[[ChatStore], object]) -> None:
        """Then the list. Raises: StoreError."""
        self._keeper.call(change)
        self.list(job)

    def delete(self, job: JobId, conversation_id: int) -> None:
        """To the trash. Answers there end; what the engine has read of it stays until it is really gone."""
        self._stop(conversation_id)
        self.change(job, lambda store: store.filing.delete(conversation_id))

    def move_to_new_folder(self, job: JobId, name: str, conversation_id: int | None) -> None:
        def change(store: ChatStore) -> None:
            folder_id = store.filing.make_folder(name)
            if conversation_id is not None:
                store.filing.move(conversation_id, folder_id)

        self.change(job, change)

    def purge(self, job: JobId, conversation_ids: tuple[int, ...]) -> None:
        """For good; () for everything in the trash. Raises: StoreError."""
        ids = conversation_ids or tuple(
            chat.id for chat in self._keeper.call(lambda store: store.filing.trash())
        )
        self._purge(ids)
        self.list(job)

    def search(self, job: JobId, words: str) -> None:
        self._emit(ChatsSearched(job, self._searcher.look_for(words)))

    def export(self, job: JobId, token: CancelToken, path: Path, ids: tuple[int, ...]) -> None:
        """In the form that the file's name says. Raises: StoreError, Cancelled."""
        count = export(self._keeper, path, form_of(path), ids, token)
        self._emit(ChatsExported(job, str(path), count))
        self._emit(Noticed(job, sentence("chats_exported", path=str(path), count=count)))

    def take_in(self, job: JobId, token: CancelToken, path: Path) -> None:
        """Raises: ImportRefused, StoreError, Cancelled."""
        try:
            brought = take_in(self._keeper, path, token)
            self._emit(ChatsImported(job, brought.taken, brought.known, brought.refused))
            told = sentence(
                "chats_imported", taken=brought.taken, known=brought.known, refused=brought.refused
            )
            self._emit(Noticed(job, told))
        finally:
            self.list(job)
        self._searcher.read()

    def begin_from_copy(self, job: JobId) -> None:
        self._emit(Noticed(job, self._keeper.begin_from_copy()))
        self.list(job)

    # inside

    def _purge(self, ids: Iterable[int]) -> bool:
        wanted = tuple(ids)
        gone = self._keeper.call(lambda store: store.filing.purge(wanted)) if wanted else ()
        for id_ in gone:
            self._forget_states(state_name(id_))
        if gone:
            self._searcher.read()
            # Older copies hold it still.
            try:
                self._keeper.copy()
            except StoreError as error:
                log.warning("the copies of the chats are older than a deletion: %s", error)
        return bool(gone)

    def _forget_states(self, name: str) -> None:
        try:
            state_files.forget(self._paths.parked, name)
        except OSError as error:
            reason = error.strerror or str(error)
            self._emit(Noticed(JobId(0), sentence("host_not_forgotten", reason=reason)))
        self._forget(name)  # the engine may hold the conversation in memory, and park it later

    def _sweep_states(self, names: Iterable[str], began: float) -> None:
        """Deletes the states of conversations that were deleted in a way that nobody saw: by a program
        that died of it, or with the whole store. Those that began meanwhile, in another window say, are
        younger than the list."""
        try:
            state_files.sweep(self._paths.parked, names, began - _SWEEP_MARGIN_S)
        except OSError as error:
            log.warning("states of deleted conversations cannot be deleted: %s", error)

    def _read_only(self) -> bool:
        return self._keeper.call(lambda store: store.read_only)
