"""Finds the engine's host, or starts it: one for each set of folders."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from engine.errors import WorkerError
from engine.host.address import AddressError, read_address
from engine.host.lock import FileLock
from engine.host.sockets import connect
from engine.paths import Paths
from engine.runtime.channel import Channel
from engine.runtime.endings import last_words
from engine.runtime.process import open_log

HOST_WORD: Final = "_engine"  # the hidden command of the program that becomes the host
START_LIMIT_S: Final = 60.0  # until a host answers; cold disks are slow
_LOOK_S: Final = 0.02


@dataclass(frozen=True, slots=True)
class HostOptions:
    """`keep_loaded_s` None and `park_bytes` None take what the user's settings say. They count for a
    host that is started, not for one that runs already."""

    linger_s: float = 10.0  # after the last client left
    keep_loaded_s: float | None = None  # an idle model is unloaded then; 0: when no client is left
    park_bytes: int | None = None  # of disk, for state files of conversations
    memory_bytes: int | None = None  # of main memory, for all models together; None: what is there


def host_lock(paths: Paths) -> Path:
    """Held by the host as long as it lives."""
    return paths.state / "engine.lock"


def host_runs(paths: Paths) -> bool:
    """Whether there is one. Raises: OSError, where the state folder cannot be used."""
    return host_lock(paths).exists() and not FileLock.is_free(host_lock(paths))


def host_log(paths: Paths) -> Path:
    return paths.state / "engine.log"


def find_host(paths: Paths) -> Channel | None:
    """A channel to the host that runs, None if there is none. Raises: AddressError."""
    address = read_address(paths)
    return None if address is None else connect(address)


def find_or_start_host(
    command: Sequence[str], paths: Paths, options: HostOptions, given_up: Callable[[], bool]
) -> Channel:
    """A channel to the host, which is started if there is none; `given_up` is asked meanwhile.

    Raises: WorkerError, when it cannot be started or does not answer.
    """
    deadline = time.monotonic() + START_LIMIT_S
    try:
        paths.state.mkdir(parents=True, exist_ok=True)
        channel = find_host(paths)
        while channel is None:
            turn = FileLock.take(paths.state / "engine.starting")
            if turn is not None:
                try:
                    return _start_in_turn(command, paths, options, given_up, deadline)
                finally:
                    turn.release()
            _pause(deadline, given_up, paths)
            channel = find_host(paths)
    except (OSError, AddressError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise WorkerError.of("host_not_started", reason=reason, log=str(host_log(paths))) from error
    return channel


def _start_in_turn(
    command: Sequence[str],
    paths: Paths,
    options: HostOptions,
    given_up: Callable[[], bool],
    deadline: float,
) -> Channel:
    process: subprocess.Popen[bytes] | None = None
    log = host_log(paths)
    log_start = log.stat().st_size if log.exists() else 0
    while (channel := find_host(paths)) is None:
        if process is not None and process.poll():
            reason = last_words(log, log_start) or f"exit code {process.returncode}"
            raise WorkerError.of("host_not_started", reason=reason, log=str(log))
        # Another host may be on its way out: its place is free when its lock is.
        if (process is None or process.poll() is not None) and FileLock.is_free(host_lock(paths)):
            process = _start(command, paths, options)
        _pause(deadline, given_up, paths)
    if process is not None:
        # Nobody waits for it: it outlives us, or its end is noticed here.
        threading.Thread(target=process.wait, name="host-reaper", daemon=True).start()
    return channel


def _pause(deadline: float, given_up: Callable[[], bool], paths: Paths) -> None:
    if given_up():
        raise WorkerError.of("runtime_closed")
    if time.monotonic() > deadline:
        raise WorkerError.of("host_silent", seconds=round(START_LIMIT_S), log=str(host_log(paths)))
    time.sleep(_LOOK_S)


def _start(command: Sequence[str], paths: Paths, options: HostOptions) -> subprocess.Popen[bytes]:
    """Raises: OSError. It belongs to no session and holds nothing of ours open."""
    detached: dict[str, Any] = {"start_new_session": True}
    if sys.platform == "win32":
        detached = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}
    with open_log(host_log(paths)) as log:
        return subprocess.Popen(
            [*command, HOST_WORD, *host_words(paths, options)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=paths.state,  # the starter's folder may be on a disk that is to be unplugged
            **detached,
        )


def host_words(paths: Paths, options: HostOptions) -> list[str]:
    """What follows HOST_WORD; see `read_words`."""
    folders = (str(paths.data.absolute()), str(paths.config.absolute()), str(paths.state.absolute()))
    return [*folders, json.dumps(asdict(options))]


def read_words(words: Sequence[str]) -> tuple[Paths, HostOptions]:
    """Raises: ValueError, for anything that `host_words` does not make."""
    data, config, state, options = words
    try:
        return Paths(Path(data), Path(config), Path(state)), HostOptions(**json.loads(options))
    except TypeError as error:
        raise ValueError(str(error)) from error
