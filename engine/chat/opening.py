"""Opens the chat database, or, where it is damaged, its last good state; and begins anew from that."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from engine.chat.codec import Codec
from engine.chat.copies import Copy, copies_of
from engine.chat.database import silent
from engine.chat.salvage import salvage
from engine.chat.store import ChatStore
from engine.errors import StoreDamaged, StoreError
from engine.messages import Sentence, sentence

_OF_A_DATABASE = ("", "-wal", "-shm")


def open_store(
    path: Path, tell: Callable[[Sentence], None] = silent, codec: Codec | None = None
) -> ChatStore:
    """The store; of a damaged database read-only, from its newest copy that is whole, which `tell` hears.

    Raises: StoreDamaged, where nothing of it can be read; StoreError.
    """
    try:
        if path.exists() and path.stat().st_size == 0 and copies_of(path):
            raise StoreDamaged.of("chats_failed", path=str(path), reason="the file is empty")
        return ChatStore(path, codec, tell=tell)
    except StoreDamaged as damage:
        for copy in copies_of(path):
            with contextlib.suppress(StoreError):
                store = ChatStore(copy.path, codec, read_only=True)
                tell(_said(path, copy, damage))
                return store
        raise


def begin_from_copy(path: Path, codec: Codec | None = None) -> Sentence:
    """Puts the damaged database aside and goes on with its newest whole copy, and with what can still be
    read of what was written since. Returns what to tell. Raises: StoreError, and then nothing was changed.
    """
    copy = _newest_whole(path, codec)
    fresh = path.with_suffix(".fresh")
    aside = path.with_name(f"{path.stem}-damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}")
    try:
        shutil.copyfile(copy.path, fresh)
        for ending in _OF_A_DATABASE:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + ending).rename(aside.with_name(aside.name + ending))
        fresh.replace(path)
    except OSError as error:
        raise StoreError.of("chats_failed", path=str(path), reason=str(error)) from error
    count = salvage(aside, path)
    ChatStore(path, codec).close()  # what was being written has ended
    return sentence("chats_begun_again", date=_date(copy.at), count=count, aside=str(aside))


def _newest_whole(path: Path, codec: Codec | None) -> Copy:
    for copy in copies_of(path):
        with contextlib.suppress(StoreError):
            ChatStore(copy.path, codec, read_only=True).close()
            return copy
    raise StoreError.of("copy_missing", path=str(path))


def _said(path: Path, copy: Copy, damage: StoreDamaged) -> Sentence:
    reason = str(damage.message.values.get("reason", ""))
    return sentence("chats_damaged", path=str(path), date=_date(copy.at), reason=reason)


def _date(at: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
