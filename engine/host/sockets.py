"""Connections between clients and the host: private, of one user.

A socket of Unix is guarded by its folder, and the system tells whose the other side is. A pipe of Windows is
guarded by a key that both sides prove to know before anything else is said.
"""

from __future__ import annotations

import logging
import os
import queue
import socket
import struct
import sys
import threading
import time
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge
from typing import Any, Final, cast

from engine.host.address import Address, AddressError
from engine.runtime.channel import Channel

log = logging.getLogger(__name__)

_BACKLOG: Final = 128  # clients that may knock at once
_MOST_SILENT: Final = 64  # that knocked and have not proven anything yet
_PATIENCE_S: Final = 5.0  # for the proof
_BREATH_S: Final = 0.05  # after one that broke off
_FAMILY: Final = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
_UNPROVEN: Final = (AuthenticationError, AssertionError, EOFError, OSError, ValueError)


class Doorway:
    """Where the host listens."""

    def __init__(self, address: Address) -> None:
        """Raises: OSError."""
        self._address = address
        self._listener = Listener(address.text, _FAMILY, backlog=_BACKLOG)
        self._admitted: queue.SimpleQueue[Channel | None] = queue.SimpleQueue()  # None: it is closed
        self._silent = threading.BoundedSemaphore(_MOST_SILENT)
        self._closed = threading.Event()
        self._porter: threading.Thread | None = None
        if address.key:
            self._porter = threading.Thread(target=self._let_in, name="porter", daemon=True)
            self._porter.start()

    def accept(self) -> Channel:
        """Waits for the next client of this user. Raises: OSError, for a client that broke off, and once it
        is closed; AddressError, for one of another user."""
        if self._porter is None:
            return _checked(self._listener.accept())
        channel = self._admitted.get()
        if channel is None:
            self._admitted.put(None)  # for whoever asks again
            raise OSError("the doorway is closed")
        return channel

    def close(self) -> None:
        """Also removes the socket."""
        self._closed.set()
        if self._porter is not None:
            try:
                Client(self._address.text, _FAMILY).close()  # which ends its `accept`
            except (OSError, EOFError) as error:
                log.warning("the doorway was not closed from within: %s", error)
            self._porter.join(_PATIENCE_S)
            self._admitted.put(None)
        self._listener.close()

    def _let_in(self) -> None:
        while not self._closed.is_set():
            try:
                self._hear(self._listener.accept())
            except Exception:  # one that broke off, or no thread for it: the door stays open for the others
                if not self._closed.is_set():
                    log.exception("a client could not be let in")
                    time.sleep(_BREATH_S)

    def _hear(self, knocking: Any) -> None:
        """On a thread of its own: whoever says nothing must not keep others waiting."""
        if self._closed.is_set() or not self._silent.acquire(blocking=False):
            knocking.close()
            return
        try:
            threading.Thread(target=self._prove, args=(knocking,), name="porter", daemon=True).start()
        except BaseException:
            self._silent.release()
            knocking.close()
            raise

    def _prove(self, knocking: Any) -> None:
        try:
            key, patient = self._address.key.encode(), _Patient(knocking)
            deliver_challenge(cast(Any, patient), key)
            answer_challenge(cast(Any, patient), key)
            self._admitted.put(Channel(knocking))
        except _UNPROVEN as error:
            log.warning("a client was not let in: %s", error)
            knocking.close()
        finally:
            self._silent.release()


class _Patient:
    """A connection whose other side is waited for a while, and no longer."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self._until = time.monotonic() + _PATIENCE_S

    def send_bytes(self, body: bytes) -> None:
        self._connection.send_bytes(body)

    def recv_bytes(self, most: int) -> bytes:
        if not self._connection.poll(max(0.0, self._until - time.monotonic())):
            raise TimeoutError("it says nothing")
        return bytes(self._connection.recv_bytes(most))


def connect(address: Address) -> Channel | None:
    """A channel to the host there, None if none listens, or what listens does not answer. Raises:
    AddressError, when it is another user's."""
    try:
        connection = Client(address.text, _FAMILY)
    except (OSError, EOFError):
        return None
    try:
        if not address.key:
            return _checked(connection)
        key, patient = address.key.encode(), _Patient(connection)
        answer_challenge(cast(Any, patient), key)
        deliver_challenge(cast(Any, patient), key)
        return Channel(connection)
    except _UNPROVEN:
        connection.close()
        return None


def sever(channel: Channel) -> None:
    """Ends a connection under the threads that wait in it; they see it closed."""
    if sys.platform == "win32":
        channel.close()
        return
    try:
        with socket.socket(fileno=os.dup(channel.handle())) as line:
            line.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was faster


def _checked(connection: Any) -> Channel:
    if sys.platform != "win32":
        owner = _owner_of_peer(connection)
        if owner is not None and owner != os.geteuid():
            connection.close()
            raise AddressError(f"the other side belongs to user {owner}")
    return Channel(connection)


def _owner_of_peer(connection: Connection) -> int | None:
    """The user behind the other end; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    with socket.socket(fileno=os.dup(connection.fileno())) as line:
        credentials = line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    _, user, _ = struct.unpack("3i", credentials)
    return int(user)
