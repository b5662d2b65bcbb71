"""What becomes of bad luck: damaged files, killed and halted workers, too little memory.

    python -m tests.bench.faults [--damaged N] [--kills N] [--memory N] [--groups N] [--cut N] [--seed S]

Real engine, real worker. Every request has to end, in an answer or in a sentence, and the next one
has to be answered. Prints how often what happened, and exits with 1 if anything did neither.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
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
from tests.bench.faults.groups import MemoryGroup
from tests.models import TINY, tiny
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.runtime_bench import Bench, question, starter

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
    """Each twice: as a user opens it, where our own reader refuses most, and straight to the worker,
    so that llama.cpp sees every one."""
    with tempfile.TemporaryDirectory() as folder, guest_in() as guest:
        bench = Bench(Path(folder))
        for number, (way, raw) in enumerate(_damaged_models(Path(folder), count, chance)):
            path = Path(folder, f"damaged-{number}.gguf")
            path.write_bytes(raw)
            wish = wish_for(path, 512)
            outcome, well = told(guest.ending(guest.ask(_SHORT, wish)))
            outcomes.add(f"damaged: {way}", outcome, well=well)
            guest.client.unload(events.new_job_id(), wish.model.path)
            outcome, well = told(bench.ending(bench.load(path, context_length=512)))
            if outcome == "answered":
                outcome, well = told(bench.ending(bench.ask(_SHORT)))
            outcomes.add(f"worker alone: {way}", outcome, well=well)
            path.unlink()
        bench.loaded(context_length=512)
        bench.client.close()
        outcome, well = works(guest, wish_for(starter(), 1024))
        outcomes.add("after damaged files", outcome, well=well)


def _damaged_models(folder: Path, count: int, chance: random.Random) -> Iterator[tuple[str, bytes]]:
    """Of every architecture that answers."""
    kinds = [kind for kind in TINY if kind != "bert"]
    for index, kind in enumerate(kinds):
        sound = tiny(folder, kind)
        share = count // len(kinds) + (index < count % len(kinds))
        yield from damaged(sound.read_bytes(), read_file_header(sound).data_offset, share, chance)


def kills(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    """At any moment of loading, reading, writing and resting, until that many hit a worker."""
    wish = wish_for(starter(), 2048)
    hits = 0
    with guest_in() as guest:
        for number in range(2 * count):
            if hits == count:
                return
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
            hits += hit
            outcome, well = told(guest.ending(job))
            outcomes.add(f"{how.name} {moment}", outcome if hit else "nothing to hit", well=well)
            kept = "".join(delta.text for delta in guest.of(job, events.TokenDelta))
            if moment == "while writing" and not kept:
                outcomes.add(f"{how.name} {moment}", "text lost", well=False)
            after, well = works(guest, wish)
            outcomes.add(f"after {how.name}", after, well=well)
    outcomes.add("kills", f"only {hits} of {count} hit a worker", well=hits >= count)


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
                other, well = told(guest.ending(guest.ask(question("word " * 1500, max_tokens=20), wish)))
                outcomes.add("memory, another answer", other, well=well)
            else:
                limit = chance.randrange(300, 1600) * MIB
                host.rlimit(psutil.RLIMIT_AS, (limit, psutil.RLIM_INFINITY))
                job = guest.ask(_SHORT, wish)
            outcome, well = told(guest.ending(job))
            outcomes.add(f"memory {'in mid-answer' if in_answer else 'at the load'}", outcome, well=well)
            with contextlib.suppress(psutil.NoSuchProcess):  # too little for the host: there is another
                host.rlimit(psutil.RLIMIT_AS, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
            after, well = works(guest, wish)
            outcomes.add("after memory", after, well=well)


def control_groups(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    """The whole engine in a control group that is made smaller while it loads or answers, so that the
    kernel ends the worker. Where groups cannot be made, it says so."""
    wish = wish_for(starter(), 8192)
    for number in range(count):
        with guest_in() as guest:
            host = guest.look().pid
            try:
                group = MemoryGroup(f"deskside-faults-{os.getpid()}-{number}")
            except OSError as error:
                outcomes.add("control group", f"cannot be made here: {error.strerror}", well=True)
                return
            with group:
                group.add(host)
                in_answer = number % 2 == 1
                if in_answer:
                    guest.loaded(wish)
                    job = guest.ask(_STORY, wish)
                    guest.first(job, events.TokenDelta)
                    group.squeeze()
                    guest.ask(question("word " * 1500, max_tokens=20), wish)
                else:
                    group.limit(group.used() + chance.randrange(20, 200) * MIB)
                    job = guest.ask(_STORY, wish)
                outcome, well = told(guest.ending(job))
                moment = "in mid-answer" if in_answer else "at the load"
                outcomes.add(f"control group {moment}", outcome, well=well)
                alive = guest.look().pid == host
                outcomes.add("control group", "host lives" if alive else "host died", well=alive)
                group.limit(None)
                after, well = works(guest, wish)
                outcomes.add("after control group", after, well=well)


def cut_short(outcomes: Outcomes, count: int, chance: random.Random) -> None:
    """A model's file loses its end while it answers."""
    with tempfile.TemporaryDirectory() as folder, guest_in() as guest:
        for number in range(count):
            path = Path(folder, f"cut-{number}.gguf")
            shutil.copyfile(starter(), path)
            wish = wish_for(path, 2048)
            job = guest.ask(_STORY, wish)
            guest.first(job, events.TokenDelta)
            os.truncate(path, chance.randrange(4096, path.stat().st_size // 2))
            outcome, well = told(guest.ending(job))
            outcomes.add("file cut in mid-answer", outcome, well=well)
            guest.client.unload(events.new_job_id(), wish.model.path)
        after, well = works(guest, wish_for(starter(), 1024))
        outcomes.add("after files cut", after, well=well)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.faults", description=__doc__)
    parser.add_argument("--damaged", type=int, default=200)
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--memory", type=int, default=20)
    parser.add_argument("--groups", type=int, default=10)
    parser.add_argument("--cut", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    outcomes, chance = Outcomes(), random.Random(arguments.seed)
    for fault, count in (
        (damaged_files, arguments.damaged),
        (kills, arguments.kills),
        (memory, arguments.memory),
        (control_groups, arguments.groups),
        (cut_short, arguments.cut),
    ):
        print(f"{fault.__name__}, {count} times", flush=True)
        fault(outcomes, count, chance)
    outcomes.print()
    return 1 if outcomes.bad else 0


if __name__ == "__main__":
    sys.exit(main())
