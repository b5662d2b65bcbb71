"""A connection that another thread can end at any moment, also while it is being opened."""

from __future__ import annotations

import contextlib
import socket
import threading

from urllib3.connection import HTTPConnection

from engine.download.dialing import CONNECT_SECONDS, connection_to


class Cuttable:
    """Holds one connection at a time. `cut` and `break_off` may come from any thread, all else from one."""

    def __init__(self, connect_seconds: float = CONNECT_SECONDS) -> None:
        """`connect_seconds` are for each address of a server."""
        self.connection: HTTPConnection | None = None
        self._connect_seconds = connect_seconds
        self._socket: socket.socket | None = None  # a second handle: TLS takes the first one away
        self._cut = False
        self._guard = threading.Lock()

    def open(self, url: str, answer_seconds: float) -> HTTPConnection:
        """Connects, in place of the connection there was; `answer_seconds` bound every read after that.

        Raises: OSError; ValueError; urllib3's HTTPError; ConnectionAbortedError once it was cut.
        """
        self.close()
        connection = connection_to(url, self._opened)
        try:
            connection.connect()
        except BaseException:
            connection.close()
            self.close()
            raise
        connection.timeout = answer_seconds  # urllib3 puts it on the socket with every answer
        connection.sock.settimeout(answer_seconds)
        with self._guard:
            self.connection = connection
            is_cut = self._cut
        if is_cut:
            self.close()
            raise ConnectionAbortedError("cut")
        return connection

    def cut(self) -> None:
        """Ends whatever it is doing; it does not open again."""
        with self._guard:
            self._cut = True
        self.break_off()

    def break_off(self) -> None:
        """Ends what it is doing now."""
        with self._guard:
            if self._socket is not None:
                with contextlib.suppress(OSError):
                    self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        with self._guard:
            connection, self.connection = self.connection, None
            handle, self._socket = self._socket, None
        if connection is not None:
            connection.close()
        if handle is not None:
            handle.close()

    def _opened(self, opened: socket.socket) -> None:
        """Before it connects, so that a cut ends that too."""
        opened.settimeout(self._connect_seconds)
        with self._guard:
            former, self._socket = self._socket, opened.dup()
            is_cut = self._cut
        if former is not None:
            former.close()
        if is_cut:
            raise ConnectionAbortedError("cut")
