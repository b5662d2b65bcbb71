"""Whether a model that crashed comes back, and with what settings. No I/O, no clock."""

from __future__ import annotations

from enum import Enum, auto

from engine.messages import Sentence

MOST_CRASHES = 3
WITHIN_S = 600.0
# Of sentences that say that memory ran out.
_MEMORY_CODES = frozenset({"worker_out_of_memory", "model_memory", "decode_memory"})
# What the worker said that it died of: llama.cpp aborts where an allocation fails.
_MEMORY_WORDS = ("failed to allocate", "unable to allocate", "out of memory", "bad_alloc", "MemoryError")
# Nothing is won by loading again what cannot be read here.
_HOPELESS_CODES = frozenset({"worker_file_vanished", "worker_not_started"})
# These say nothing against the file.
_FROM_OUTSIDE = frozenset({"worker_killed", "worker_terminated", "worker_stuck", "worker_lost_device"})
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
