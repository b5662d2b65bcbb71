"""Turns requests into streams in a thread of its own: templates and grammars may take their time, and
the answers at work must not wait for them."""

from __future__ import annotations

import queue
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass

from engine.errors import DesksideError
from engine.events import JobId
from engine.messages import Sentence, sentence
from engine.runtime.protocol import Generate
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.writer import Writer

_LONGEST_DETAIL = 200  # characters
_LOG = "worker.log"  # what is printed here goes there


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
        except Exception as error:  # noqa: BLE001  whatever is in it, answers of others go on
            traceback.print_exc()
            detail = f"{type(error).__name__}: {error}"[:_LONGEST_DETAIL]
            return Refused(message.job, sentence("unexpected", detail=detail, log=_LOG))
        stream.asked = arrived
        return Admitted(stream)
