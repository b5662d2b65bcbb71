"""Our end of the connection to a node: a port on loopback that leads to its devices."""

from __future__ import annotations

import logging
import socket
import threading
import time

from engine.errors import DesksideError
from engine.runtime.node_calls import DEVICE, call_node
from engine.runtime.relay import Silence, hang_up, relay

log = logging.getLogger(__name__)

_BREATH_S = 0.2
_doors: dict[str, Door] = {}  # of this process, by their endpoints


class Door:
    """Open until it is closed. Whoever comes in on this machine gets a connection of his own."""

    def __init__(self, address: str, key: str, port: int) -> None:
        """Raises: OSError, when somebody else has that port."""
        self.address, self.port = address, port
        self.lost = False  # the last connection ended over there
        self.silence = Silence()  # of the last connection
        self._key = key
        self._inside = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", port))
        _doors[f"127.0.0.1:{port}"] = self
        threading.Thread(target=self._accept_all, name="door", daemon=True).start()

    @property
    def in_use(self) -> bool:
        """Somebody computes there through it."""
        with self._lock:
            return self._inside > 0

    def close(self) -> None:
        _doors.pop(f"127.0.0.1:{self.port}", None)
        self._closed.set()
        hang_up(self._listener)  # whoever waits for a caller there would keep the port

    def _accept_all(self) -> None:
        while not self._closed.is_set():
            try:
                plain, _ = self._listener.accept()
            except OSError as error:
                if not self._closed.is_set():
                    log.warning("the door to %s: %s", self.address, error)
                    time.sleep(_BREATH_S)
                continue
            threading.Thread(target=self._lead, args=(plain,), name="node", daemon=True).start()

    def _lead(self, plain: socket.socket) -> None:
        self.lost, silence = False, Silence()
        self.silence = silence
        with self._lock:
            self._inside += 1
        try:
            secured, _ = call_node(self.address, self._key, DEVICE)
            self.lost = relay(plain, secured, silence)
            hang_up(secured)
        except (DesksideError, OSError) as error:
            self.lost = True
            log.warning("the node %s: %s", self.address, error)
        finally:
            hang_up(plain)  # the worker's connection breaks off, and its supervisor says which node it was
            with self._lock:
                self._inside -= 1


def door_at(endpoint: str) -> Door | None:
    """Of this process."""
    return _doors.get(endpoint)
