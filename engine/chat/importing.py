"""Opens a file that conversations are to be taken from, whatever it turns out to be."""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import IO, Any, Final

from engine.chat.import_chatgpt import chatgpt_records, is_chatgpt
from engine.chat.import_own import is_own, own_records
from engine.chat.record import ConversationRecord
from engine.errors import ImportRefused

MOST_BYTES: Final = 1 << 30  # of JSON; ChatGPT's exports of years stay below
# Large exports of ChatGPT hold several: conversations-000.json and so on.
_NAME: Final = re.compile(r"(?:.*/)?conversations(?:-\d+)?\.json", re.IGNORECASE | re.DOTALL)
_MOST_OTHERS: Final = 50  # files of other names that are tried
_BLOCK: Final = 1 << 20

_Records = Iterator[ConversationRecord | None]


def read_records(path: Path) -> _Records:
    """What is in a JSON file of ours or of ChatGPT, or in a zip file with some; None for entries that are no
    conversations. Raises: ImportRefused."""
    try:
        with path.open("rb") as file:
            zipped = file.read(4) == b"PK\x03\x04"
            file.seek(0)
            found = _in_archive(path, file) if zipped else [_known(_parsed(path, _read(path, file)))]
    except OSError as error:
        raise ImportRefused.of("import_chats_unreadable", path=str(path), reason=str(error)) from error
    known = [records for records in found if records is not None]
    if not known:
        raise ImportRefused.of("import_chats_unknown", path=str(path))
    return chain.from_iterable(known)


def _in_archive(path: Path, file: IO[bytes]) -> list[_Records | None]:
    """Of the files in there whose name says that they hold conversations; without any, of the JSON that turns
    out to. Sizes are counted, not believed."""
    try:
        with zipfile.ZipFile(file) as archive:
            listed = archive.namelist()
            names = sorted(name for name in listed if _NAME.fullmatch(name))
            others = [name for name in listed if name.lower().endswith(".json")][:_MOST_OTHERS]
            found: list[_Records | None] = []
            read = 0
            for name in names or others:
                with archive.open(name) as member:
                    data = _read(path, member, read)
                read += len(data)
                found.append(_known(_parsed(path, data) if names else _parsed_or_none(data)))
            return found
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, NotImplementedError, ValueError) as error:
        raise ImportRefused.of("import_chats_unreadable", path=str(path), reason=str(error)) from error


def _known(document: Any) -> _Records | None:
    """None for a document that is neither ours nor ChatGPT's."""
    if is_own(document):
        return own_records(document)
    return chatgpt_records(document) if is_chatgpt(document) else None


def _read(path: Path, file: IO[bytes], before: int = 0) -> bytes:
    """`before`: bytes that were read of others."""
    pieces, size = [], before
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


def _parsed_or_none(data: bytes) -> Any:
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None
