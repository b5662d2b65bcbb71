"""Nodes on loopback, for tests and benchmarks: each a process with a device of its own."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from engine.hardware.nodes import node_device
from tests.free_port import free_port

_ENTRY = Path(__file__).resolve().parent.parent / "node_entry.py"


class Node:
    def __init__(self, megabytes: int = 4096, devices: int = 1) -> None:
        self.endpoint = f"127.0.0.1:{free_port()}"
        port = self.endpoint.partition(":")[2]
        self._process = subprocess.Popen(
            [sys.executable, str(_ENTRY), port, str(devices), str(megabytes)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        while (line := self._process.stdout.readline()) != b"ready\n":
            assert line, "the node ended"

    @property
    def device(self) -> str:
        return node_device(self.endpoint)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


@contextlib.contextmanager
def nodes(*megabytes: int) -> Iterator[tuple[Node, ...]]:
    """One for each, with so much memory."""
    started: list[Node] = []
    try:
        for size in megabytes:
            started.append(Node(size))
        yield tuple(started)
    finally:
        for node in started:
            node.kill()
