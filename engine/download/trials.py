"""Which source is the fastest: found by fetching a little from each of them at once."""

from __future__ import annotations

import threading
import time

from engine.cancellation import CancelToken
from engine.download.lines import TROUBLES, Line
from engine.download.origin import Source, line_to
from engine.download.values import Way

_TRIAL_BYTES = 512 << 10
_LONGEST_SECONDS = 8.0
_AFTER_FIRST = 1.0  # others may finish within so many times the time of the fastest, and half a second
_PASS_SECONDS = 0.02
_PIECE_BYTES = 64 << 10


class Trials:
    """Of one download: all its files come from the same places, so that one trial tells for all."""

    def __init__(self, stall_seconds: float) -> None:
        self._stall_seconds = stall_seconds
        self._order: tuple[int, ...] = ()

    def ordered(self, sources: tuple[Source, ...], token: CancelToken) -> tuple[Source, ...]:
        """The fastest first; those that brought nothing in time as they stood, and chunks where they stood.

        Raises: Cancelled.
        """
        first = tuple(source for source in sources[:1] if source.way is Way.XET)
        last = tuple(source for source in sources[1:] if source.way is Way.XET)
        tried = tuple(source for source in sources if source.way is not Way.XET)
        if len(tried) < 2:
            return sources
        if len(self._order) != len(tried):
            self._order = self._tried(tried, token)
        return (*first, *(tried[number] for number in self._order), *last)

    def _tried(self, sources: tuple[Source, ...], token: CancelToken) -> tuple[int, ...]:
        lines = [line_to(source, self._stall_seconds, None) for source in sources]
        took: dict[int, float] = {}
        threads = [
            threading.Thread(target=_fetch_a_little, args=(source, line, number, took), daemon=True)
            for number, (source, line) in enumerate(zip(sources, lines, strict=True))
        ]
        begun = time.monotonic()
        for thread in threads:
            thread.start()
        try:
            while any(thread.is_alive() for thread in threads):
                token.raise_if_cancelled()
                passed = time.monotonic() - begun
                enough = took and passed > min(took.values()) * (1 + _AFTER_FIRST) + 0.5
                if enough or passed > _LONGEST_SECONDS:
                    break
                token.wait(_PASS_SECONDS)
        finally:
            for line in lines:
                line.cut()
        return tuple(sorted(range(len(sources)), key=lambda number: (took.get(number, float("inf")), number)))


def _fetch_a_little(source: Source, line: Line, number: int, took: dict[int, float]) -> None:
    begun = time.monotonic()
    try:
        found = line.locate(source.url)
        if not found.url:
            return
        answer, body = line.get(found.url, 0, _TRIAL_BYTES, None)
        if answer.status not in (200, 206):
            return
        left = _TRIAL_BYTES
        while left > 0 and (piece := body.piece(min(_PIECE_BYTES, left))):
            left -= len(piece)
        took[number] = time.monotonic() - begun
    except TROUBLES:
        return  # the transfer itself finds out what is wrong with it
    finally:
        line.close()
