"""Whether a model that crashed comes back, and with what settings. No I/O, no clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import Enum, auto

from engine.hardware.nodes import is_node, parse_node
from engine.messages import Sentence

MOST_CRASHES = 3
WITHIN_S = 600.0
# Of sentences that say that memory ran out.
_MEMORY_CODES = frozenset({"worker_out_of_memory", "model_memory", "decode_memory"})
# What the worker said that it died of: llama.cpp aborts where an allocation fails.
_MEMORY_WORDS = ("failed to allocate", "unable to allocate", "out of memory", "bad_alloc", "MemoryError")
# Of a device beside the processor: buffers are named after their devices, and drivers
# have words of their own.
_DEVICE_WORDS = re.compile(r"allocate (?!CPU)\S+ buffer\b|(cuda|hip)Malloc|(CUDA|ROCm) error|DeviceMemory")
# Of loads that were refused for one of their devices.
_MISSING_CODES = frozenset({"device_missing", "node_unreachable", "node_other_version"})
# Nothing is won by loading again what cannot be read here.
_HOPELESS_CODES = frozenset({"worker_file_vanished", "worker_not_started"})
# These say nothing against the file.
LOST_DEVICE = "worker_lost_device"
_FROM_OUTSIDE = frozenset({"worker_killed", "worker_terminated", "worker_stuck", LOST_DEVICE})
# The kernels for copied weights use the newest instructions of all; without a copy there are others.
_INSTRUCTION_CODE = "worker_bad_instruction"
# So may an assertion that fails while a model is placed: it is tried once without.
_ABORT_CODE = "worker_aborted_loading"


class Return(Enum):
    SAME = auto()  # with the settings it had
    LOWER = auto()  # with at least one thing given up
    PLAIN = auto()  # without copied weights
    NOT = auto()


def for_memory(reason: Sentence) -> bool:
    """Whether it ended for want of memory, as far as can be told."""
    detail = str(reason.values.get("detail", ""))
    return reason.code in _MEMORY_CODES or any(word in detail for word in _MEMORY_WORDS)


def on_device(reason: Sentence) -> bool:
    """Whether what ran out is the memory of a device beside the processor; False where that is not told."""
    told = " ".join(str(reason.values.get(name, "")) for name in ("detail", "reason"))
    return for_memory(reason) and _DEVICE_WORDS.search(told) is not None


def missing_devices(reason: Sentence, devices: Sequence[str]) -> tuple[str, ...]:
    """Those of a load that it was refused for: they are gone, or busy, since it was planned."""
    if reason.code not in _MISSING_CODES:
        return ()
    device, endpoint = reason.values.get("device"), reason.values.get("endpoint")
    return tuple(one for one in devices if one == device or (is_node(one) and parse_node(one)[0] == endpoint))


class Crashes:
    """Of one model, since its user last loaded it."""

    def __init__(self) -> None:
        self._times: list[float] = []
        self.total = 0

    def next_step(self, reason: Sentence, loading: bool, plain: bool, now: float) -> Return:
        """`plain`: it was loaded without copied weights. `now` is in seconds, of any clock. An abort
        while loading is the file's own fault."""
        self.total += 1
        self._times = [time for time in self._times if now - time < WITHIN_S] + [now]
        if len(self._times) >= MOST_CRASHES or reason.code in _HOPELESS_CODES:
            return Return.NOT
        if reason.code == _INSTRUCTION_CODE:
            return Return.NOT if plain else Return.PLAIN
        if for_memory(reason):
            return Return.LOWER
        if reason.code == _ABORT_CODE and not plain:
            return Return.PLAIN
        if loading and reason.code not in _FROM_OUTSIDE:
            return Return.NOT
        return Return.SAME if len(self._times) == 1 else Return.LOWER

    @property
    def often(self) -> bool:
        return len(self._times) >= MOST_CRASHES

    def forgive(self) -> None:
        """The user asks for the model once more."""
        self._times.clear()
