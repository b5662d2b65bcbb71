"""A node for tests: a device of its own process, spoken to over loopback, with a limit on its memory.

    python tests/node_entry.py PORT DEVICES MEGABYTES

It says "ready" once it listens. The limit is what it tells, and what it cannot get more of: ggml's own
device for the CPU would tell of the whole machine.
"""

from __future__ import annotations

import ctypes
import os
import resource
import sys
import threading
from pathlib import Path
from typing import TextIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.runtime.node_greeting import answers
from engine.runtime.worker.native import Native

_MIB = 1 << 20
_Memory = ctypes.CFUNCTYPE(
    None, ctypes.c_void_p, ctypes.POINTER(ctypes.c_size_t), ctypes.POINTER(ctypes.c_size_t)
)
_MEMORY_SLOT = 2  # of `struct ggml_backend_device_i`


def main(words: list[str]) -> int:
    endpoint, count, megabytes = f"127.0.0.1:{int(words[0])}", int(words[1]), int(words[2])
    native = Native()
    cpu = native.function("ggml_backend_dev_by_type", ctypes.c_void_p, ctypes.c_int)(0)
    own = _private_bytes()
    told = _Memory(lambda _device, free, total: _tell(free, total, megabytes * _MIB, own))
    slots = ctypes.cast(cpu, ctypes.POINTER(ctypes.c_void_p))
    slots[_MEMORY_SLOT] = ctypes.cast(told, ctypes.c_void_p).value
    resource.setrlimit(resource.RLIMIT_DATA, (own + (megabytes + 64) * _MIB,) * 2)
    devices = (ctypes.c_void_p * count)(*[cpu] * count)
    serve = native.node_function(
        "ggml_backend_rpc_start_server",
        None,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_size_t,
        ctypes.c_void_p,
    )
    # Its own words would fill a pipe that nobody reads.
    said = os.fdopen(os.dup(1), "w")
    with Path(os.devnull).open("w") as nowhere:
        os.dup2(nowhere.fileno(), 1)
    threading.Thread(target=_say_when_ready, args=(endpoint, said), daemon=True).start()
    serve(endpoint.encode(), None, 1, count, devices)
    return 1  # it serves for ever


def _tell(free: object, total: object, limit: int, own: int) -> None:
    free[0] = max(0, limit - (_private_bytes() - own))  # type: ignore[index]
    total[0] = limit  # type: ignore[index]


def _private_bytes() -> int:
    status = Path("/proc/self/status").read_text("ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmData:"))
    return int(line.split()[1]) * 1024


def _say_when_ready(endpoint: str, said: TextIO) -> None:
    while not answers(endpoint, 0.05):
        pass
    said.write("ready\n")
    said.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
