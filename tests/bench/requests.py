"""Many requests to `deskside serve`: errors, the slope of memory, and CPU time a streamed token.

    python -m tests.bench.requests [--count 10000] [--clients 8]

Starts the real command over a generated model of a few MB, in folders of its own. Every tenth client
connection is new, every seventh answer is left in the middle. The slope is a least-squares line
through the second half, in MiB of resident memory for each 1,000 requests, for the server, the host
and the worker.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

from tests.models import tiny

ROOT = Path(__file__).resolve().parents[2]
CHAT = "/v1/chat/completions"
_MIB = 1024 * 1024


class Serving:
    """The command, running in folders of its own."""

    def __init__(self, folder: Path, model: Path, *words: str) -> None:
        self._folder = folder
        names = ("data", "config", "state")
        environment = {f"XDG_{name.upper()}_HOME": str(folder / name) for name in names}
        command = [sys.executable, str(ROOT / "deskside.py"), "serve", "--json", "--port", "0"]
        self._process = subprocess.Popen(
            [*command, "--model", str(model), *words],
            env={**os.environ, **environment},
            stdout=subprocess.PIPE,
        )
        assert self._process.stdout is not None
        line = json.loads(self._process.stdout.readline())
        if "port" not in line:
            raise SystemExit(line.get("message", line))
        self.port = int(line["port"])

    def processes(self) -> dict[str, psutil.Process]:
        """The server, and the host and worker that belong to these folders."""
        found = {"server": psutil.Process(self._process.pid)}
        for process in psutil.process_iter(["cmdline"]):
            words = process.info["cmdline"] or []
            if "_engine" in words and any(str(self._folder) in word for word in words):
                found["host"] = process
                workers = process.children()
                if workers:
                    found["worker"] = workers[0]
        return found

    def close(self) -> None:
        host = self.processes().get("host")
        self._process.terminate()
        self._process.wait(30)
        if host is not None:
            host.wait(60)


@dataclass(slots=True)
class Tally:
    """Counts of all clients together."""

    ends: Counter[str] = field(default_factory=Counter)
    done: int = 0

    def count(self, end: str) -> None:
        self.ends[end] += 1
        self.done += 1


def client(port: int, numbers: Iterator[int], count: int, tally: Tally) -> None:
    """Sends requests until their number is reached."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    for number in numbers:
        if number >= count:
            break
        if number % 10 == 0:
            connection.close()  # the next request opens a new one
        try:
            tally.count(request(connection, number))
        except (OSError, http.client.HTTPException, ValueError) as error:
            tally.count(f"{type(error).__name__}: {error}")
            connection.close()
    connection.close()


def request(connection: http.client.HTTPConnection, number: int) -> str:
    """How it ended: "whole", "streamed", "left", or what went wrong."""
    stream = number % 2 == 0
    body = {
        "messages": [{"role": "user", "content": f"Question {number}: " + "word " * (number % 40)}],
        "max_tokens": 4 + number % 5,
        "stream": stream,
    }
    connection.request("POST", CHAT, json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    if number % 7 == 0:
        response.close()
        connection.close()
        return "left"
    told = response.read()
    if response.status != 200:
        return f"status {response.status}: {told[:200]!r}"
    if stream:
        return "streamed" if told.endswith(b"data: [DONE]\n\n") else f"cut: {told[-200:]!r}"
    return "whole" if json.loads(told)["usage"]["completion_tokens"] else "empty"


def slope(points: list[tuple[int, float]]) -> float:
    """MiB for each 1,000 requests, over the second half."""
    half = points[len(points) // 2 :]
    if len(half) < 3:
        return float("nan")
    line = statistics.linear_regression([done for done, _ in half], [rss for _, rss in half])
    return line.slope * 1000


def watch(serving: Serving, tally: Tally, count: int) -> dict[str, list[tuple[int, float]]]:
    """Resident memory of each process, beside how many requests were done."""
    memory: dict[str, list[tuple[int, float]]] = {}
    processes = serving.processes()
    shown = 0
    while tally.done < count:
        time.sleep(0.25)
        for name, process in processes.items():
            memory.setdefault(name, []).append((tally.done, process.memory_info().rss / _MIB))
        if tally.done - shown >= count / 10:
            shown = tally.done
            figures = "  ".join(f"{name} {points[-1][1]:.1f}" for name, points in memory.items())
            print(f"{shown:>7} requests   MiB: {figures}", flush=True)
    return memory


_MOST_SLOPE = 0.2  # MiB for each 1,000 requests; noise of the allocator is below


def crowd(serving: Serving, count: int, clients: int) -> bool:
    """Prints what happened; whether nothing went wrong."""
    tally = Tally()
    numbers = itertools.count()
    threads = [
        threading.Thread(target=client, args=(serving.port, numbers, count, tally)) for _ in range(clients)
    ]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    memory = watch(serving, tally, count)
    for thread in threads:
        thread.join()
    print(f"{count} requests in {time.monotonic() - began:.0f} s:", dict(tally.ends))
    slopes = {name: slope(points) for name, points in memory.items()}
    for name, points in memory.items():
        print(f"{name:<7} {points[-1][1]:7.1f} MiB, slope {slopes[name]:+.3f} MiB per 1,000 requests")
    steady = all(rise <= _MOST_SLOPE for rise in slopes.values() if not math.isnan(rise))
    if not steady:
        print(f"!! memory grows by more than {_MOST_SLOPE} MiB per 1,000 requests")
    return steady and set(tally.ends) <= {"whole", "streamed", "left"}


def token_cost(serving: Serving, tokens: int) -> None:
    """CPU time of each process for each token of one stream."""
    body: dict[str, Any] = {
        "messages": [{"role": "user", "content": "Go on."}],
        "max_tokens": tokens,
        "stream": True,
        "ignore_eos": True,
    }
    processes = serving.processes()
    before = {name: cpu_s(process) for name, process in processes.items()}
    connection = http.client.HTTPConnection("127.0.0.1", serving.port, timeout=600)
    connection.request("POST", CHAT, json.dumps(body), {"Content-Type": "application/json"})
    told = connection.getresponse().read()
    connection.close()
    chunks = told.count(b"data: ")
    for name, process in processes.items():
        spent = 1e6 * (cpu_s(process) - before[name]) / tokens
        print(f"{name:<7} {spent:7.1f} us of CPU a token ({tokens} tokens in {chunks} chunks)")


def cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--tokens", type=int, default=1_500, help="of the stream whose CPU time is read")
    parser.add_argument("--model", type=Path, help="default: a generated one")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        serving = Serving(Path(folder), asked.model or tiny(Path(folder)), "--context", "2048")
        try:
            token_cost(serving, asked.tokens)
            fine = crowd(serving, asked.count, asked.clients)
        finally:
            serving.close()
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
