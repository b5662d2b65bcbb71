"""Opens a file that conversations are to be taken from, whatever it turns out to be."""

from __future__ import annotations

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final

from engine.chat.import_chatgpt import chatgpt_records, is_chatgpt
from engine.chat.import_own import is_own, own_records
from engine.chat.record import ConversationRecord
from engine.errors import ImportRefused

MOST_BYTES: Final = 1 << 30  # of JSON; ChatGPT's exports of years stay below
_NAME: Final = "conversations.json"
_BLOCK: Final = 1 << 20


def read_records(path: Path) -> Iterator[ConversationRecord | None]:
    """What is in a JSON file of ours or of ChatGPT, or in a zip file with one; None for entries that are no
    conversations. Raises: ImportRefused."""
    try:
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            data = _unzipped(path, file) if zipped else _read(path, file)
    except OSError as error:
        raise ImportRefused.of("import_chats_unreadable", path=str(path), reason=str(error)) from error
    document = _parsed(path, data)
    if is_own(document):
        return own_records(document)
    if is_chatgpt(document):
        return chatgpt_records(document)
    raise ImportRefused.of("import_chats_unknown", path=str(path))


def _unzipped(path: Path, file: IO[bytes]) -> bytes:
    """The only file in there that is read, wherever it lies; its size is counted, not believed."""
    try:
        with zipfile.ZipFile(file) as archive:
            names = [name for name in archive.namelist() if name.rpartition("/")[2] == _NAME]
            names += [name for name in archive.namelist() if name.lower().endswith(".json")]
            if not names:
                raise ImportRefused.of("import_chats_unknown", path=str(path))
            with archive.open(names[0]) as member:
                return _read(path, member)
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise ImportRefused.of("import_chats_unreadable", path=str(path), reason=str(error)) from error


def _read(path: Path, file: IO[bytes]) -> bytes:
    pieces, size = [], 0
    while piece := file.read(_BLOCK):
        size += len(piece)
        if size > MOST_BYTES:
            raise ImportRefused.of("import_chats_large", path=str(path), most=f"{MOST_BYTES >> 30} GiB")
        pieces.append(piece)
    return b"".join(pieces)


def _parsed(path: Path, data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ImportRefused.of("import_chats_unreadable", path=str(path), reason=str(error)) from error
