"""A worker process: owns llama.cpp, one model, and one end of the private channel."""

from __future__ import annotations

import gc
import os
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from engine.errors import Cancelled, DesksideError
from engine.events import JobId
from engine.messages import sentence
from engine.runtime import protocol
from engine.runtime.channel import Channel
from engine.runtime.process import DEVICES_WORD, NODE_WORD, PLAN_WORD, TIME_WORD, TRY_WORD
from engine.runtime.values import LoadRequest, ModelFacts, Timing
from engine.runtime.worker.asker import Asker
from engine.runtime.worker.confinement import confine
from engine.runtime.worker.crew import Crew
from engine.runtime.worker.draft_model import load_drafter
from engine.runtime.worker.drafter import Drafter
from engine.runtime.worker.embedding import Embedder
from engine.runtime.worker.inbox import Inbox
from engine.runtime.worker.load import LoadedModel, load_embedder, load_model, plan_load
from engine.runtime.worker.native import Native
from engine.runtime.worker.node import serve_devices
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.pace import Pace
from engine.runtime.worker.parking import open_parking
from engine.runtime.worker.scheduler import Scheduler
from engine.runtime.worker.spreading import spread_memory
from engine.runtime.worker.timing import time_load
from engine.runtime.worker.trials import Trials
from engine.runtime.worker.variants import avoided_variants
from engine.runtime.worker.vision.looking import Looking
from engine.runtime.worker.vision.opening import with_sight
from engine.runtime.worker.writer import Writer

_USAGE = "This command is started by Deskside itself; start `deskside` instead.\n"
_SWITCH_S = 0.001  # a thread that renders a template gives way to the one that computes
_PROGRESS_STEP = 0.01  # of a load; llama.cpp reports every tensor


Bring = Callable[[frozenset[str]], Native]  # loads the engine, without those variants of its CPU part


def main(argv: Sequence[str], bring: Bring = Native) -> int:
    """`argv` is what follows the word `_worker`: `FD`, or the word of a probe and `FD`. Returns an exit
    code; a worker with a model ends only with its channel."""
    word = argv[0] if argv[0:1] and argv[0] in _PROBES else ""
    handle = argv[-1] if len(argv) == 1 + bool(word) else ""
    try:
        channel = Channel.adopt(int(handle))
    except (ValueError, OSError):
        sys.stderr.write(_USAGE)
        return 2
    confine()
    spread_memory()
    threading.excepthook = _die
    sys.setswitchinterval(_SWITCH_S)
    return _PROBES[word](Asker(channel), bring) if word else _serve(channel, bring)


def _die(failure: threading.ExceptHookArgs) -> None:
    """A thread that failed leaves a worker that never answers: it ends, and its supervisor says why."""
    traceback.print_exception(failure.exc_type, failure.exc_value, failure.exc_traceback)
    sys.stderr.flush()
    os._exit(1)


def _list_devices(asker: Asker, bring: Bring) -> int:
    try:
        answer: protocol.FromWorker = protocol.Devices(bring(frozenset()).devices())
    except DesksideError as error:
        answer = protocol.ProbeFailed(error.message)
    asker.tell(answer)
    return 0


def _plan_load(asker: Asker, bring: Bring) -> int:
    """The one that it is asked for."""
    load = asker.take()
    if not isinstance(load, protocol.Load):
        raise TypeError(f"a probe plans loads, it does not know {type(load).__name__}")
    answer: protocol.FromWorker
    try:
        native = bring(avoided_variants(load.request))
        answer = protocol.Planned(load.job, plan_load(native, load.request))
    except DesksideError as error:
        answer = protocol.Failed(load.job, error.message)
    asker.tell(answer)
    return 0


def _time_loads(asker: Asker, bring: Bring) -> int:
    return _measure(asker, bring, lambda native: partial(time_load, native))


def _try_loads(asker: Asker, bring: Bring) -> int:
    return _measure(asker, bring, lambda native: Trials(native).measure)


_Measuring = Callable[[LoadRequest], tuple[Timing, ...]]


def _measure(asker: Asker, bring: Bring, way: Callable[[Native], _Measuring]) -> int:
    """One load after the other, until the channel ends."""
    measuring: _Measuring | None = None
    while True:
        load = asker.take()
        if not isinstance(load, protocol.Load):
            raise TypeError(f"a probe times loads, it does not know {type(load).__name__}")
        answer: protocol.FromWorker
        try:
            measuring = measuring or way(bring(avoided_variants(load.request)))
            answer = protocol.Timed(load.job, measuring(load.request))
        except DesksideError as error:
            answer = protocol.Failed(load.job, error.message)
        asker.tell(answer)


def _serve_devices(asker: Asker, bring: Bring) -> int:
    order = asker.take()
    if not isinstance(order, protocol.ServeDevices):
        raise TypeError(f"a node serves devices, it does not know {type(order).__name__}")
    try:
        serve_devices(bring(frozenset()), order, lambda found: asker.tell(protocol.Devices(found)))
    except DesksideError as error:
        asker.tell(protocol.ProbeFailed(error.message))
    return 1


_PROBES: Mapping[str, Callable[[Asker, Bring], int]] = {
    DEVICES_WORD: _list_devices,
    PLAN_WORD: _plan_load,
    TIME_WORD: _time_loads,
    TRY_WORD: _try_loads,
    NODE_WORD: _serve_devices,
}


def _serve(channel: Channel, bring: Bring) -> int:
    outbox = Outbox(channel)
    outbox.put(protocol.Hello(os.getpid()))
    inbox = Inbox(channel, outbox)
    first = inbox.take()
    if not isinstance(first, protocol.Load):
        raise TypeError(f"a worker begins with a load, not with {type(first).__name__}")
    try:
        native = bring(avoided_variants(first.request))
        work = _load(native, first, inbox, outbox)
    except Cancelled:
        outbox.put(protocol.Cancelled(first.job))
    except DesksideError as error:
        outbox.put(protocol.Failed(first.job, error.message))
    else:
        gc.collect()
        gc.freeze()  # modules stay: a look through all of them would halt every answer for moments
        work.run()
    while True:  # until the program has read the failure and ends us
        inbox.take()


def _load(native: Native, load: protocol.Load, inbox: Inbox, outbox: Outbox) -> Scheduler | Embedder:
    """Raises: DesksideError, Cancelled."""
    job, request = load.job, load.request
    reporter = _ProgressReporter(job, outbox)

    def cancelled() -> bool:
        return inbox.is_cancelled(job)

    if request.embedding:
        embedder = load_embedder(native, request, reporter, cancelled)
        outbox.put(protocol.Loaded(job, embedder.facts))
        return Embedder(embedder.facts, embedder.vocabulary, embedder.context, inbox, outbox)
    model = load_model(native, request, reporter, cancelled)
    if request.projector:
        model = with_sight(native, model, request)
        if model.blind:
            outbox.put(protocol.Notice(job, model.blind))
    drafter = load_drafter(native, request, model, cancelled) if request.draft_path else None
    budget, context = request.park_budget_bytes, model.context
    parking = open_parking(request.park_folder, model.state_key, budget, context, inbox.post)
    pace = Pace(model.context.batch_size, can_stop=not model.on_gpu)
    writer = Writer(native, model, outbox)
    facts = model.facts
    if drafter is not None:
        facts = replace(facts, memory=(*facts.memory, *drafter.memory))
    _announce(job, facts, outbox)
    # A graphics card computes without these threads: their time says nothing.
    crew = Crew(1 if model.on_gpu else request.threads, partial(_use_threads, model, drafter))
    looking = Looking(model.projector, inbox.post) if model.projector else None
    return Scheduler(
        model.context, model.vocabulary, writer, parking, pace, crew, inbox, outbox, looking, drafter
    )


def _use_threads(model: LoadedModel, drafter: Drafter | None, count: int) -> None:
    model.context.use_threads(count)
    if drafter is not None:
        drafter.use_threads(count)


def _announce(job: JobId, facts: ModelFacts, outbox: Outbox) -> None:
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
