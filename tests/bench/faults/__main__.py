"""What becomes of bad luck: damaged files, killed and halted workers, too little memory.

    python -m tests.bench.faults [--damaged N] [--kills N] [--memory N] [--seed S]

Real engine, real worker. Every request has to end, in an answer or in a sentence, and the next one
has to be answered. Prints how often what happened, and exits with 1 if anything did neither.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from engine import events
from engine.catalog.gguf_file import read_file_header
from engine.host.client import HostOptions
from engine.runtime.values import LoadWish
from tests.bench.faults.damaged import damaged
from tests.models import tiny
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import question, starter

_OPTIONS = HostOptions(linger_s=0.3, keep_loaded_s=600, park_bytes=0)
_STORY = question("Tell me a very long story about a dog and a cat.", max_tokens=400)
_SHORT = question("Hello.", max_tokens=3)
MIB = 2**20


class Outcomes:
    """Counts, and whether all was well."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, str]] = Counter()
        self.bad = 0

    def add(self, what: str, outcome: str, *, well: bool) -> None:
        self._counts[what, outcome if well else f"!! {outcome}"] += 1
        self.bad += not well
        if not well:
            print(f"!! {what}: {outcome}", flush=True)

    def print(self) -> None:
        for (what, outcome), count in sorted(self._counts.items()):
            print(f"{what:22} {outcome:48} {count:4}")
        print(f"{sum(self._counts.values())} in all, {self.bad} bad")


@contextmanager
def guest_in(options: HostOptions = _OPTIONS) -> Iterator[Guest]:
    with engine_room() as paths:
        guest = Guest(paths, options)
        yield guest
        guest.client.close()


def told(ending: events.Event) -> tuple[str, bool]:
    """How a request ended, and whether that is an end one can live with."""
    if isinstance(ending, events.JobFinished):
        return "answered", True
    if isinstance(ending, events.JobFailed):
        code = ending.message.code
        return f"said: {code}", code != "unexpected"
    return type(ending).__name__, False


def works(guest: Guest, wish: LoadWish) -> tuple[str, bool]:
    """Whether the next question is answered, after a load if need be."""
    ending = guest.ending(guest.ask(_SHORT, wish))
    if isinstance(ending, events.JobFailed):
        guest.ending(guest.load(wish))
        ending = guest.ending(guest.ask(_SHORT, wish))
    return told(ending)[0], isinstance(ending, events.JobFinished)


def damaged_files(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    with tempfile.TemporaryDirectory() as folder, guest_in() as guest:
        sound = tiny(Path(folder)).read_bytes()
        header = read_file_header(tiny(Path(folder))).data_offset
        for number, (way, raw) in enumerate(damaged(sound, header, count, chance)):
            path = Path(folder, f"damaged-{number}.gguf")
            path.write_bytes(raw)
            wish = wish_for(path, 512)
            outcome, well = told(guest.ending(guest.ask(_SHORT, wish)))
            outcomes.add(f"damaged: {way}", outcome, well=well)
            guest.client.unload(events.new_job_id(), wish.model.path)
            path.unlink()
        outcome, well = works(guest, wish_for(starter(), 1024))
        outcomes.add("after damaged files", outcome, well=well)


def kills(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    """At any moment of loading, reading, writing and resting."""
    wish = wish_for(starter(), 2048)
    with guest_in() as guest:
        for number in range(count):
            how = (signal.SIGKILL, signal.SIGSTOP)[number % 2]
            fresh = number % 4 >= 2
            if fresh:
                guest.client.unload(events.new_job_id(), wish.model.path)
            else:
                guest.ending(guest.load(wish))
            job = guest.ask(_STORY, wish)
            time.sleep(chance.uniform(0, 1.5))
            moment = _moment(guest, job)
            hit = _hit(guest, how)
            outcome, well = told(guest.ending(job))
            outcomes.add(f"{how.name} {moment}", outcome if hit else "nothing to hit", well=well)
            after, well = works(guest, wish)
            outcomes.add(f"after {how.name}", after, well=well)


def _moment(guest: Guest, job: events.JobId) -> str:
    if guest.of(job, events.GenerationFinished):
        return "after the answer"
    if guest.of(job, events.TokenDelta):
        return "while writing"
    return "while reading" if guest.of(job, events.PromptProgressed) else "while loading"


def _hit(guest: Guest, how: signal.Signals) -> bool:
    """Whether there was a worker."""
    workers = psutil.Process(guest.look().pid).children()
    for worker in workers:
        os.kill(worker.pid, how)
    return bool(workers)


def memory(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    """Less and less address space, at the load and in mid-answer."""
    wish = wish_for(starter(), 4096)
    for number in range(count):
        with guest_in() as guest:
            in_answer = number % 2 == 1
            host = psutil.Process(guest.look().pid)
            if in_answer:
                guest.loaded(wish)
                job = guest.ask(_STORY, wish)
                guest.first(job, events.TokenDelta)
                for worker in host.children():
                    room = worker.memory_info().vms + chance.randrange(0, 8) * MIB
                    worker.rlimit(psutil.RLIMIT_AS, (room, room))
                other = guest.ask(question("word " * 1500, max_tokens=20), wish)
                guest.ending(other)
            else:
                limit = chance.randrange(300, 1600) * MIB
                host.rlimit(psutil.RLIMIT_AS, (limit, limit))
                job = guest.ask(_SHORT, wish)
            outcome, well = told(guest.ending(job))
            outcomes.add(f"memory {'in mid-answer' if in_answer else 'at the load'}", outcome, well=well)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    parser.add_argument("--damaged", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--memory", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcomes, chance = Outcomes(), random.Random(arguments.seed)
    damaged_files(outcomes, arguments.damaged, chance)
    kills(outcomes, arguments.kills, chance)
    memory(outcomes, arguments.memory, chance)
    outcomes.print()
    return 1 if outcomes.bad else 0


if __name__ == "__main__":
    sys.exit(main())
