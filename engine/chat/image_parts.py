"""Images as parts of a message: an address that holds the file itself, and its name.

data:image/png;name=holiday.png;base64,...
"""

from __future__ import annotations

import base64
import re
from typing import Final
from urllib.parse import quote, unquote

from engine.chat.conversation import ChatMessage, PartKind
from engine.chat.image_file import MOST_BYTES, look_at_image
from engine.errors import UsageError

_ADDRESS: Final = re.compile(r"data:image/([a-z]{3,8})(?:;name=([^;,]{0,800}))?;base64,")
_LONGEST: Final = 4 * (MOST_BYTES // 3 + 1)  # characters of base64


def address_of(data: bytes, name: str) -> str:
    """Raises: UsageError, for what is no image that can be read."""
    kind = look_at_image(data).kind
    return f"data:image/{kind};name={quote(name, safe='')};base64,{base64.b64encode(data).decode('ascii')}"


def image_in(address: str) -> bytes | None:
    """None for what is no address of an image: chats can be imported."""
    head = _ADDRESS.match(address)
    if head is None or len(address) - head.end() > _LONGEST:
        return None
    try:
        data = base64.b64decode(address[head.end() :], validate=True)
        look_at_image(data)
    except (ValueError, UsageError):
        return None
    return data


def size_in(address: str) -> tuple[int, int]:
    """Width and height in pixels; (0, 0) for what is no image."""
    data = image_in(address)
    if data is None:
        return 0, 0
    facts = look_at_image(data)
    return facts.width, facts.height


def name_in(address: str) -> str:
    """One line, "" where it has none."""
    head = _ADDRESS.match(address)
    name = unquote(head[2]) if head and head[2] else ""
    return " ".join(name.split())[:120]


def images_of(message: ChatMessage) -> tuple[bytes, ...]:
    """The files that can be read, in order."""
    addresses = (part.body for part in message.parts if part.kind is PartKind.IMAGE)
    return tuple(data for address in addresses if (data := image_in(address)) is not None)
