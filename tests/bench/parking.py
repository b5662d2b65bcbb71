"""How long a running answer stands still while another conversation is put aside, or comes back.

    python -m tests.bench.parking [--tokens 4000] [--rounds 5] [--model 1b]

One answer runs in a worker with two sequences; in turns a long conversation and a short one take the
other sequence, so that the long one's state is written and read again each time. The figure is the
longest pause of the running answer between two of its pieces, beside the pauses of quiet times.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import statistics
import tempfile
import time
from pathlib import Path

from engine import events
from engine.events import Event, JobId, new_job_id
from engine.runtime.client import RuntimeClient
from engine.runtime.values import GenerationRequest, LoadRequest, Sampling
from tests.bench.engine.models import NAMES, bench_model
from tests.service.runtime_bench import COMMAND, installed

_QUIET_S = 1.0
_SETTLE_S = 2.0  # a state is written behind the answers that run


class Watcher:
    """Remembers when every event came."""

    def __init__(self, folder: Path) -> None:
        self.events: list[tuple[float, Event]] = []
        self.client = RuntimeClient(COMMAND, self._take, folder / "worker.log")

    def _take(self, event: Event) -> None:
        self.events.append((time.monotonic(), event))

    def end_of(self, job: JobId) -> events.GenerationFinished | None:
        """Waits for it. Raises: SystemExit, for a job that failed."""
        while True:
            for _, event in tuple(self.events):
                if event.job == job and isinstance(event, events.JobFailed):
                    raise SystemExit(str(event.message))
                if event.job == job and isinstance(event, events.JobFinished):
                    found = [one for _, one in self.events if one.job == job]
                    return next((one for one in found if isinstance(one, events.GenerationFinished)), None)
            time.sleep(0.002)

    def ask(self, request: GenerationRequest) -> JobId:
        self.client.generate(job := new_job_id(), request)
        return job

    def longest_pause(self, job: JobId, since: float, until: float) -> float:
        """Seconds between two pieces of an answer, of which the later came after `since`."""
        times = [at for at, event in tuple(self.events) if event.job == job]
        pairs = itertools.pairwise(times)
        return max((two - one for one, two in pairs if two > since and one < until), default=0)


def chat(name: str, text: str, max_tokens: int) -> GenerationRequest:
    sampling = Sampling(temperature=0, ignore_end=True)
    return GenerationRequest((), sampling, max_tokens, prompt=text, conversation=name)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--tokens", type=int, default=4000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--model", choices=NAMES, default="1b")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="deskside-parking.") as place:
        _measure(Path(place), options.tokens, options.rounds, bench_model(options.model).path)
    return 0


def _measure(folder: Path, tokens: int, rounds: int, model: Path) -> None:
    watcher = Watcher(folder)
    load = LoadRequest(
        str(model), 8192, 1, n_sequences=2, park_folder=str(folder / "parked"), park_budget_bytes=1 << 34
    )
    watcher.client.load(job := new_job_id(), load, installed(model))
    watcher.end_of(job)
    long, short = chat("long", "tea " * tokens, 2), chat("short", "Hello", 2)
    watcher.end_of(watcher.ask(long))
    running = watcher.ask(chat("", "Once", 8000))
    pauses: dict[str, list[float]] = {"quiet": [], "written": [], "read": []}
    for number in range(rounds):
        time.sleep(_SETTLE_S)
        pauses["quiet"].append(watcher.longest_pause(running, time.monotonic() - _QUIET_S, time.monotonic()))
        for kind, request in (("written", short), ("read", long)):
            began = time.monotonic()
            done = watcher.end_of(watcher.ask(request))
            ended = time.monotonic()
            time.sleep(_SETTLE_S)
            pauses[kind].append(watcher.longest_pause(running, began, ended + _SETTLE_S))
            if kind == "read" and done is not None:
                print(
                    f"round {number}: {done.stats.restored_tokens} restored, {ended - began:.2f} s",
                    flush=True,
                )
        long = dataclasses.replace(long, prompt=f"{long.prompt} and")  # it has changed: it is written again
    watcher.client.cancel(running)
    size = max((path.stat().st_size for path in (folder / "parked").glob("*/*")), default=0)
    watcher.client.close()
    print(f"a state of {size / 2**20:.0f} MiB; longest pauses of a running answer, median and worst, ms:")
    for kind, found in pauses.items():
        print(f"  {kind:8} {statistics.median(found) * 1000:6.0f} {max(found) * 1000:6.0f}")


if __name__ == "__main__":
    raise SystemExit(main())
