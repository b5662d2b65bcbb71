"""Files that were sent with a message: kept as parts of it, read by the model as fenced text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import Final

from engine.chat.conversation import ChatMessage, Part, PartKind
from engine.chat.image_parts import address_of, name_in
from engine.chat.token_guess import guess_tokens
from engine.errors import AttachmentError

MOST_BYTES: Final = 32 << 20  # of a file of text
MOST_CHARACTERS: Final = 2_000_000  # that are kept of one file
_LONGEST_NAME: Final = 120
_FENCE: Final = "`"
# What text may hold below the space: others are a sign of something that is no text.
_BINARY: Final = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class AttachedFile:
    name: str  # without folders, one line
    text: str
    pages: int = 0  # of a PDF
    cut: bool = False  # only the beginning is kept
    tokens: int = 0  # about so many; estimated, 0 while nobody has
    image: str = ""  # its address (image_parts.py); then there is no text
    size: tuple[int, int] = (0, 0)  # of an image in pixels; not known while nobody has looked


def attached(name: str, text: str, pages: int = 0) -> AttachedFile:
    """With the name made harmless and the text cut to what is kept."""
    kept = text.replace("\r\n", "\n").replace("\r", "\n")[:MOST_CHARACTERS]
    return AttachedFile(harmless_name(name), kept, pages, len(text) > MOST_CHARACTERS, guess_tokens(kept))


def attached_image(name: str, data: bytes) -> AttachedFile:
    """Raises: UsageError, for what is no image that can be read."""
    name = harmless_name(name)
    return AttachedFile(name, "", image=address_of(data, name))


def harmless_name(name: str) -> str:
    """Without folders, one line."""
    bare = " ".join(PurePath(name.replace("\\", "/")).name.split()) or "?"
    if len(bare) > _LONGEST_NAME:
        bare = f"{bare[: _LONGEST_NAME // 2]}…{bare[-_LONGEST_NAME // 2 :]}"
    return bare


def decode(data: bytes, name: str) -> str:
    """The text of a file, by its byte order mark, else as UTF-8, else in China's encoding.

    Raises: AttachmentError, for a file that is no text.
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _BINARY.search(text):
            return text
    raise AttachmentError.of("attachment_no_text", name=name)


def part_of(file: AttachedFile) -> Part:
    if file.image:
        return Part(PartKind.IMAGE, file.image)
    return Part(PartKind.FILE, f"{file.name}\n{file.text}")


def files_of(message: ChatMessage) -> tuple[AttachedFile, ...]:
    """What was sent with it, in order."""
    return tuple(file for part in message.parts if (file := _file_of(part)) is not None)


def _file_of(part: Part) -> AttachedFile | None:
    if part.kind is PartKind.IMAGE:
        return AttachedFile(name_in(part.body), "", image=part.body)
    if part.kind is PartKind.FILE:
        name, _, text = part.body.partition("\n")
        return AttachedFile(name, text)
    return None


def read_text(message: ChatMessage) -> str:
    """What the model reads of a message beside images: its files, each fenced and named, then its words."""
    files = (file for file in files_of(message) if not file.image)
    return "\n\n".join((*map(_fenced, files), *filter(None, [message.text()])))


def _fenced(file: AttachedFile) -> str:
    """The fence is longer than any in the file, so that a file cannot end itself and go on as words."""
    longest = max((len(run) for run in re.findall(f"{_FENCE}+", file.text)), default=0)
    fence = _FENCE * max(3, longest + 1)
    suffix = PurePath(file.name).suffix.lstrip(".").lower()
    language = suffix if suffix.isalnum() and suffix != "pdf" else ""
    return f"File: {file.name}\n{fence}{language}\n{file.text.rstrip()}\n{fence}"
