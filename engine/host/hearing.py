"""What becomes of the things that a model's supervisor says: pieces and ends of answers, loads, crashes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Final

from engine import events
from engine.events import Event
from engine.host.assessing import Assessing
from engine.host.audience import Audience
from engine.host.bringing import Bringing
from engine.host.pack_faults import PackFaults
from engine.host.recorder import Recorder
from engine.host.resident import Job, Phase, Resident
from engine.host.restarts import LOST_DEVICE, MOST_CRASHES, WITHIN_S, Return
from engine.messages import Sentence, sentence
from engine.runtime.values import RuntimeState

_RESTARTS: Final = {
    Return.SAME: "host_restarts",
    Return.LOWER: "host_restarts_lower",
    Return.PLAIN: "host_restarts_plain",
}


class Hearing:
    """`hear` is for the supervisors' threads; everything else for the pool's.

    `post` has the pool's thread do something, `model_gone` is called when one is loaded no more, and `tidy`
    strikes out what nobody wants.
    """

    def __init__(
        self,
        audience: Audience,
        assessing: Assessing,
        packs: PackFaults,
        recorder: Recorder,
        bringing: Bringing,
        post: Callable[[Callable[[], None]], None],
        model_gone: Callable[[], None],
        tidy: Callable[[Resident], None],
    ) -> None:
        self._audience = audience
        self._assessing = assessing
        self._packs = packs
        self._recorder = recorder
        self._bringing = bringing
        self._post = post
        self._model_gone = model_gone
        self._tidy = tidy

    def hear(self, resident: Resident, event: Event) -> None:
        """On the thread of the model's supervisor."""
        job = resident.answers.get(event.job)
        if job is None:
            self._post(partial(self._learn, resident, event))
            return
        if type(event) is events.TokenDelta:
            self._audience.pass_piece(job, event)
            return
        if isinstance(event, events.JobFailed) and event.message.code == "no_model_loaded":
            self._post(partial(self._ask_again, resident, job))  # it came to a worker that just died
            return
        # Before its client hears of the end, so that a look after it shows it.
        if isinstance(event, events.GenerationFinished):
            self._post(partial(resident.counters.add, event.stats))
            self._post(partial(self._packs.answered, resident))
            self._assessing.answered(resident, job, event.stats)
        elif isinstance(event, events.JobFinished | events.JobFailed | events.JobCancelled):
            self._post(partial(self._answered, resident, job))
        self._audience.pass_on(job, event)

    def _ask_again(self, resident: Resident, job: Job) -> None:
        if resident.answers.pop(job.id, None) is None:
            return
        if resident.phase is Phase.BROKEN and resident.last_reason is not None:
            self._audience.fail(job, resident.last_reason)
            return
        resident.waiting.append(job)
        if resident.phase is not Phase.LEAVING:
            self._bringing.want(resident)

    def _answered(self, resident: Resident, job: Job) -> None:
        resident.answers.pop(job.id, None)
        resident.counters.answers += 1
        resident.last_used = time.monotonic()
        if not resident.answers:
            self._bringing.reconsider()

    def _learn(self, resident: Resident, event: Event) -> None:
        if event.job != resident.load_job or resident.client is None:
            return  # of a load that is over, or of a model that has gone
        match event:
            case events.RuntimeStateChanged(_, state, reason):
                resident.state = state
                self._audience.tell_all(resident, replace(event, model=resident.path))
                if state is RuntimeState.CRASHED and reason is not None:
                    self._crashed(resident, reason)
            case events.ModelLoaded():
                resident.last_used = time.monotonic()
                self._recorder.watch(event.facts.pid)
                forecast, began = resident.forecast, resident.load_began
                if forecast is not None and began is not None and not resident.wish.embedding:
                    self._recorder.scored(forecast.score_load(event.facts, began, time.time()))
                    event = replace(event, facts=replace(event.facts, planned=forecast.shares()))
                resident.facts = event.facts
                self._audience.tell_all(resident, event)
            case events.JobFinished() | events.JobFailed() | events.JobCancelled():
                self._bringing.heard(resident, event)
            case _:
                self._audience.tell_waiting(resident, event)

    def _crashed(self, resident: Resident, reason: Sentence) -> None:
        """Its answers have failed already, each with that reason."""
        loading = resident.phase in (Phase.LOADING, Phase.CANCELLING)
        if resident.phase in (Phase.CANCELLING, Phase.LEAVING):
            return  # it was to end
        facts, resident.facts, resident.last_reason = resident.facts, None, reason
        self._model_gone()
        plain = resident.request is not None and not resident.request.repack
        step = resident.crashes.next_step(reason, loading, plain, time.monotonic())
        if left := self._packs.crashed(resident, facts, reason, step):
            resident.crashes.forgive()
            step = Return.SAME
            self._audience.tell_all(resident, events.Noticed(resident.load_job, left))
        nobody = not self._audience.sessions
        if step is Return.NOT:
            self._packs.acquit(resident)
        if step is Return.NOT or nobody:
            broken = resident.crashes.often or (step is Return.NOT and not loading)
            self._give_up(resident, reason, broken and not nobody)
            return
        if reason.code == LOST_DEVICE and (loading or step is Return.LOWER):
            self._bringing.avoid_lost(resident, reason)
        resident.returning = resident.returning or not loading
        notice = sentence(_RESTARTS[step], model=resident.name)
        self._audience.tell_all(resident, events.Noticed(resident.load_job, notice))
        self._bringing.again(resident, step)
        self._bringing.reconsider()

    def _give_up(self, resident: Resident, reason: Sentence, broken: bool) -> None:
        if resident.crashes.often:
            values = {"count": MOST_CRASHES, "minutes": round(WITHIN_S / 60)}
            notice = sentence("host_gave_up", model=resident.name, **values)
            self._audience.tell_all(resident, events.Noticed(resident.load_job, notice))
        for job in resident.waiting:
            self._audience.fail(job, reason)
        resident.waiting.clear()
        resident.returning = False
        client, resident.client = resident.client, None
        resident.phase = Phase.BROKEN if broken else Phase.IN_LINE
        if client is not None:
            threading.Thread(target=client.close, name="farewell", daemon=True).start()
        self._bringing.over(resident)
        self._bringing.reconsider()
        self._tidy(resident)
