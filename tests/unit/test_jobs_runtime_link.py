"""Events between the runtime and the jobs that wait for them."""

from __future__ import annotations

from engine.events import Event, JobFinished, JobId, LoadProgressed
from engine.jobs.runtime_link import RuntimeLink

JOB = JobId(3)


def test_what_is_left_in_an_inbox_is_passed_on_but_no_second_ending() -> None:
    seen: list[Event] = []
    link = RuntimeLink(seen.append)
    with link.inbox(JOB):
        link.on_event(LoadProgressed(JOB, 0.5))
        link.on_event(JobFinished(JOB))
        assert seen == []
    assert seen == [LoadProgressed(JOB, 0.5)]
    link.on_event(LoadProgressed(JOB, 0.7))
    assert seen[-1] == LoadProgressed(JOB, 0.7)
