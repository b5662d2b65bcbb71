"""Bytes of tokens to text: a character may be spread over several tokens."""

from __future__ import annotations

import codecs


class Utf8Stream:
    """Holds an unfinished character back; bytes that are no UTF-8 become U+FFFD."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, piece: bytes) -> str:
        return self._decoder.decode(piece)

    def finish(self) -> str:
        """The replacement of a character that was never finished, or nothing."""
        return self._decoder.decode(b"", final=True)
