"""Machines that lend their devices, for tests: each a process of its own, as a person would start it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.free_port import free_port

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"


class Lender:
    """`deskside worker` with folders of its own. `inside`: words before it, such as those of a namespace."""

    def __init__(
        self, folder: Path, host: str = "127.0.0.1", inside: tuple[str, ...] = (), threads: int = 1
    ) -> None:
        self.address = f"{host}:{free_port()}"
        kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY",)}
        folders = {f"XDG_{name.upper()}_HOME": str(folder / name) for name in ("data", "config", "state")}
        self.process = subprocess.Popen(
            [
                *inside,
                sys.executable,
                str(PROGRAM),
                "worker",
                "--listen",
                self.address,
                "--threads",
                str(threads),
                "--json",
            ],
            env=kept | folders,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        assert told["event"] == "worker", told
        self.key: str = told["key"]
        self.devices: list[dict[str, object]] = told["devices"]

    def next_event(self) -> dict[str, str]:
        assert self.process.stdout is not None
        found: dict[str, str] = json.loads(self.process.stdout.readline())
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


@contextlib.contextmanager
def lenders(folder: Path, count: int = 1) -> Iterator[tuple[Lender, ...]]:
    started: list[Lender] = []
    try:
        for number in range(count):
            started.append(Lender(folder / f"lender-{number}"))
        yield tuple(started)
    finally:
        for one in started:
            one.kill()
