"""Images in the parts of a message: OpenAI's `image_url`, with the image itself in a `data:` address.

Nothing is fetched: a server that opens addresses which strangers write opens doors to what only it can
reach, and nobody here asked for a connection.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final

from engine.chat.image_file import MOST_BYTES, look_at_image
from engine.errors import UsageError
from engine.server.fields import Fields
from engine.server.refusals import RequestError

_DATA: Final = re.compile(r"data:([a-z0-9.+/-]*)((?:;[a-z0-9=._-]+)*?)(;base64)?,", re.IGNORECASE)
_LONGEST: Final = 4 * (MOST_BYTES // 3 + 1)  # characters of base64
_SHOWN: Final = 40  # characters of an address, in a refusal


def read_image(part: Fields) -> bytes:
    """The file inside a part of the kind `image_url` (or `input_image`, which some clients send).
    Raises: RequestError."""
    value = part.raw("image_url")
    if isinstance(value, str):
        holder, field = part, "image_url"
    else:
        holder, field = part.required_child("image_url"), "url"
    address = holder.required_text(field)
    name = holder.name(field)
    head = _DATA.match(address)
    if head is None:
        scheme = address[:_SHOWN].partition(":")[0] if ":" in address[:_SHOWN] else ""
        raise RequestError.about(name, "image_address", kind=f"{scheme}:" if scheme else "no scheme")
    if not head[3]:
        raise RequestError.about(name, "image_not_base64")
    try:
        if len(address) - head.end() > _LONGEST:
            raise UsageError.of("image_bytes", size=len(address) * 3 // 4 >> 20, most=MOST_BYTES >> 20)
        data = base64.b64decode(address[head.end() :], validate=True)
        look_at_image(data)
    except (binascii.Error, ValueError) as error:
        raise RequestError.about(name, "image_not_base64") from error
    except UsageError as error:
        raise RequestError(error.message, 400, name) from error
    return data
