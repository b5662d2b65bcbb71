"""A worker that answers some questions and is thrown away: it may crash or hang without harm."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from engine.errors import WorkerError
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.process import end_worker, open_log, start_worker
from engine.runtime.protocol import FromWorker
from engine.runtime.wire import WireError, decode_from_worker

_PATIENCE_S = 2.0


class Probe:
    """`failure` is the code of the sentence for a probe that crashes or hangs; it has a `reason`."""

    def __init__(self, process: subprocess.Popen[bytes], channel: Channel, failure: str) -> None:
        self.pid = process.pid
        self._process = process
        self._channel = channel
        self._failure = failure

    def send(self, body: bytes) -> None:
        """Raises: WorkerError."""
        try:
            self._channel.send(body)
        except ChannelClosed as error:
            raise self._ended() from error

    def receive(self, timeout_s: float) -> FromWorker:
        """Raises: WorkerError, when it ends, says nothing in that time, or talks nonsense."""
        try:
            if not self._channel.wait(timeout_s):
                raise WorkerError.of(self._failure, reason=f"no answer within {timeout_s:g} seconds")
            return decode_from_worker(self._channel.receive())
        except ChannelClosed as error:
            raise self._ended() from error
        except WireError as error:
            raise WorkerError.of(self._failure, reason=str(error)) from error

    def ended(self, seconds: float) -> bool:
        """Whether it ends, or says something, within that time."""
        return self._channel.wait(seconds)

    def unexpected(self, answer: FromWorker) -> WorkerError:
        """The error for an answer to another question."""
        return WorkerError.of(self._failure, reason=f"unexpected {type(answer).__name__}")

    def _ended(self) -> WorkerError:
        status = end_worker(self._process, _PATIENCE_S)
        return WorkerError.of(self._failure, reason=f"the probe ended with status {status}")


@contextmanager
def probe(command: Sequence[str], word: str, failure: str, log: Path | None = None) -> Iterator[Probe]:
    """Starts `command _worker word`, and kills it at the end. Raises: WorkerError, when it cannot start."""
    try:
        output = open_log(log) if log else None
        try:
            process, channel = start_worker(command, output, word)
        finally:
            if output:
                output.close()
    except OSError as error:
        raise WorkerError.of("worker_not_started", reason=error.strerror or str(error)) from error
    try:
        yield Probe(process, channel, failure)
    finally:
        process.kill()
        process.wait()
        channel.close()
