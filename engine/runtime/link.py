"""A running worker as the supervisor holds it: a process, a channel, two threads."""

from __future__ import annotations

import queue
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass

import psutil

from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import end_worker
from engine.runtime.protocol import FromWorker, ToWorker
from engine.runtime.wire import WireError, decode_from_worker, encode

_PATIENCE_S = 2.0  # a worker whose channel is closed has nothing left to do


@dataclass(frozen=True, slots=True)
class Gone:
    """The worker has ended. `status` as Popen has it; `babble` when it was ended for talking nonsense."""

    status: int
    babble: str = ""


class WorkerLink:
    """`deliver` is called from a thread of the link: every message in order, then one `Gone`."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        channel: Channel,
        deliver: Callable[[WorkerLink, FromWorker | Gone], None],
    ) -> None:
        self._process = process
        self._channel = channel
        self._deliver = deliver
        self._outgoing: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._sender = threading.Thread(target=self._send_all, name="worker-sender", daemon=True)
        self._reader = threading.Thread(target=self._read_all, name="worker-reader", daemon=True)
        self._sender.start()
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stopped(self) -> bool:
        """The process is halted (SIGSTOP, a debugger) and will do nothing until it is let go on."""
        try:
            return bool(psutil.Process(self._process.pid).status() == psutil.STATUS_STOPPED)
        except psutil.NoSuchProcess:
            return False  # the reader is about to say so

    def send(self, message: ToWorker) -> None:
        """Never waits: a stopped worker must not stop us. Raises: WireError."""
        self._outgoing.put(encode(message))

    def kill(self) -> None:
        """Ends the worker at once, whatever it is doing."""
        self._process.kill()

    def join(self, seconds: float) -> None:
        """Waits until the process and both threads are gone, at most that long."""
        self._reader.join(seconds)

    def _send_all(self) -> None:
        while (body := self._outgoing.get()) is not None:
            try:
                self._channel.send(body)
            except ChannelClosed:
                return  # the reader sees it too, and says so

    def _read_all(self) -> None:
        babble = ""
        try:
            while True:
                self._deliver(self, decode_from_worker(self._channel.receive()))
        except ChannelClosed:
            status = end_worker(self._process, _PATIENCE_S)
        except WireError as error:
            babble = str(error)
            status = end_worker(self._process, 0)
        self._outgoing.put(None)
        self._sender.join()
        self._channel.close()
        self._deliver(self, Gone(status, babble))
