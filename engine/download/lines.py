"""What every kind of connection to a source can do, and what it brings."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import urllib3

from engine.download.answers import Answer

# What a line may raise; ValueError: a TLS socket that was cut, a port of nonsense.
TROUBLES = (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)


@dataclass(frozen=True, slots=True)
class Located:
    """Where a source has a file: `url` is "" unless the answer was good."""

    url: str
    answer: Answer
    headers: Mapping[str, str]  # lower-case names, all answers on the way merged


class Body(Protocol):
    """The bytes of one answer."""

    def piece(self, most_bytes: int) -> bytes:
        """What has arrived, at most so many bytes; b"" at the end. Raises: one of `TROUBLES`."""

    def reusable(self) -> bool:
        """Ends the body after its last byte; True if its line is good for another request."""


class Line(Protocol):
    """For one lane at a time. Every method but `cut` and `break_off` belongs to that lane's thread."""

    def locate(self, url: str) -> Located:
        """Asks the source where a file is. Raises: one of `TROUBLES`."""

    def get(self, url: str, start: int, stop: int, if_range: str | None) -> tuple[Answer, Body]:
        """Requests bytes `start` to `stop` (excluded). Raises: one of `TROUBLES`."""

    def cut(self) -> None:
        """Ends whatever the line is doing, from any thread; it is not used again."""

    def break_off(self) -> None:
        """Ends what the line is doing now, from any thread; the next request may go better."""

    def close(self) -> None:
        """The next request opens it again."""
