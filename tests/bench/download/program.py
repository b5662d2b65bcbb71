"""The real program as a process: started, watched, paused, killed, and what it used."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).parents[3]
REPOSITORY, NAME = "owner/Big-GGUF", "Big-Q4_K_M.gguf"


@dataclass(frozen=True, slots=True)
class Used:
    """Of one process."""

    wall_s: float
    cpu_s: float
    peak_bytes: int
    code: int


def run(command: Sequence[str], environment: dict[str, str] | None = None) -> Used:
    """Runs a command to its end; what it prints is not wanted."""
    begun = time.perf_counter()
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - begun
    return Used(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, process.returncode)


class Home:
    """Folders of a user who has downloaded nothing yet, on the disk of `base`."""

    def __init__(self, base: Path) -> None:
        self.base = base
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("HF_", "XDG_"))}
        kept.pop("DISPLAY", None)
        folders = {f"XDG_{name.upper()}_HOME": str(base / name) for name in ("data", "config", "state")}
        self.environment = {**kept, **folders}

    @property
    def models(self) -> Path:
        return self.base / "data" / "deskside" / "models"

    @property
    def part(self) -> Path:
        return self.models / REPOSITORY / f"{NAME}.part"

    def published(self) -> list[Path]:
        return sorted(self.models.rglob("*.gguf"))

    def clear(self) -> None:
        shutil.rmtree(self.base, ignore_errors=True)

    def command(self, endpoint: str) -> list[str]:
        words = ["pull", REPOSITORY, "--endpoint", endpoint, "--json"]
        return [sys.executable, str(ROOT / "deskside.py"), *words]

    def pull(self, endpoint: str) -> Used:
        return run(self.command(endpoint), self.environment)


class Pull:
    """`deskside pull` at work; what it tells is collected with the time at which it was told."""

    def __init__(self, home: Home, endpoint: str, before: Sequence[str] = ()) -> None:
        self.told: list[tuple[float, dict[str, Any]]] = []
        self.process = subprocess.Popen(
            [*before, *home.command(endpoint)],
            env=home.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.told.append((time.monotonic(), json.loads(line)))

    def progress(self, since: float = 0.0) -> list[tuple[float, dict[str, Any]]]:
        return [
            (at, each["progress"]) for at, each in self.told if each["event"] == "progress" and at >= since
        ]

    def pause(self) -> float:
        """Asks it to pause, as Ctrl+C does. Seconds until its last socket was closed."""
        process = psutil.Process(self.process.pid)
        begun = time.monotonic()
        self.process.send_signal(signal.SIGINT)
        while _sockets(process):
            time.sleep(0.002)
        return time.monotonic() - begun

    def kill(self) -> None:
        self.process.kill()
        self.finish()

    def finish(self, most_s: float = 300.0) -> int:
        code = self.process.wait(most_s)
        self._reader.join(10)
        return code


def _sockets(process: psutil.Process) -> bool:
    try:
        return any(line.status == psutil.CONN_ESTABLISHED for line in process.net_connections("inet"))
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return False
