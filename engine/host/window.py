"""One window for each set of folders: a second start hands over what it should open, and ends."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from engine.host.address import AddressError, forget_address, new_address, read_address, write_address
from engine.host.lock import FileLock
from engine.host.sockets import Doorway, connect
from engine.paths import Paths
from engine.runtime.channel import Channel, ChannelClosed

log = logging.getLogger(__name__)

_KIND: Final = "window"
_PATIENCE_S: Final = 5.0
_LONGEST: Final = 16 * 1024  # bytes of a request
_DONE: Final = b"done"
_MOST_EARLY: Final = 20  # files
_BREATH_S: Final = 0.05  # between two tries to hear somebody


class WindowDoor:
    """Held by the window as long as it is there. It hears second starts from the beginning: on a slow disk a
    window takes longer to come up than somebody waits who clicks once more."""

    def __init__(self, paths: Paths, lock: FileLock) -> None:
        """Raises: AddressError, OSError."""
        self._paths = paths
        self._lock = lock
        self._address = new_address(paths, _KIND)
        self._doorway = Doorway(self._address)
        self._closed = threading.Event()
        self._telling = threading.Lock()
        self._asked: Callable[[str], None] | None = None
        self._early: list[str] = []  # asked for before there was anybody to tell
        write_address(paths, self._address, _KIND)
        threading.Thread(target=self._listen, name="window door", daemon=True).start()

    @classmethod
    def take(cls, paths: Paths) -> WindowDoor | None:
        """None, where a window is there already. Raises: AddressError, OSError."""
        lock = FileLock.take(paths.state / "window.lock")
        return None if lock is None else cls(paths, lock)

    def listen(self, asked: Callable[[str], None]) -> None:
        """`asked` is called with the file that a second start should open, "" for none, on a thread; for
        those that came already, at once."""
        with self._telling:
            self._asked = asked
            early, self._early = self._early, []
        for file in early:
            asked(file)

    def close(self) -> None:
        self._closed.set()
        # Closing alone does not end an `accept`; without one Windows would wait for it.
        waker = connect(self._address)
        if waker is not None:
            waker.close()
        self._doorway.close()
        forget_address(self._paths, self._address, _KIND)
        self._lock.release()

    def _listen(self) -> None:
        while not self._closed.is_set():
            try:
                channel = self._doorway.accept()
            except (OSError, AddressError) as error:
                if not self._closed.is_set():
                    log.warning("a second start could not be heard: %s", error)
                    time.sleep(_BREATH_S)  # out of file descriptors, say
                continue
            if self._closed.is_set():
                channel.close()
                return
            # Whoever says nothing must not keep others waiting.
            threading.Thread(
                target=_hear, args=(channel, self._tell), name="second start", daemon=True
            ).start()

    def _tell(self, file: str) -> None:
        with self._telling:
            asked = self._asked
            if asked is None:
                self._early = [*self._early, file][-_MOST_EARLY:]
        if asked is not None:
            asked(file)


def hand_over(paths: Paths, file: str) -> bool:
    """Asks the window that is there to come to the front, and to open a file unless it is "".

    False, where it does not answer: it hangs, or is just ending.
    """
    try:
        address = read_address(paths, _KIND)
        channel = None if address is None else connect(address)
    except AddressError as error:
        log.warning("the window that is there cannot be asked: %s", error)
        return False
    if channel is None:
        return False
    try:
        channel.send(json.dumps({"open": str(Path(file).absolute()) if file else ""}).encode())
        return channel.wait(_PATIENCE_S) and channel.receive() == _DONE
    except ChannelClosed:
        return False
    finally:
        channel.close()


def _hear(channel: Channel, asked: Callable[[str], None]) -> None:
    try:
        if channel.wait(_PATIENCE_S):
            body = channel.receive()
            file = json.loads(body)["open"] if len(body) <= _LONGEST else None
            if isinstance(file, str) and "\0" not in file:
                asked(file)
                channel.send(_DONE)
    except (ChannelClosed, ValueError, KeyError, TypeError, RecursionError) as error:
        log.warning("a second start said something that makes no sense: %s", error)
    finally:
        channel.close()
