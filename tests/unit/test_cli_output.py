"""What commands print: a status that is overwritten, on a terminal of any width."""

from __future__ import annotations

import os
import select
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.output import Output

_CLEARED = "\r\x1b[2K"


@contextmanager
def terminal(monkeypatch: pytest.MonkeyPatch, columns: int) -> Iterator[int]:
    """Standard error is a terminal; gives its other end. No fixture: pytest changes streams after those."""
    termios = pytest.importorskip("termios", reason="Windows has no terminals that a program can make")
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    with os.fdopen(theirs, "w", encoding="utf-8") as stream:
        monkeypatch.setattr("sys.stderr", stream)
        yield ours
    os.close(ours)


def written(ours: int, length: int) -> str:
    """So many bytes of what was written, in as many pieces as they come, or what came within a minute."""
    found = b""
    while len(found) < length and select.select([ours], [], [], 60)[0]:
        found += os.read(ours, 4096)
    return found.decode()


def test_a_status_stays_on_one_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A longer one would leave a row behind with every step: one row only can be overwritten."""
    output = Output(as_json=False)
    steps = {
        "checking: memory bandwidth 100%, 12.3 GB/s so far": "checking: memory bandwidth 100%, 12.3 G",
        "模型" * 20: "模型" * 9 + "模",
        "short": "short",
    }
    with terminal(monkeypatch, columns=40) as ours:
        for text, row in steps.items():
            output.status(text)
            assert written(ours, len((_CLEARED + row).encode())) == _CLEARED + row


def test_no_status_where_nobody_watches(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (tmp_path / "log").open("w") as log:
        monkeypatch.setattr("sys.stderr", log)
        Output(as_json=False).status("checking")
    assert (tmp_path / "log").read_text() == ""
