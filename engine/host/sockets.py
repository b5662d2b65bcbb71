"""Connections between clients and the host: private, of one user."""

from __future__ import annotations

import os
import socket
import struct
import sys
from multiprocessing.connection import Client, Connection, Listener
from typing import Any

from engine.host.address import Address, AddressError
from engine.runtime.channel import Channel

_BACKLOG = 128  # clients that may knock at once


class Doorway:
    """Where the host listens."""

    def __init__(self, address: Address) -> None:
        """Raises: OSError."""
        key = address.key.encode() or None
        family = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
        self._listener = Listener(address.text, family, backlog=_BACKLOG, authkey=key)

    def accept(self) -> Channel:
        """Waits for the next client of this user. Raises: OSError, for a client that broke off;
        AddressError, for one of another user."""
        return _checked(self._listener.accept())

    def close(self) -> None:
        """Also removes the socket."""
        self._listener.close()


def connect(address: Address) -> Channel | None:
    """A channel to the host there, None if none listens. Raises: AddressError, when it is another
    user's."""
    try:
        if sys.platform == "win32":
            return Channel(Client(address.text, "AF_PIPE", authkey=address.key.encode()))
        return _checked(Client(address.text, "AF_UNIX"))
    except (OSError, EOFError):
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
