"""Takes in the body of a request, within bounds on its size and its time."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, TypeVar

from starlette.requests import ClientDisconnect, Request

from engine.server.answering import ClientGone
from engine.server.fields import load_json
from engine.server.refusals import RequestError

LARGEST_BODY: Final = 16 * 1024 * 1024  # bytes
LARGEST_TOGETHER: Final = 64 * 1024 * 1024  # of all bodies that are being read
_PIECE_S: Final = 15.0  # until the next piece of a body
_WHOLE_S: Final = 120.0
# A larger body is parsed beside the loop, so that streams go on meanwhile.
_LARGE: Final = 64 * 1024
MOST_VALUES: Final = 500_000  # in one body
_TEXT_OR_VALUE: Final = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[,\[{]', re.DOTALL)
_AT_ONCE: Final = 2  # such bodies: parsed, they take many times their size
_T = TypeVar("_T")


@dataclass(slots=True)
class _Intake:
    size: int = 0  # bytes of one body that have come


class Bodies:
    """Shared by all requests. Loop only."""

    def __init__(self) -> None:
        self._held = 0
        self._parsing = asyncio.Semaphore(_AT_ONCE)

    @asynccontextmanager
    async def read(self, request: Request, parse: Callable[[object], _T]) -> AsyncIterator[tuple[_T, int]]:
        """The body, parsed, and its size in bytes; it counts as held while inside.

        Raises: RequestError, ClientGone.
        """
        intake = _Intake()
        try:
            body = await self._whole(request, intake)
            yield await self._parsed(body, parse), intake.size
        finally:
            self._held -= intake.size

    async def _whole(self, request: Request, intake: _Intake) -> bytes:
        try:
            self._check_announced(request)
            async with asyncio.timeout(_WHOLE_S):
                return await self._gathered(request, intake)
        except TimeoutError as error:
            raise RequestError.answered(408, "api_body_slow", seconds=int(_WHOLE_S)) from error
        except ClientDisconnect as error:
            raise ClientGone from error

    async def _gathered(self, request: Request, intake: _Intake) -> bytes:
        """Raises: what `read` does."""
        pieces: list[bytes] = []
        stream = request.stream()
        while True:
            async with asyncio.timeout(_PIECE_S):
                piece = await anext(stream, b"")
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)
            intake.size += len(piece)
            self._hold(len(piece), intake.size)

    def _check_announced(self, request: Request) -> None:
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > LARGEST_BODY:
            raise _too_large()

    def _hold(self, piece: int, whole: int) -> None:
        self._held += piece
        if whole > LARGEST_BODY:
            raise _too_large()
        if self._held > LARGEST_TOGETHER:
            raise RequestError.answered(503, "api_busy")

    async def _parsed(self, body: bytes, parse: Callable[[object], _T]) -> _T:
        if len(body) < _LARGE:
            return parse(load_json(body))
        async with self._parsing:
            return await asyncio.to_thread(lambda: parse(load_json(_modest(body))))


def _modest(body: bytes) -> bytes:
    """Raises: RequestError, for more values than any request needs: each is an object of Python's,
    tens of times the size of what it was sent as."""
    # First without a look at what stands in texts, which is quick.
    if sum(map(body.count, (b",", b"[", b"{"))) > MOST_VALUES:
        found = sum(len(each[0]) == 1 for each in _TEXT_OR_VALUE.finditer(body))
        if found > MOST_VALUES:
            raise RequestError.answered(413, "api_body_values", most=MOST_VALUES)
    return body


def _too_large() -> RequestError:
    return RequestError.answered(413, "api_body_large", limit=f"{LARGEST_BODY // 2**20} MiB")
