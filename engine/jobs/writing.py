"""What is at hand while somebody writes: drafts, options, attached files, prompts and presets."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.chat.attachments import MOST_BYTES, AttachedFile, attached, attached_image, decode
from engine.chat.image_file import MOST_BYTES as MOST_IMAGE_BYTES
from engine.chat.image_file import looks_like_image
from engine.chat.options import ChatOptions
from engine.chat.pdf_text import MOST_PDF_BYTES, pdf_text
from engine.chat.shelf import Shelf, load_shelf, save_shelf
from engine.chat.store import ChatStore
from engine.download.sizes import size_text
from engine.errors import AttachmentError
from engine.events import DraftsListed, Emit, FileRead, JobId, Noticed, ShelfRead
from engine.jobs.storekeeper import StoreKeeper

_PDF: Final = b"%PDF-"
_HEAD: Final = 1024  # a PDF's mark stands somewhere in there


class Writing:
    """Each method is the work of one job: see `Desk` for its events."""

    def __init__(self, keeper: StoreKeeper, shelf: Path, command: Sequence[str], emit: Emit) -> None:
        self._keeper = keeper
        self._shelf = shelf
        self._command = tuple(command)
        self._emit = emit
        self._lock = threading.Lock()
        self._drafts: dict[int | None, str] = {}  # not on disk yet

    def note_draft(self, conversation_id: int | None, text: str) -> None:
        """At once, on the caller's thread: the newest wins, whatever the order of the jobs."""
        with self._lock:
            self._drafts[conversation_id] = text

    def keep_drafts(self) -> None:
        """Raises: StoreError."""
        with self._lock:
            drafts, self._drafts = self._drafts, {}
        for conversation_id, text in drafts.items():
            self._keeper.call(partial(_keep_draft, conversation_id, text))

    def list_drafts(self, job: JobId) -> None:
        self._emit(DraftsListed(job, self._keeper.call(lambda store: store.drafts())))

    def set_options(self, conversation_id: int, options: ChatOptions) -> None:
        self._keeper.call(lambda store: store.set_options(conversation_id, options))

    def attach(self, job: JobId, token: CancelToken, path: Path) -> None:
        """Raises: AttachmentError, Cancelled."""
        try:
            self._emit(FileRead(job, str(path), read_file(self._command, path, token)))
        except OSError as error:
            reason = error.strerror or str(error)
            raise AttachmentError.of("attachment_unreadable", name=path.name, reason=reason) from error

    def read_shelf(self, job: JobId) -> None:
        shelf, remark = load_shelf(self._shelf)
        if remark is not None:
            self._emit(Noticed(job, remark))
        self._emit(ShelfRead(job, shelf))

    def keep_shelf(self, job: JobId, shelf: Shelf) -> None:
        """Raises: StoreError."""
        save_shelf(self._shelf, shelf)
        self._emit(ShelfRead(job, shelf))


def _keep_draft(conversation_id: int | None, text: str, store: ChatStore) -> None:
    store.keep_draft(conversation_id, text)


def read_file(command: Sequence[str], path: Path, token: CancelToken) -> AttachedFile:
    """Text, code, a PDF or an image. Raises: AttachmentError, UsageError, OSError, Cancelled."""
    if not path.is_file():  # a folder, a device, a pipe that would never end
        raise AttachmentError.of("attachment_unreadable", name=path.name, reason="not a file")
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(_HEAD)
        is_pdf, is_image = _PDF in head, looks_like_image(head)
        most = MOST_PDF_BYTES if is_pdf else MOST_IMAGE_BYTES if is_image else MOST_BYTES
        if size > most:
            raise AttachmentError.of(
                "attachment_too_large", name=path.name, size=size_text(size), most=size_text(most)
            )
        if is_pdf:
            text, pages = pdf_text(command, path, token)
            return attached(path.name, text, pages)
        file.seek(0)
        data = file.read(most)
    if is_image:
        return attached_image(path.name, data)
    text = decode(data, path.name)
    if not text.strip():
        raise AttachmentError.of("attachment_empty", name=path.name)
    return attached(path.name, text)
