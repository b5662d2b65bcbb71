"""Turns requests into streams in a thread of its own: templates and grammars may take their time, and
the answers at work must not wait for them."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import DesksideError
from engine.events import JobId
from engine.messages import Sentence
from engine.runtime.protocol import Generate
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.writer import Writer


@dataclass(frozen=True, slots=True)
class Admitted:
    stream: Stream


@dataclass(frozen=True, slots=True)
class Refused:
    job: JobId
    why: Sentence


class Admission:
    """`deliver` is called from its thread, once for every `ask`, in their order."""

    def __init__(self, writer: Writer, deliver: Callable[[Admitted | Refused], None]) -> None:
        self._writer = writer
        self._deliver = deliver
        self._asked: queue.SimpleQueue[tuple[Generate, float]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="admission", daemon=True).start()

    def ask(self, message: Generate, arrived: float) -> None:
        """`arrived`: monotonic seconds, from which the answer's clock runs."""
        self._asked.put((message, arrived))

    def _work(self) -> None:
        while True:
            message, arrived = self._asked.get()
            self._deliver(self._admit(message, arrived))

    def _admit(self, message: Generate, arrived: float) -> Admitted | Refused:
        try:
            stream = self._writer.stream(message.job, message.request)
        except DesksideError as error:
            return Refused(message.job, error.message)
        stream.asked = arrived
        return Admitted(stream)
