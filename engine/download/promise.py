"""The digest that a source tells of an answer, and whether its bytes keep to it."""

from __future__ import annotations

import hashlib

from engine.download.answers import Answer


class Promise:
    """Of the body of one answer to a request for `length` bytes."""

    def __init__(self, answer: Answer, length: int) -> None:
        self._told = answer.content_sha256 if answer.status == 206 else None
        self._left = length
        self._hash = hashlib.sha256()

    def is_broken_by(self, piece: bytes) -> bool:
        """Takes the next bytes of the body; True when they were the last ones and the whole is another."""
        if self._told is None or not self._left:
            return False
        wanted = memoryview(piece)[: self._left]
        self._hash.update(wanted)
        self._left -= len(wanted)
        return not self._left and self._hash.hexdigest() != self._told
