"""A stand-in hub in a process of its own, so that it does not share the program's interpreter.

    python -m tests.bench.download.hub FILE [BYTES_PER_SECOND]

Prints its endpoint and the address of the file's bytes, and serves until its standard input ends.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.bench.download.program import NAME, REPOSITORY, ROOT
from tests.hub import COMMIT, Faults, HubFile, StandInHub


@contextlib.contextmanager
def hub_process(file: Path, bytes_per_second: float = 0.0) -> Iterator[tuple[str, str]]:
    """Its endpoint, and the address of the file."""
    command = [sys.executable, "-m", "tests.bench.download.hub", str(file), str(bytes_per_second)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        endpoint, address = process.stdout.readline().split()
        try:
            yield endpoint, address
        finally:
            process.terminate()


def main() -> None:
    with StandInHub() as hub:
        hub.buffer_bytes = 0
        hub.add_file(REPOSITORY, NAME, HubFile.of(Path(sys.argv[1])))
        hub.faults = Faults(bytes_per_second=float(sys.argv[2]))
        print(hub.endpoint, f"{hub.cdn}/{REPOSITORY}/resolve/{COMMIT}/{NAME}", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
