"""From the engine's threads to the event loop: one wake-up a batch of events, a bounded box a request."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

from engine.events import Event, JobId, TokenDelta

MOST_UNREAD: Final = 1 << 20  # bytes of an answer, roughly, that wait for a client to read


class Mailbox:
    """What happened to the jobs of one request and was not yet told to its client. Loop only."""

    def __init__(self, overflowed: Callable[[], None]) -> None:
        """`overflowed` is called once, when the client has fallen too far behind; text that comes
        later is dropped."""
        self._overflowed = overflowed
        self._events: list[Event] = []
        self._size = 0
        self._full = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def waiting(self) -> bool:
        """Whether somebody waits for events, and there are none."""
        return self._waiter is not None

    def put(self, event: Event) -> None:
        if isinstance(event, TokenDelta):
            if self._full:
                return
            self._size += _size_of(event)
            if self._size > MOST_UNREAD:
                self._full = True
                self._overflowed()
                return
        self._events.append(event)
        self.wake()

    def wake(self) -> None:
        """Lets `wait` return."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self) -> None:
        """Until there is something to take, or `wake`."""
        if not self._events:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None

    def take(self) -> list[Event]:
        """Everything that has come."""
        events, self._events, self._size = self._events, [], 0
        return events


def _size_of(delta: TokenDelta) -> int:
    return 64 + len(delta.text) + sum(200 * (1 + len(token.top)) for token in delta.logprobs)


class EventBridge:
    """Made on the loop. `emit` is what the backend is given; everything else is for the loop only."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._arrived: deque[Event] = deque()
        self._woken = False
        self._boxes: dict[JobId, Mailbox] = {}

    def emit(self, event: Event) -> None:
        """Any thread; never waits."""
        self._arrived.append(event)
        # Two threads may both wake the loop: harmless. `_deliver` looks after it has lowered the
        # flag, so that no event is left behind.
        if not self._woken:
            self._woken = True
            try:
                self._loop.call_soon_threadsafe(self._deliver)
            except RuntimeError:  # the loop has ended, and with it everybody who could listen
                self._arrived.clear()

    def open(self, job: JobId, box: Mailbox) -> None:
        self._boxes[job] = box

    def close(self, job: JobId) -> None:
        """What still comes from that job is dropped."""
        self._boxes.pop(job, None)

    def _deliver(self) -> None:
        self._woken = False
        while self._arrived:
            event = self._arrived.popleft()
            box = self._boxes.get(event.job)
            if box is not None:
                box.put(event)
