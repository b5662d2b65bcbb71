"""What titles and bodies pass through on their way to disk and back: the one place for encryption."""

from __future__ import annotations

from typing import Protocol


class Codec(Protocol):
    """`in_clear` says whether what is stored may be read by anybody, and so may an index of its words."""

    in_clear: bool

    def encode(self, text: str) -> str: ...

    def decode(self, stored: str) -> str: ...


class PlainCodec:
    """Texts as they are. Lone surrogates, which SQLite cannot hold, are replaced."""

    in_clear = True

    def encode(self, text: str) -> str:
        return storable(text)

    def decode(self, stored: str) -> str:
        return stored


def storable(text: str) -> str:
    """Without lone surrogates."""
    return text.encode("utf-8", "replace").decode("utf-8")
