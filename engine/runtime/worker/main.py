"""A worker process: owns llama.cpp, one model, and one end of the private channel."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from engine.errors import Cancelled, DesksideError
from engine.events import JobId
from engine.messages import sentence
from engine.runtime import protocol
from engine.runtime.channel import Channel
from engine.runtime.process import DEVICES_WORD
from engine.runtime.wire import encode
from engine.runtime.worker.confinement import confine
from engine.runtime.worker.inbox import Inbox
from engine.runtime.worker.load import LoadedModel, load_model
from engine.runtime.worker.native import Native
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.scheduler import Scheduler
from engine.runtime.worker.writer import Writer

_USAGE = "This command is started by Deskside itself; start `deskside` instead.\n"
_PROGRESS_STEP = 0.01  # of a load; llama.cpp reports every tensor


def main(argv: Sequence[str]) -> int:
    """`argv` is what follows the word `_worker`: `FD`, or `--devices FD`. Returns an exit code;
    a worker with a model ends only with its channel."""
    devices_only = list(argv[:1]) == [DEVICES_WORD]
    handle = argv[-1] if len(argv) == 1 + devices_only else ""
    try:
        channel = Channel.adopt(int(handle))
    except (ValueError, OSError):
        sys.stderr.write(_USAGE)
        return 2
    confine()
    return _list_devices(channel) if devices_only else _serve(channel)


def _list_devices(channel: Channel) -> int:
    try:
        answer: protocol.FromWorker = protocol.Devices(Native().devices())
    except DesksideError as error:
        answer = protocol.ProbeFailed(error.message)
    channel.send(encode(answer))
    return 0


def _serve(channel: Channel) -> int:
    outbox = Outbox(channel)
    outbox.put(protocol.Hello(os.getpid()))
    inbox = Inbox(channel, outbox)
    first = inbox.take()
    if not isinstance(first, protocol.Load):
        raise TypeError(f"a worker begins with a load, not with {type(first).__name__}")
    try:
        native = Native()
        model = load_model(
            native, first.request, _ProgressReporter(first.job, outbox), lambda: inbox.is_cancelled(first.job)
        )
    except Cancelled:
        outbox.put(protocol.Cancelled(first.job))
    except DesksideError as error:
        outbox.put(protocol.Failed(first.job, error.message))
    else:
        _announce(first.job, model, outbox)
        writer = Writer(native, model, outbox)
        Scheduler(model.context, model.vocabulary, writer, inbox, outbox).run()
    while True:  # until the program has read the failure and ends us
        inbox.take()


def _announce(job: JobId, model: LoadedModel, outbox: Outbox) -> None:
    facts = model.facts
    if 0 < facts.trained_context < facts.context_length:
        outbox.put(
            protocol.Notice(
                job,
                sentence(
                    "context_beyond_training",
                    model=facts.name,
                    trained=facts.trained_context,
                    context=facts.context_length,
                ),
            )
        )
    outbox.put(protocol.Loaded(job, facts))


class _ProgressReporter:
    """Passes on the progress of a load, not more than a hundred times."""

    def __init__(self, job: JobId, outbox: Outbox) -> None:
        self._job = job
        self._outbox = outbox
        self._told = -1.0

    def __call__(self, fraction: float) -> None:
        if fraction - self._told >= _PROGRESS_STEP or fraction >= 1.0 > self._told:
            self._told = fraction
            self._outbox.put(protocol.LoadProgress(self._job, min(max(fraction, 0.0), 1.0)))
