"""The host's process: `deskside _engine ...`, started by clients when they need it.

It owns the workers of all models of one user and ends by itself, some seconds after its last
client has left.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Sequence
from types import FrameType
from typing import Final

from engine.host.address import Address, AddressError, forget_address, new_address, write_address
from engine.host.lock import FileLock
from engine.host.policy import Policy
from engine.host.pool import Pool
from engine.host.protocol import NOBODY, PROTOCOL, VERSION, CancelJob, Greet, Retire, ToHost, Welcome
from engine.host.session import Session
from engine.host.sockets import Doorway
from engine.host.start import HostOptions, host_lock, read_words
from engine.paths import Paths
from engine.runtime.channel import Channel

log = logging.getLogger(__name__)

MOST_CLIENTS: Final = 256
_LOOK_S: Final = 5.0
_FAREWELL_S: Final = 30.0  # for workers to park their conversations
_FLUSH_S: Final = 0.5
_BREATH_S: Final = 0.05  # between two tries to let a client in
_USAGE: Final = "This command is started by Deskside itself; start `deskside` instead.\n"


def main(words: Sequence[str], command: Sequence[str]) -> int:
    """`words` is what follows `_engine`; `command` starts this program. Returns an exit code."""
    try:
        paths, options = read_words(words)
    except ValueError:
        sys.stderr.write(_USAGE)
        return 2
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(name)s: %(message)s")
    os.umask(0o077)
    try:
        lock = FileLock.take(host_lock(paths))
        if lock is None:
            return 0  # another host was faster
        address = new_address(paths)
        doorway = Doorway(address)
        write_address(paths, address)
    except (OSError, AddressError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 3
    Host(command, paths, options, doorway).run(address)
    lock.release()
    return 0


class Host:
    def __init__(self, command: Sequence[str], paths: Paths, options: HostOptions, doorway: Doorway) -> None:
        self._paths = paths
        self._options = options
        self._doorway = doorway
        self._pool = Pool(command, paths, Policy(paths, options))
        self._lock = threading.Lock()
        self._sessions: set[Session] = set()
        self._alone_since = time.monotonic()
        self._closing = False
        self._stop = threading.Event()
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()  # somebody left, or it is to end

    def run(self, address: Address) -> None:
        """Until the last client has left, or somebody asks for the end."""
        for wish in (signal.SIGTERM, signal.SIGINT):
            signal.signal(wish, self._asked_to_end)
        threading.Thread(target=self._accept_all, name="doorway", daemon=True).start()
        log.info("Deskside %s: the engine listens at %s", VERSION, address.text)
        while not self._stop.is_set() and not self._lonely():
            self._rest()
            self._drop_stalled()
        self._end(address)

    def _asked_to_end(self, _signal: int, _frame: FrameType | None) -> None:
        self._end_soon()

    def _end_soon(self) -> None:
        self._stop.set()
        self._news.put(None)

    def _rest(self) -> None:
        """Until somebody leaves. To look around costs a sleeping processor milliseconds, so it is rare while
        somebody is here."""
        with self._lock:
            pause = _LOOK_S if self._sessions else min(_LOOK_S, self._options.linger_s / 4 + 0.01)
        with contextlib.suppress(queue.Empty):
            self._news.get(timeout=pause)

    def _lonely(self) -> bool:
        """Decided once: a client that knocks now finds the door closed, and starts a new host."""
        with self._lock:
            since = time.monotonic() - self._alone_since
            self._closing = not self._sessions and since >= self._options.linger_s
            return self._closing

    def _end(self, address: Address) -> None:
        with self._lock:
            self._closing = True
        self._doorway.close()
        forget_address(self._paths, address)
        self._pool.stop()
        self._pool.ended.wait(_FAREWELL_S)
        self._pool.close()
        with self._lock:
            sessions = tuple(self._sessions)
        for session in sessions:
            session.flush(_FLUSH_S)
            session.drop()
        log.info("the engine has ended")

    def _drop_stalled(self) -> None:
        with self._lock:
            sessions = tuple(self._sessions)
        for session in sessions:
            session.drop_if_stalled()

    # clients
    def _accept_all(self) -> None:
        while not self._stop.is_set():
            try:
                self._welcome(self._doorway.accept())
            except AddressError as error:
                log.warning("a client was refused: %s", error)
            except OSError as error:
                if self._stop.is_set():
                    return
                log.warning("a client broke off: %s", error)
                time.sleep(_BREATH_S)  # out of file descriptors, say
            except Exception:  # no thread for a client, say: the door stays open for the others
                log.exception("a client could not be let in")
                time.sleep(_BREATH_S)

    def _welcome(self, channel: Channel) -> None:
        session = Session(channel, self._hear, self._leave)
        with self._lock:
            refused = self._closing or len(self._sessions) >= MOST_CLIENTS
            if not refused:
                self._sessions.add(session)
        if refused:
            log.warning("a client was refused: there are %d, or the engine is ending", MOST_CLIENTS)
            channel.close()
            return
        try:
            session.start()
        except BaseException:
            with self._lock:
                self._sessions.discard(session)
            channel.close()
            raise

    def _hear(self, session: Session, message: ToHost) -> None:
        """On the session's thread."""
        if isinstance(message, Greet):
            self._greet(session)
        elif isinstance(message, Retire):
            self._retire(session)
        elif not session.same_version or message.job <= NOBODY:
            session.drop("it does not speak our language")
        elif isinstance(message, CancelJob):
            self._pool.cancel(session, message.job)
        else:
            self._pool.take(session, message)

    def _greet(self, session: Session) -> None:
        with self._lock:
            clients = len(self._sessions)
        session.send(Welcome(VERSION, PROTOCOL, os.getpid(), clients))
        if session.same_version:
            self._pool.join(session)

    def _retire(self, session: Session) -> None:
        with self._lock:
            alone = self._sessions == {session}
        if alone:
            log.info("making room for another version")
            self._end_soon()

    def _leave(self, session: Session) -> None:
        with self._lock:
            self._sessions.discard(session)
            self._alone_since = time.monotonic()
        self._news.put(None)
        self._pool.leave(session)
