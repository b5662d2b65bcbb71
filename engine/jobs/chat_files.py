"""Conversations to files and from files: used by the window and by `deskside chats`."""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.cancellation import CancelToken
from engine.chat.export import Form, file_name, json_lines, text_of
from engine.chat.importing import read_records
from engine.chat.record import ConversationRecord
from engine.chat.store import ChatStore
from engine.errors import StoreError
from engine.jobs.storekeeper import StoreKeeper

_FORMS = {
    ".json": Form.JSON,
    ".md": Form.MARKDOWN,
    ".markdown": Form.MARKDOWN,
    ".html": Form.HTML,
    ".htm": Form.HTML,
}


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What an import has brought."""

    taken: int
    known: int = 0  # there already, in the list or in the trash
    refused: int = 0  # entries that are no conversations


def form_of(path: Path) -> Form:
    """By the ending of a file's name; JSON for others."""
    return _FORMS.get(path.suffix.lower(), Form.JSON)


def export(keeper: StoreKeeper, path: Path, form: Form, ids: tuple[int, ...], token: CancelToken) -> int:
    """Writes these conversations, all for (); returns how many. Several of them are one file as JSON, and a
    zip file of pages in other forms. The file is there whole, or not at all.

    Raises: StoreError, Cancelled.
    """
    wanted = ids or keeper.call(lambda store: store.records.ids())
    if not wanted:
        raise StoreError.of("export_chats_none")
    fresh = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with contextlib.ExitStack() as at_the_end:
            at_the_end.callback(lambda: fresh.unlink(missing_ok=True))
            _write(fresh, form, _records(keeper, wanted, token), len(wanted) > 1)
            fresh.replace(path)
    except OSError as error:
        raise StoreError.of("export_chats_failed", path=str(path), reason=str(error)) from error
    return len(wanted)


def _write(path: Path, form: Form, records: Iterator[ConversationRecord], several: bool) -> None:
    if form is Form.JSON or not several:
        with path.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(
                json_lines(records) if form is Form.JSON else (text_of(one, form) for one in records)
            )
            file.flush()
            os.fsync(file.fileno())
        return
    taken: set[str] = set()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for record in records:
            archive.writestr(file_name(record, form, taken), text_of(record, form))


def _records(keeper: StoreKeeper, ids: tuple[int, ...], token: CancelToken) -> Iterator[ConversationRecord]:
    """One at a time, so that others get at the store between them."""
    for id_ in ids:
        token.raise_if_cancelled()
        yield keeper.call(lambda store, id_=id_: store.records.record(id_))  # type: ignore[misc]


def take_in(keeper: StoreKeeper, path: Path, token: CancelToken) -> TakenIn:
    """Takes in every conversation of a file that is not there yet. Raises: ImportRefused, StoreError,
    Cancelled; what was taken in before that stays."""
    taken = known = refused = 0
    for record in read_records(path):
        token.raise_if_cancelled()
        if record is None:
            refused += 1
        elif keeper.call(lambda store, record=record: _take_in(store, record)):  # type: ignore[misc]
            taken += 1
        else:
            known += 1
    return TakenIn(taken, known, refused)


def _take_in(store: ChatStore, record: ConversationRecord) -> bool:
    folder = store.filing.make_folder(record.folder) if record.folder.strip() else None
    return store.records.take_in(record, folder) is not None
