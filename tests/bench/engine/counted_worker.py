"""A worker that counts its time in llama.cpp's decode and sampling, in a file that others can read.

    python counted_worker.py COUNTERS _worker FD
    python counted_worker.py COUNTERS _engine ...    a host that starts such workers

COUNTERS is a file of three numbers (`Counters`), mapped by both sides. The functions are wrapped
where the bindings keep them, before the worker is imported; nothing else differs from a real one.
"""

from __future__ import annotations

import mmap
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from engine.host.start import HOST_WORD
from engine.runtime.process import DEVICES_WORD

_LAYOUT = struct.Struct("=ddd")
_DECODES = ("llama_decode", "llama_process", "llama_synchronize")
_SAMPLES = ("llama_sampler_sample", "llama_sampler_apply", "llama_sampler_accept")


@dataclass(frozen=True, slots=True)
class Counters:
    """CPU seconds of the calling thread inside these functions, and calls of decode."""

    decode_s: float
    sample_s: float
    decodes: float

    @classmethod
    def read(cls, path: Path) -> Counters:
        return cls(*_LAYOUT.unpack(path.read_bytes()[: _LAYOUT.size]))


def _wrap(function: Callable[..., Any], counters: memoryview, field: int, counts: bool) -> Callable[..., Any]:
    clock = time.thread_time

    def counted(*arguments: Any) -> Any:
        began = clock()
        result = function(*arguments)
        counters[field] += clock() - began
        if counts:
            counters[2] += 1
        return result

    return counted


def count_into(path: Path) -> None:
    from llama_cpp import llama_cpp as bindings

    path.write_bytes(bytes(_LAYOUT.size))
    with path.open("r+b") as file:
        counters = memoryview(mmap.mmap(file.fileno(), _LAYOUT.size)).cast("d")
    for field, names in enumerate((_DECODES, _SAMPLES)):
        for name in names:
            for place in (bindings, bindings._lib):
                if hasattr(place, name):
                    counts = name in ("llama_decode", "llama_process")
                    setattr(place, name, _wrap(getattr(place, name), counters, field, counts))


def main(counters: Path, words: list[str]) -> int:
    if words[0] == HOST_WORD:
        from engine.host.main import main as host

        return host(words[1:], (sys.executable, str(Path(__file__).resolve()), str(counters)))
    if DEVICES_WORD not in words:
        count_into(counters)
    from engine.runtime.worker.main import main as work

    return work(words[1:])


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2:]))
