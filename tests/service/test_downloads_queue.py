"""The queue of downloads at work, against a real hub: turns, restarts, kills, room on the disk."""

from __future__ import annotations

import queue as queues
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest

from engine.download.library import Library
from engine.download.partfile import allocated_bytes
from engine.download.queue import DownloadQueue, QueueState
from engine.download.tuning import Tuning
from engine.download.values import QueuedDownload, TransferState
from engine.events import (
    DownloadProgressed,
    DownloadsListed,
    DownloadVerified,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    Noticed,
)
from engine.jobs.downloads import Downloads, queue_path
from engine.jobs.threads import JobThreads
from engine.paths import Paths, prepare
from engine.settings import Settings
from tests.hub import COMMIT, Faults, StandInHub

MIB = 1 << 20
CONTENTS = {name: random.Random(name).randbytes(8 * MIB) for name in ("One", "Two", "Three")}
Found = TypeVar("Found")


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    with StandInHub() as hub:
        for name, content in CONTENTS.items():
            hub.add_file(f"owner/{name}", f"{name}-Q4_K_M.gguf", content)
        yield hub


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(*(tmp_path / name for name in ("data", "config", "state")))
    prepare(paths)
    return paths


class Program:
    """The queue of one program, and what it tells."""

    def __init__(self, paths: Paths, endpoint: str, **values: object) -> None:
        self.events: queues.Queue[Event] = queues.Queue()
        self.seen: list[Event] = []
        self.threads = JobThreads(self.events.put, "log")
        self.settings = Settings(endpoint=endpoint)
        library = Library(paths.models, paths.state, paths.state)
        self.downloads = Downloads(paths, library, self.events.put, lambda: self.settings, **values)  # type: ignore[arg-type]

    def pull(self, name: str) -> JobId:
        return self.downloads.pull(self.threads.start, f"owner/{name}", "Q4_K_M")

    def go_on(self) -> None:
        for entry in self.downloads.waiting():
            self.downloads.pull(self.threads.start, entry.repository, entry.quantization, entry.endpoint)

    def wait_for(self, look: Callable[[Event], Found | None]) -> Found:
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            event = self.events.get(timeout=60)
            self.seen.append(event)
            found = look(event)
            if found:
                return found
        raise AssertionError("it did not happen")

    def wait_for_end(self, job: JobId) -> Event:
        endings = (JobFinished, JobCancelled, JobFailed)
        return self.wait_for(lambda event: event if event.job == job and isinstance(event, endings) else None)

    def wait_for_bytes(self, job: JobId, least: int) -> None:
        self.wait_for(
            lambda e: isinstance(e, DownloadProgressed) and e.job == job and e.progress.done_bytes >= least
        )

    def wait_for_listed(self, name: str, good: Callable[[QueuedDownload], object]) -> QueuedDownload:
        def look(event: Event) -> QueuedDownload | None:
            if not isinstance(event, DownloadsListed):
                return None
            mine = (each for each in event.downloads if each.repository == f"owner/{name}" and good(each))
            return next(mine, None)

        latest = next((event for event in reversed(self.seen) if isinstance(event, DownloadsListed)), None)
        return (latest and look(latest)) or self.wait_for(look)

    def verified(self) -> list[str]:
        return [event.model.name for event in self.seen if isinstance(event, DownloadVerified)]

    def close(self) -> None:
        self.downloads.close()
        self.threads.close(10)


@pytest.fixture
def start(hub: StandInHub, paths: Paths) -> Iterator[Callable[..., Program]]:
    programs: list[Program] = []

    def make(**values: object) -> Program:
        programs.append(Program(paths, hub.endpoint, **values))
        return programs[-1]

    yield make
    for program in programs:
        program.close()


def arrived(paths: Paths) -> set[str]:
    for path in paths.models.rglob("*.gguf"):
        assert path.read_bytes() == CONTENTS[path.parent.name]
    return {path.parent.name for path in paths.models.rglob("*.gguf")}


def states(paths: Paths) -> dict[str, QueueState]:
    entries = DownloadQueue(queue_path(paths)).entries()
    return {entry.repository.partition("/")[2]: entry.state for entry in entries}


def test_one_after_the_other_in_order(start: Callable[..., Program], paths: Paths) -> None:
    program = start()
    jobs = [program.pull(name) for name in CONTENTS]
    program.wait_for_listed("Three", lambda each: True)
    assert program.pull("One") == jobs[0]  # under way already
    for job in jobs:
        assert isinstance(program.wait_for_end(job), JobFinished)
    assert program.verified() == list(CONTENTS)
    assert arrived(paths) == set(CONTENTS)
    assert states(paths) == {}
    waited = [e.progress for e in program.seen if isinstance(e, DownloadProgressed) and e.job == jobs[2]]
    assert (waited[0].state, waited[0].waiting_for) == (TransferState.QUEUED, "turn")
    assert waited[0].total_bytes == 8 * MIB


def test_what_is_moved_to_the_top_runs_and_the_other_goes_on_later(
    start: Callable[..., Program], hub: StandInHub, paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    program = start()
    jobs = [program.pull("One")]
    program.wait_for_bytes(jobs[0], MIB)
    jobs.append(program.pull("Two"))
    program.wait_for_listed("Two", lambda each: each.total_bytes)
    program.downloads.move("owner/Two", "Q4_K_M", 0)
    program.wait_for_bytes(jobs[1], MIB)
    hub.faults = Faults()
    for job in (jobs[1], jobs[0]):
        assert isinstance(program.wait_for_end(job), JobFinished)
    assert program.verified() == ["Two", "One"]
    assert arrived(paths) == {"One", "Two"}
    assert hub.served.body_bytes - 16 * MIB <= 2 * MIB


def test_pause_resume_and_discard(start: Callable[..., Program], hub: StandInHub, paths: Paths) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    program = start()
    job = program.pull("One")
    program.wait_for_bytes(job, MIB)
    program.downloads.pause("owner/one", "q4_k_m")
    assert isinstance(program.wait_for_end(job), JobCancelled)
    paused = program.wait_for_listed("One", lambda each: not each.job)
    assert paused.state is TransferState.PAUSED and paused.done_bytes >= MIB
    assert start().downloads.waiting() == ()  # neither here nor in another program
    job = program.pull("One")
    program.wait_for_bytes(job, 2 * MIB)
    program.downloads.discard("owner/One", "Q4_K_M")
    assert isinstance(program.wait_for_end(job), JobCancelled)
    assert states(paths) == {}
    assert list(paths.models.rglob("*.part*")) == []


def test_closing_the_program_leaves_the_queue_waiting(
    start: Callable[..., Program], hub: StandInHub, paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    program = start()
    job = program.pull("One")
    program.wait_for_bytes(job, MIB)
    program.pull("Two")
    program.wait_for_listed("Two", lambda each: each.total_bytes)
    program.close()
    assert states(paths) == {"One": QueueState.WAITING, "Two": QueueState.WAITING}
    hub.faults = Faults(api_status=503)  # what is planned needs no hub's word
    later = start()
    later.go_on()
    later.wait_for(lambda event: isinstance(event, DownloadVerified) and event.model.name == "Two")
    assert arrived(paths) == {"One", "Two"}
    assert hub.served.body_bytes - 16 * MIB <= 2 * MIB


PROGRAM = """
import sys, time
from pathlib import Path
from engine.download.library import Library
from engine.download.partfile import allocated_bytes
from engine.jobs.downloads import Downloads
from engine.jobs.threads import JobThreads
from engine.paths import Paths
from engine.settings import Settings

paths = Paths(*map(Path, sys.argv[2:5]))
settings = Settings(endpoint=sys.argv[1])
emit = lambda event: None
downloads = Downloads(paths, Library(paths.models, paths.state), emit, lambda: settings)
threads = JobThreads(emit, "log")
for name in sys.argv[5:]:
    downloads.pull(threads.start, f"owner/{name}", "Q4_K_M")
    time.sleep(0.5)
for entry in downloads.waiting():
    downloads.pull(threads.start, entry.repository, entry.quantization)
time.sleep(600)
"""


@pytest.fixture
def process(hub: StandInHub, paths: Paths) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    running: list[subprocess.Popen[bytes]] = []

    def begin(*names: str) -> subprocess.Popen[bytes]:
        folders = [str(folder) for folder in (paths.data, paths.config, paths.state)]
        running.append(subprocess.Popen([sys.executable, "-c", PROGRAM, hub.endpoint, *folders, *names]))
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.wait()


def wait_until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_kill_9_with_a_queue_of_three(
    process: Callable[..., subprocess.Popen[bytes]],
    start: Callable[..., Program],
    hub: StandInHub,
    paths: Paths,
) -> None:
    """Killed in every one of them, and begun again by nobody's hand."""
    hub.faults = Faults(bytes_per_second=300_000)
    killed = process(*CONTENTS)
    wait_until(lambda: len(states(paths)) == 3)
    for part in (0.4, 1.3, 2.5):
        wait_until(lambda part=part: hub.served.body_bytes > part * 8 * MIB)
        killed.send_signal(signal.SIGKILL)
        killed.wait()
        left = list(CONTENTS)[int(part) :]
        assert list(states(paths)) == left  # in order; what is finished is gone
        assert set(states(paths).values()) == {QueueState.WAITING}
        killed = process()
    wait_until(lambda: not states(paths))
    assert arrived(paths) == set(CONTENTS)
    assert hub.served.body_bytes - 24 * MIB <= 3 * 4_000_000
    assert list(paths.models.rglob("*.part*")) == []


def test_two_programs_share_the_queue(
    process: Callable[..., subprocess.Popen[bytes]],
    start: Callable[..., Program],
    hub: StandInHub,
    paths: Paths,
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    other = process("One", "Two")
    wait_until(lambda: hub.served.body_bytes > MIB and len(states(paths)) == 2)
    here = start()
    here.go_on()
    held = here.wait_for_listed("One", lambda each: each.hold)
    assert held.hold is not None and held.hold.code == "download_waits_elsewhere"
    here.downloads.pause("owner/One", "Q4_K_M")  # heard over there
    wait_until(lambda: "Two" in {path.parent.name for path in paths.models.rglob("*.part")})
    assert states(paths) == {"One": QueueState.PAUSED, "Two": QueueState.WAITING}
    other.kill()
    hub.faults = Faults()
    here.wait_for(lambda event: isinstance(event, DownloadVerified) and event.model.name == "Two")
    assert arrived(paths) == {"Two"}


def test_the_queue_waits_for_room_and_fills_no_disk(
    start: Callable[..., Program], hub: StandInHub, paths: Paths
) -> None:
    free = [20 * MIB]
    hub.faults = Faults(bytes_per_second=100_000)

    def left(folder: Path) -> int:
        return free[0] - sum(allocated_bytes(path) for path in paths.models.rglob("*.part"))

    program = start(tuning=Tuning(free_bytes=left, floor_bytes=8 * MIB))
    first = program.pull("One")
    program.wait_for_listed("One", lambda each: each.total_bytes)
    second = program.pull("Two")
    held = program.wait_for_listed("Two", lambda each: each.hold)
    assert held.hold is not None and held.hold.values["free"] == "12.0 MiB"
    program.wait_for_bytes(first, MIB)
    free[0] = 15 * MIB  # somebody else fills the disk: below the floor
    held = program.wait_for_listed("One", lambda each: each.hold)
    assert held.hold is not None and held.hold.code == "queue_no_room"
    wait_until(lambda: hub.served.open_bodies == 0)
    before = hub.served.body_bytes
    assert not list((paths.models / "owner" / "Two").glob("*.part"))
    time.sleep(1)
    assert hub.served.body_bytes == before
    free[0] = 100 * MIB
    hub.faults = Faults()
    for job in (first, second):
        assert isinstance(program.wait_for_end(job), JobFinished)
    assert arrived(paths) == {"One", "Two"}


def test_a_command_does_not_wait_for_room(start: Callable[..., Program], hub: StandInHub) -> None:
    tuning = Tuning(free_bytes=lambda folder: MIB)
    program = start(tuning=tuning, patient=False)
    ended = program.wait_for_end(program.pull("One"))
    assert isinstance(ended, JobFailed) and ended.message.code == "queue_no_room"
    assert hub.served.body_bytes == 0


def test_one_that_fails_stops_no_other(start: Callable[..., Program], hub: StandInHub, paths: Paths) -> None:
    program = start()
    bad, good = program.pull("Nothing"), program.pull("One")
    ends = [program.wait_for_end(job) for job in (bad, good)]
    assert [type(end) for end in ends] == [JobFailed, JobFinished]
    assert states(paths) == {"Nothing": QueueState.FAILED}
    (failed,) = DownloadQueue(queue_path(paths)).entries()
    assert failed.failure is not None and failed.failure.code == "repository_missing"


def test_a_changed_file_is_asked_for_anew(
    start: Callable[..., Program], hub: StandInHub, paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    program = start()
    job = program.pull("One")
    program.wait_for_bytes(job, MIB)
    program.downloads.pause("owner/One", "Q4_K_M")
    program.wait_for_end(job)
    fresh = random.Random(9).randbytes(6 * MIB)
    hub.add_file("owner/One", "One-Q4_K_M.gguf", fresh)
    hub.faults = Faults()
    ended = program.wait_for_end(program.pull("One"))
    assert isinstance(ended, JobFailed) and ended.message.code == "download_changed"
    assert isinstance(program.wait_for_end(program.pull("One")), JobFinished)
    (model,) = paths.models.rglob("*.gguf")
    assert model.read_bytes() == fresh


def test_another_mirror_goes_on_from_where_the_first_was(
    start: Callable[..., Program], hub: StandInHub, paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    program = start()
    job = program.pull("One")
    program.wait_for_bytes(job, 4 * MIB)
    program.downloads.pause("owner/One", "Q4_K_M")
    program.wait_for_end(job)
    with StandInHub() as mirror:
        mirror.add_file("owner/One", "One-Q4_K_M.gguf", CONTENTS["One"])
        program.settings = replace(program.settings, endpoint=mirror.endpoint)
        assert isinstance(program.wait_for_end(program.pull("One")), JobFinished)
        assert 0 < mirror.served.body_bytes < 6 * MIB
    assert arrived(paths) == {"One"}


def test_downloads_go_to_any_folder(start: Callable[..., Program], paths: Paths, tmp_path: Path) -> None:
    program = start()
    program.settings = replace(program.settings, download_folder=str(tmp_path / "disk"))
    assert isinstance(program.wait_for_end(program.pull("One")), JobFinished)
    (entry,) = Library(paths.models, paths.state, paths.state).entries()
    assert (entry.folder, entry.model.verified) == (str(tmp_path / "disk"), True)
    assert Path(entry.model.path).is_relative_to(tmp_path / "disk")


def address_of(hub: StandInHub, name: str) -> str:
    """Where the bytes are: a plain server that tells an ETag and no checksum."""
    return f"{hub.cdn}/owner/{name}/resolve/{COMMIT}/{name}-Q4_K_M.gguf"


def test_an_address_waits_pauses_and_goes_on_like_a_repository(
    hub: StandInHub, start: Callable[..., Program], paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=200_000)
    program, address = start(), address_of(hub, "Two")
    first = program.pull("One")
    job = program.downloads.pull(program.threads.start, address, "")
    program.wait_for_bytes(first, MIB)
    program.downloads.move(address, "Q4_K_M", 0)
    program.wait_for_bytes(job, 2 * MIB)
    program.downloads.pause(address, "Q4_K_M")
    assert isinstance(program.wait_for_end(job), JobCancelled)
    entries = {entry.repository: entry for entry in DownloadQueue(queue_path(paths)).entries()}
    assert list(entries) == [address, "owner/One"]
    assert entries[address].state is QueueState.PAUSED and entries[address].total_bytes == 8 * MIB
    program.close()

    hub.faults, before = Faults(), hub.served.body_bytes
    again = start()
    again.go_on()
    assert DownloadQueue(queue_path(paths)).find(entries[address].key).state is QueueState.PAUSED  # type: ignore[union-attr]
    job = again.downloads.pull(again.threads.start, address, "Q4_K_M")
    assert isinstance(again.wait_for_end(job), JobFinished)
    assert "address_unverified" in [event.message.code for event in again.seen if isinstance(event, Noticed)]
    verified = [event for event in again.seen if isinstance(event, DownloadVerified)]
    (model,) = (event.model for event in verified if event.job == job)
    assert Path(model.path).read_bytes() == CONTENTS["Two"] and not model.verified
    assert hub.served.body_bytes - before < 8 * MIB + 8 * MIB  # One, and what was missing of Two


def test_an_address_is_discarded_with_its_part(
    hub: StandInHub, start: Callable[..., Program], paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=200_000)
    program, address = start(), address_of(hub, "Two")
    job = program.downloads.pull(program.threads.start, address, "")
    program.wait_for_bytes(job, MIB)
    program.downloads.discard(address, "Q4_K_M")
    program.wait_for_end(job)
    assert not list(paths.models.rglob("*.part*"))
    assert not DownloadQueue(queue_path(paths)).entries()


def test_all_are_paused_at_once_and_stay_so_until_all_are_resumed(
    hub: StandInHub, start: Callable[..., Program], paths: Paths
) -> None:
    hub.faults = Faults(bytes_per_second=150_000)
    program = start()
    jobs = [program.pull(name) for name in CONTENTS]
    program.wait_for_bytes(jobs[0], MIB)
    asked = hub.served.requests["GET"]
    program.downloads.pause_all()
    ended = [program.wait_for(lambda event: isinstance(event, JobCancelled) and event.job) for _ in jobs]
    assert sorted(ended) == sorted(jobs)
    assert set(states(paths).values()) == {QueueState.PAUSED}
    time.sleep(1.0)
    assert hub.served.requests["GET"] - asked <= 8  # none took the place of the one that was paused
    program.close()

    again = start()
    again.go_on()
    assert set(states(paths).values()) == {QueueState.PAUSED}
    hub.faults = Faults()
    again.downloads.pull_all(again.threads.start, again.downloads.standing())
    again.wait_for(lambda event: len(arrived(paths)) == 3 and not states(paths))
