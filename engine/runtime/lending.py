"""This machine as a node: its devices, lent to one guest at a time over an encrypted connection."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from engine.errors import LoadError, WorkerError
from engine.hardware.report import DeviceFacts
from engine.runtime.build import engine_build
from engine.runtime.node_calls import parse_address
from engine.runtime.node_greeting import answers
from engine.runtime.node_words import (
    BUSY,
    DEVICE,
    ECHO,
    OTHER_BUILD,
    PROTOCOL,
    Answer,
    NodeDevice,
    receive_knock,
    send_line,
)
from engine.runtime.pairing import GUEST, NODE, proves_itself, tls_of
from engine.runtime.probing import Probe, probe
from engine.runtime.process import NODE_WORD
from engine.runtime.protocol import Devices, ProbeFailed, ServeDevices
from engine.runtime.relay import hang_up, lively, relay
from engine.runtime.wire import WireError, encode

log = logging.getLogger(__name__)

_PATIENCE_S = 5.0  # for a guest's first words
_START_S = 30.0
_TURN_S = 3.0  # for the guest before to be gone
_MOST_GUESTS = 16  # at once, while they knock
_PIECE = 256 * 1024
_BREATH_S = 0.2

Describe = Callable[[tuple[DeviceFacts, ...]], tuple[NodeDevice, ...]]
Report = Callable[[str, str], None]  # what happened ("joined", "left", "refused"), and who


class Lending:
    """Listens until it is closed. `report` is called on threads of ours."""

    def __init__(
        self,
        command: Sequence[str],
        key: str,
        listen: str,
        threads: int,
        describe: Describe,
        report: Report,
        log_file: Path | None = None,
    ) -> None:
        """Raises: UsageError, LoadError, WorkerError, OSError."""
        self._command, self._threads, self._log_file = command, threads, log_file
        self._describe, self._report = describe, report
        self._key = key
        self._tls = tls_of(key, NODE)
        self._turn = threading.Lock()  # of the one guest that computes
        self._doors = threading.BoundedSemaphore(_MOST_GUESTS)
        self._closing = threading.Event()
        self._ready = threading.Event()
        self._devices: tuple[NodeDevice, ...] = ()
        self._failure: LoadError | WorkerError | None = None
        self._port = 0  # of the engine, on loopback
        host, port = parse_address(listen)
        try:
            self._listener = socket.create_server(
                (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET
            )
        except OSError as error:
            reason = error.strerror or str(error)
            raise LoadError.of("node_not_listening", address=listen, reason=reason) from error
        threading.Thread(target=self._serve, name="devices", daemon=True).start()
        if not self._ready.wait(_START_S) or self._failure is not None:
            self.close()
            raise self._failure or WorkerError.of("node_not_started", reason="no answer")
        threading.Thread(target=self._accept_all, name="listener", daemon=True).start()

    @property
    def devices(self) -> tuple[NodeDevice, ...]:
        return self._devices

    def wait(self, seconds: float) -> bool:
        """Whether it was closed meanwhile."""
        return self._closing.wait(seconds)

    def close(self) -> None:
        self._closing.set()
        self._listener.close()

    # the engine
    def _serve(self) -> None:
        """A guest may bring the engine down: it is started again."""
        while not self._closing.is_set():
            try:
                self._port = _free_port()
                with probe(self._command, NODE_WORD, "node_not_started", self._log_file) as engine:
                    self._watch(engine)
            except (LoadError, WorkerError) as error:
                self._failure = error
                log.warning("the engine that lends devices: %s", error)
            if not self._ready.is_set():
                self._ready.set()  # it does not even begin: that is said, not tried again
                return
            self._closing.wait(_BREATH_S)

    def _watch(self, engine: Probe) -> None:
        """Raises: LoadError, WorkerError; when the engine ends."""
        engine.send(encode(ServeDevices(self._port, self._threads)))
        found = engine.receive(_START_S)
        if isinstance(found, ProbeFailed):
            raise LoadError(found.message)
        if not isinstance(found, Devices):
            raise engine.unexpected(found)
        endpoint, until = f"127.0.0.1:{self._port}", time.monotonic() + _START_S
        while not answers(endpoint, _BREATH_S):
            if time.monotonic() > until:
                raise WorkerError.of("node_not_started", reason="it does not listen")
        self._devices = self._describe(found.devices)
        self._failure = None
        self._ready.set()
        while not self._closing.is_set():
            if engine.ended(_BREATH_S):
                return

    # guests
    def _accept_all(self) -> None:
        while not self._closing.is_set():
            try:
                plain, place = self._listener.accept()
            except OSError as error:
                if not self._closing.is_set():
                    log.warning("a guest cannot be let in: %s", error)
                    time.sleep(_BREATH_S)
                continue
            if not self._doors.acquire(blocking=False):
                plain.close()  # too many that only knock
                continue
            threading.Thread(target=self._welcome, args=(plain, place[0]), daemon=True).start()

    def _welcome(self, plain: socket.socket, who: str) -> None:
        inside = False
        try:
            plain.settimeout(_PATIENCE_S)
            lively(plain)
            with contextlib.closing(self._tls.wrap_socket(plain, server_side=True)) as secured:
                if not proves_itself(secured, self._key, GUEST):
                    raise WireError("another certificate")
                knock = receive_knock(secured)
                self._doors.release()
                inside = True
                self._attend(secured, knock.wants, knock.build, who)
        except (WireError, OSError) as error:
            if not inside:
                self._report("refused", who)
            log.info("a guest from %s: %s", who, error)
        finally:
            plain.close()
            if not inside:
                self._doors.release()

    def _attend(self, secured: ssl.SSLSocket, wants: str, build: str, who: str) -> None:
        """Raises: OSError."""
        if build != engine_build():
            self._answer(secured, OTHER_BUILD)
        elif wants == DEVICE:
            self._lend(secured, who)
        else:
            self._answer(secured)
            if wants == ECHO:
                while piece := secured.recv(_PIECE):
                    secured.sendall(piece)

    def _lend(self, secured: ssl.SSLSocket, who: str) -> None:
        """Raises: OSError."""
        if not self._turn.acquire(timeout=_TURN_S):
            self._answer(secured, BUSY)
            return
        try:
            device = socket.create_connection(("127.0.0.1", self._port), _PATIENCE_S)
            self._answer(secured)
            self._report("joined", who)
            try:
                relay(device, secured)
            finally:
                hang_up(device, secured)
            self._report("left", who)
        finally:
            self._turn.release()

    def _answer(self, secured: ssl.SSLSocket, refused: str = "") -> None:
        """Raises: OSError."""
        devices = () if refused else self._devices
        send_line(secured, Answer(PROTOCOL, engine_build(), refused, devices))


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as asked:
        asked.bind(("127.0.0.1", 0))
        return int(asked.getsockname()[1])
