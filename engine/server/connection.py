"""One connection: uvicorn's, with bounds on what a silent or slow peer can hold."""

from __future__ import annotations

import asyncio
from typing import ClassVar, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

_TOO_MANY: Final = (
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 5\r\nconnection: close\r\n\r\n"
)
_TOO_SLOW: Final = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(H11Protocol):
    """`_head_timer` runs while a request is awaited or half sent; `_stall_timer` while the client's
    side of the connection is full."""

    most_connections: ClassVar = 256
    head_s: ClassVar = 15.0  # for the head of a request, and for what is left of one that was refused
    stall_s: ClassVar = 30.0  # a client that reads nothing for so long is cut off

    _head_timer: asyncio.TimerHandle | None = None
    _stall_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.most_connections:
            transport.write(_TOO_MANY)
            transport.close()
            return
        self._arm_head_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        # After the first request uvicorn's own timer runs, which any byte stops for good.
        if self._idle:
            self._arm_head_timer()
        else:
            self._disarm_head_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm_head_timer()
        self._disarm_stall_timer()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stall_timer = self.loop.call_later(self.stall_s, self.transport.abort)

    def resume_writing(self) -> None:
        self._disarm_stall_timer()
        super().resume_writing()

    def _arm_head_timer(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(self.head_s, self._head_overdue)

    def _disarm_head_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _disarm_stall_timer(self) -> None:
        if self._stall_timer is not None:
            self._stall_timer.cancel()
            self._stall_timer = None

    def _head_overdue(self) -> None:
        self._head_timer = None
        if not self._idle or self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE:
            self.transport.write(_TOO_SLOW)
        self._end()

    @property
    def _idle(self) -> bool:
        """Whether no request is being answered."""
        return self.scope is None or self.cycle.response_complete

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._end()

    def _end(self) -> None:
        """Closing waits until the client has read what was sent; for a while only."""
        self.transport.close()
        self.loop.call_later(self.stall_s, self.transport.abort)
