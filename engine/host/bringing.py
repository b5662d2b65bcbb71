"""Brings models in, one at a time: plan, make room, load; lower where memory is short. One that has to
wait for answers of others steps aside: those behind it go on, as far as there is room.

All methods are for the pool's thread. What takes time is done elsewhere and posted back.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from engine import events
from engine.errors import DesksideError
from engine.events import Event, new_job_id
from engine.hardware.report import HardwareReport
from engine.host.audience import Audience
from engine.host.loading import Prepared, prepare, request_of
from engine.host.resident import Phase, Resident
from engine.host.restarts import Return, for_memory, missing_devices, on_device
from engine.host.scoring import Moment
from engine.host.surroundings import Taken
from engine.host.tuned import Watch
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.planning.bound import UNBOUND, Bound
from engine.planning.fit import Fit
from engine.planning.fit_words import steps_of
from engine.runtime.client import RuntimeClient
from engine.runtime.endings import names_of
from engine.runtime.values import LoadWish

log = logging.getLogger(__name__)

_LOWER: Final = 0.9  # of what it took before it crashed for want of memory
_FEWER: Final = 0.6  # of what it took on devices whose memory somebody else has


@dataclass(frozen=True, slots=True)
class Means:
    """What bringing a model takes from the pool around it."""

    paths: Paths
    residents: Callable[[], Iterable[Resident]]
    post: Callable[[Callable[[], None]], None]  # has the pool's thread do that
    look_around: Callable[[], HardwareReport]  # from a thread of its own
    park_bytes: Callable[[], int]
    most_ram: int | None  # bytes for all models together
    start_client: Callable[[Resident], RuntimeClient]
    serve: Callable[[Resident], None]  # sends it what waits for it
    dismiss: Callable[[Resident], None]  # ends it; `gone` is called when it has


class Bringing:
    """The line of models that are wanted, and the one that is being brought."""

    def __init__(self, means: Means, audience: Audience) -> None:
        self._means = means
        self._audience = audience
        self._line: deque[Resident] = deque()
        self._current: Resident | None = None
        self._patient: list[Resident] = []  # that wait for answers to end, in their order
        self._attempt = 0  # marks what comes back from other threads
        self._awaited: dict[Resident, list[Resident]] = {}  # whose answers each waits for, or did

    def want(self, resident: Resident, first: bool = False) -> None:
        """Has it brought, for the jobs that wait for it."""
        if self.wanted(resident):
            return
        if first:
            self._line.appendleft(resident)
        else:
            self._line.append(resident)
        self.advance()

    def wanted(self, resident: Resident) -> bool:
        return resident is self._current or resident in self._line or resident in self._patient

    def is_waited_for(self, resident: Resident) -> bool:
        """Whether a load waits until this one's answers have ended: new ones come after it."""
        return any(resident in busy for busy in self._awaited.values())

    def drop(self, resident: Resident) -> None:
        """Nobody waits for it any more."""
        if resident in self._line:
            self._line.remove(resident)
        if resident is not self._current:
            self.over(resident)
            return
        if resident.phase is Phase.LOADING and resident.client is not None:
            resident.phase = Phase.CANCELLING
            resident.client.cancel(resident.load_job)
        elif resident.phase is not Phase.CANCELLING:
            self.over(resident)

    def over(self, resident: Resident) -> None:
        """It has been brought, or will not be."""
        self._awaited.pop(resident, None)
        if resident in self._patient:
            self._patient.remove(resident)
        if resident is self._current:
            self._current = None
            self._attempt += 1
        self.advance()

    def advance(self) -> None:
        if self._current is not None:
            return
        # What is waited for must not be served before those who wait.
        free = (one for one in self._line if one in self._awaited or not self.is_waited_for(one))
        first = next(free, None)
        if first is not None:
            self._line.remove(first)
            self._current = first
            self._bring(first)

    def reconsider(self) -> None:
        """An answer has ended, or a model has gone: there may be room now."""
        if self._current is not None and self._current.phase in (Phase.WAITING, Phase.READY):
            self._bring(self._current)
        self._line.extendleft(reversed(self._patient))
        self._patient.clear()
        self.advance()

    def again(self, resident: Resident, how: Return) -> None:
        """After a crash, or a load that memory was short for."""
        if how is Return.LOWER and resident.fit is not None:
            resident.bound = _lowered(resident.bound, resident.fit, resident.last_reason)
        elif how is Return.PLAIN:
            resident.bound = replace(resident.bound, plain=True)
        resident.phase = Phase.IN_LINE
        if resident in self._patient:
            self._patient.remove(resident)
        if resident is self._current:
            self._bring(resident)
        else:
            self.want(resident, first=True)

    def gone(self, resident: Resident) -> None:
        """A model has been ended; it may be wanted again at once."""
        if resident is not self._current:
            if resident.waiting:
                self.want(resident)
            self.reconsider()
        elif resident.waiting or resident.returning:
            self._bring(resident)
        else:
            self.over(resident)

    # the steps
    def _bring(self, resident: Resident) -> None:
        if resident.phase is Phase.LEAVING:
            return  # `gone` comes back here
        if resident.phase is Phase.READY and not resident.retry:
            self._bring_loaded(resident)
            return
        if resident.phase is not Phase.READY:
            resident.phase = Phase.PLANNING
        self._attempt += 1
        others = tuple(other.taken for other in self._others(resident))
        arguments = (resident, resident.merged_wish(), others, self._attempt)
        threading.Thread(target=self._prepare, args=arguments, name="prepare", daemon=True).start()

    def _bring_loaded(self, resident: Resident) -> None:
        if all(resident.satisfies(job.wish) for job in resident.waiting):
            self._means.serve(resident)
            self.over(resident)
        elif resident.answers:
            self._wait_for(resident, resident)
        else:
            resident.wish = resident.merged_wish()
            self._means.dismiss(resident)

    def _prepare(self, resident: Resident, wish: LoadWish, others: tuple[Taken, ...], attempt: int) -> None:
        """On a thread of its own: files and drivers may be slow."""
        found: Prepared | Sentence
        try:
            report = self._means.look_around()
            found = prepare(wish, report, self._means.most_ram, self._means.paths, others)
        except DesksideError as error:
            found = error.message
        except Exception as error:  # a driver, a file system: whatever it is, the model waits for it
            log.exception("a load could not be prepared")
            path = str(self._means.paths.state / "engine.log")
            found = sentence("unexpected", detail=f"{type(error).__name__}: {error}", log=path)
        self._means.post(partial(self._prepared, resident, wish, found, attempt))

    def _prepared(self, resident: Resident, wish: LoadWish, found: Prepared | Sentence, attempt: int) -> None:
        if attempt != self._attempt or resident is not self._current:
            return  # given up meanwhile
        if resident.phase is Phase.READY:
            self._retry(resident, found)
            return
        if isinstance(found, Sentence):
            self._fail(resident, found)
            return
        if wish != resident.wish:
            resident.bound = UNBOUND  # what it taught was about another load
        resident.wish = wish
        self._decide(resident, found)

    def _retry(self, resident: Resident, found: Prepared | Sentence) -> None:
        """Loads it anew where there is more for it now than when it was loaded."""
        others = self._others(resident)
        kept, own = tuple(other.taken for other in others), (resident.taken,)
        then = None if isinstance(found, Sentence) else found.fit(UNBOUND, kept, own)
        if not _better(resident.fit, then):
            resident.retry = False
            self._bring_loaded(resident)
        elif resident.answers:
            self._wait_for(resident, resident)
        else:
            resident.retry, resident.bound = False, UNBOUND
            self._means.dismiss(resident)

    def _decide(self, resident: Resident, found: Prepared) -> None:
        """Loads it, makes room, waits for room, or gives up."""
        others = self._others(resident)
        if any(other.phase is Phase.LEAVING for other in others):
            resident.phase = Phase.WAITING
            return
        kept = tuple(other.taken for other in others)
        bound = resident.bound
        now = found.fit(bound, kept)
        if now is not None and now.complete:
            self._load(resident, found, now)
            return
        idle = sorted((other for other in others if not other.answers), key=lambda one: one.last_used)
        busy = [other for other in others if other.answers]
        if _better(now, self._fit_without(found, resident, idle, busy)):
            self._make_room(resident, idle[0])
        elif (now is None or not now.modest) and _better(now, self._fit_without(found, resident, others, [])):
            self._wait_for(resident, busy[0])
        elif now is not None:
            self._load(resident, found, now)
        elif (same := found.fit(UNBOUND, kept)) is not None and not _for_memory(resident):
            self._load(resident, found, same)  # smaller was a guess, and there is no smaller
        elif same is not None and _on_devices(resident.fit) and bound.devices != 0:
            # It may be the memory of a device that ran out: the processor is what is left.
            resident.bound = Bound(plain=bound.plain, devices=0)
            self._decide(resident, found)
        elif same is not None:
            self._fail(resident, sentence("fit_no_lower", model=resident.name), found.offer)
        else:
            values = {"model": resident.name, "needed": found.needed(), "free": found.free(kept)}
            self._fail(resident, sentence("fit_none", **values), found.offer)

    def _fit_without(
        self, found: Prepared, resident: Resident, leaving: list[Resident], kept: list[Resident]
    ) -> Fit | None:
        if not leaving:
            return None
        return found.fit(
            resident.bound, tuple(one.taken for one in kept), tuple(one.taken for one in leaving)
        )

    def _make_room(self, resident: Resident, idle: Resident) -> None:
        notice = sentence("host_made_room", idle=idle.name, model=resident.name)
        self._audience.tell_waiting(resident, events.Noticed(resident.load_job, notice))
        resident.phase = Phase.WAITING
        self._means.dismiss(idle)

    def _wait_for(self, resident: Resident, busy: Resident) -> None:
        """Steps aside until an answer has ended somewhere."""
        if resident.phase is not Phase.READY:
            resident.phase = Phase.WAITING
        awaited = self._awaited.setdefault(resident, [])
        if busy not in awaited:
            awaited.append(busy)
            notice = sentence("host_waits_for", model=resident.name, busy=busy.name)
            self._audience.tell_waiting(resident, events.Noticed(resident.load_job, notice))
        self._patient.append(resident)
        self._current = None
        self._attempt += 1
        self.advance()

    def _load(self, resident: Resident, found: Prepared, fit: Fit) -> None:
        self._awaited.pop(resident, None)
        folder = self._means.paths.parked
        threads = found.whole.threads
        resident.fit = fit
        resident.forecast = found.forecast(resident.wish, fit, resident.bound)
        resident.load_began = Moment.of_no_worker()
        request = request_of(fit, resident.wish, threads, folder, self._means.park_bytes())
        # Not after a crash: then it is loaded as it was planned.
        tuned = found.tuned if resident.bound == UNBOUND else None
        resident.watch = Watch(tuned) if tuned else None
        resident.request = tuned.tuned.of(request) if tuned else request
        resident.load_job = new_job_id()
        steps = list(steps_of(fit, resident.name))
        if fit.placement.streamed:
            speed = found.speed_of(fit)
            steps.append(sentence("fit_streams_speed", model=resident.name, speed=speed))
        if fit.placement.streamed and found.offer is not None:
            steps.append(found.offer)
        for step in steps:
            self._audience.tell_all(resident, events.Noticed(resident.load_job, step))
        if resident.client is None:
            resident.client = self._means.start_client(resident)
        resident.phase = Phase.LOADING
        resident.client.load(resident.load_job, resident.request, resident.wish.model)

    def heard(self, resident: Resident, event: Event) -> None:
        """How a load ended; crashes are the pool's."""
        match event:
            case events.JobFinished() if resident.phase in (Phase.LOADING, Phase.CANCELLING):
                resident.phase = Phase.READY
                resident.returning = False
                self._means.serve(resident)
                self.over(resident)
            case events.JobFailed(_, reason) if resident.phase is Phase.LOADING:
                if for_memory(reason):
                    resident.last_reason = reason
                    notice = sentence("host_restarts_lower", model=resident.name)
                    self._audience.tell_waiting(resident, events.Noticed(resident.load_job, notice))
                    self.again(resident, Return.LOWER)
                elif gone := missing_devices(reason, _devices(resident)):
                    self._do_without(resident, gone)
                else:
                    self._fail(resident, reason)
            case events.JobFailed() | events.JobCancelled() if resident.phase is Phase.CANCELLING:
                resident.phase = Phase.IN_LINE
                if resident.waiting:
                    self.again(resident, Return.SAME)
                else:
                    self._means.dismiss(resident)
                    self.over(resident)
            case _:
                pass  # of a load that was given up

    def _do_without(self, resident: Resident, gone: tuple[str, ...]) -> None:
        """Devices that were there when the load was planned, and not when it began."""
        notice = sentence("host_without", model=resident.name, device=names_of(gone))
        self._audience.tell_waiting(resident, events.Noticed(resident.load_job, notice))
        resident.bound = replace(resident.bound, without=(*resident.bound.without, *gone))
        self.again(resident, Return.SAME)

    def avoid_lost(self, resident: Resident, reason: Sentence) -> None:
        """Devices that were lost in a load, or again, are not planned with any more: they may answer, and yet
        drop whatever they are given."""
        lost = str(reason.values.get("device", "")).split(", ")
        gone = (one for one in _devices(resident) if names_of((one,)) in lost)
        resident.bound = replace(resident.bound, without=(*resident.bound.without, *gone))

    def _fail(self, resident: Resident, reason: Sentence, offer: Sentence | None = None) -> None:
        for job in resident.waiting:
            if offer is not None:
                self._audience.tell(job, events.Noticed(job.id, offer))
            self._audience.fail(job, reason)
        if resident.returning:
            self._audience.tell_all(resident, events.Noticed(resident.load_job, reason))
        resident.waiting.clear()
        resident.returning = False
        self._means.dismiss(resident)
        self.over(resident)

    def _others(self, resident: Resident) -> list[Resident]:
        """Models that hold memory."""
        held = (Phase.READY, Phase.LEAVING)
        return [one for one in self._means.residents() if one is not resident and one.phase in held]


def _for_memory(resident: Resident) -> bool:
    """Whether its last crash was for want of it."""
    return resident.last_reason is not None and for_memory(resident.last_reason)


def _better(now: Fit | None, then: Fit | None) -> bool:
    return then is not None and (now is None or then.rung < now.rung)


def _lowered(bound: Bound, fit: Fit, reason: Sentence | None) -> Bound:
    """A setting that takes as much would end as this one did."""
    if reason is not None and on_device(reason) and (there := _on_devices(fit)):
        return replace(bound, devices=int(there * _FEWER))
    return replace(bound, most=int(fit.taken * _LOWER))


def _on_devices(fit: Fit | None) -> int:
    """Bytes."""
    return sum(size for _, size in fit.placement.gpu_shares) if fit else 0


def _devices(resident: Resident) -> tuple[str, ...]:
    """That its last load was planned with, by the engine's names."""
    return tuple(entry.device for entry in resident.request.devices) if resident.request else ()
