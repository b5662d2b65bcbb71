"""Who hears what: a job's events go to its client, news of a model to everybody."""

from __future__ import annotations

from dataclasses import replace
from typing import Final, cast

from engine import events
from engine.events import Event, JobId
from engine.host.protocol import NOBODY, FromHost, Told
from engine.host.resident import Job, Resident
from engine.host.session import Session
from engine.messages import Sentence

_ENDINGS: Final = (events.JobFinished, events.JobCancelled, events.JobFailed)


class Audience:
    """`pass_piece` and `pass_on` are for any thread; everything else for the pool's."""

    def __init__(self) -> None:
        self.sessions: list[Session] = []
        self._jobs: dict[JobId, Job] = {}  # open ones

    def open(self, job: Job) -> None:
        self._jobs[job.id] = job
        job.session.jobs[job.client_job] = job.id

    def job(self, session: Session, client_job: JobId) -> Job | None:
        """An open job by its client's id."""
        return self._jobs.get(session.jobs.get(client_job, NOBODY))

    def jobs_of(self, session: Session) -> list[Job]:
        return [job for job in tuple(self._jobs.values()) if job.session is session]

    def pass_piece(self, job: Job, piece: events.TokenDelta) -> None:
        """A piece of an answer, to its client."""
        if job.id in self._jobs:
            job.session.send_piece(job.client_job, piece)

    def pass_on(self, job: Job, event: Event) -> None:
        """Any other event of an answer."""
        if isinstance(event, _ENDINGS):
            self.end(job, event)
        elif job.id in self._jobs:
            self.tell(job, event)

    def tell(self, job: Job, event: Event) -> None:
        job.session.send(cast(Told, replace(event, job=job.client_job)))

    def end(self, job: Job, ending: Event) -> None:
        """The last event of that job; a second one is not sent."""
        if self._jobs.pop(job.id, None) is not None:
            job.session.jobs.pop(job.client_job, None)
            self.tell(job, ending)

    def fail(self, job: Job, reason: Sentence) -> None:
        self.end(job, events.JobFailed(job.id, reason))

    def tell_waiting(self, resident: Resident, event: Event) -> None:
        for job in resident.waiting:
            self.tell(job, event)

    def tell_all(self, resident: Resident, event: Event) -> None:
        """Under the job's id those who wait for that model, under none the others."""
        self.tell_waiting(resident, event)
        asked = {id(job.session) for job in resident.waiting}
        news = cast(FromHost, replace(event, job=NOBODY))
        for session in self.sessions:
            if id(session) not in asked:
                session.send(news)
