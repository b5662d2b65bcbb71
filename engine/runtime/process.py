"""Starts worker processes. They stay in our process group and end when the channel does."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from engine.runtime.channel import Channel, channel_pair

WORKER_WORD = "_worker"  # the hidden command of the program that becomes a worker
DEVICES_WORD = "--devices"  # makes the worker list its devices and end
PLAN_WORD = "--plan"  # makes the worker plan loads in place of doing them
TRY_WORD = "--try"  # makes the worker measure loads one beside the other
NODE_WORD = "--node"  # makes the worker lend its devices to another machine
TIME_WORD = "--time"  # makes the worker measure how fast the models it loads compute
_LARGEST_LOG = 1024 * 1024  # bytes; a bigger one is put aside before a worker starts


def start_worker(
    command: Sequence[str], log: IO[bytes] | None, *arguments: str
) -> tuple[subprocess.Popen[bytes], Channel]:
    """Starts `command _worker arguments FD`; both its outputs go to `log`, or nowhere.

    Linux ends the worker when the *thread* that called this ends, so that must be a lasting one.
    Raises: OSError, when the program cannot be started.
    """
    ours, theirs = channel_pair()
    try:
        with _handed_over(theirs.handle()) as options:
            process = subprocess.Popen(
                [*command, WORKER_WORD, *arguments, str(theirs.handle())],
                stdin=subprocess.DEVNULL,
                stdout=log or subprocess.DEVNULL,
                stderr=log or subprocess.DEVNULL,
                env=_environment(),
                **options,
            )
    except BaseException:
        ours.close()
        raise
    finally:
        # Ours must be the only copy left beside the worker's, or its end would go unseen.
        theirs.close()
    return process, ours


def _environment() -> dict[str, str]:
    """A failed assertion would start a debugger on the worker. Every token reads all the weights: in pages of
    4 KiB that costs 5 to 15 % of the speed (measured; docs/decisions/0008-pages-and-lines.md)."""
    tunables = [os.environ.get("GLIBC_TUNABLES", ""), "glibc.malloc.hugetlb=1"]
    return {**os.environ, "GGML_NO_BACKTRACE": "1", "GLIBC_TUNABLES": ":".join(filter(None, tunables))}


@contextmanager
def _handed_over(handle: int) -> Iterator[dict[str, Any]]:
    """The options of Popen that let the child have this handle, and no other."""
    if sys.platform == "win32":
        os.set_handle_inheritable(handle, True)
        startup = subprocess.STARTUPINFO(lpAttributeList={"handle_list": [handle]})
        try:
            yield {"startupinfo": startup, "creationflags": subprocess.CREATE_NO_WINDOW}
        finally:
            os.set_handle_inheritable(handle, False)
    else:
        yield {"pass_fds": (handle,)}


def open_log(path: Path) -> IO[bytes]:
    """The log for appending; one grown too big is put aside as `.1` first. Raises: OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def end_worker(process: subprocess.Popen[bytes], patience_s: float) -> int:
    """Waits for the end, kills after `patience_s`. Returns the exit status as Popen has it."""
    try:
        return process.wait(patience_s)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait()
