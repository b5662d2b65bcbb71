"""A llama.cpp context: batches in, logits out, and the sequences in its KV cache."""

from __future__ import annotations

import ctypes
import os
from array import array
from collections.abc import Sequence
from enum import Enum, auto
from pathlib import Path
from typing import Any

from engine.runtime.worker.abort import AbortFlag
from engine.runtime.worker.batch import Batch, Portion


class Outcome(Enum):
    DONE = auto()
    NO_ROOM = auto()  # nothing was computed; a smaller batch may fit
    ABORTED = auto()  # by `abort`; what was computed of it is undefined
    FAILED = auto()  # the same


_OUTCOMES = {0: Outcome.DONE, 1: Outcome.NO_ROOM, 2: Outcome.ABORTED}


class Context:
    """Owned by one thread, except `abort`."""

    def __init__(self, llama: Any, pointer: Any, model: Any, *, unified: bool, kv_bytes: int) -> None:
        """`unified`: all sequences share one room. `kv_bytes`: of the whole KV cache."""
        self._llama = llama
        self.pointer = pointer
        self._memory = llama.llama_get_memory(pointer)
        self._window = int(llama.llama_model_n_swa(model))  # tokens that some layers see; 0: all
        self.recurrent = bool(llama.llama_model_is_recurrent(model) or llama.llama_model_is_hybrid(model))
        self.unified = unified
        self.room = int(llama.llama_n_ctx(pointer))  # tokens, of all sequences together
        self.length = int(llama.llama_n_ctx_seq(pointer))  # tokens, of one sequence at most
        self.batch_size = int(llama.llama_n_batch(pointer))
        self.sequences = int(llama.llama_n_seq_max(pointer))
        self.sequence_bytes = kv_bytes // self.sequences
        self._batch = Batch(llama, self.batch_size, self.sequences)
        self.abort = AbortFlag(llama, pointer)
        self.last_code = 0  # of llama_decode
        # A copy between rooms is made by the next `decode`; until then no state may be saved or loaded.
        self.copying = False

    @property
    def movable(self) -> bool:
        """A state can be cut back to any earlier token."""
        return not self.recurrent and self._window == 0

    def decode(self, portions: Sequence[Portion]) -> tuple[Outcome, list[int]]:
        """Computes a batch of at most `batch_size` tokens. Also returns, for each portion, the
        index of its last token in the batch, for the sampler."""
        ends = self._batch.fill(portions)
        self.copying = False
        self.last_code = int(self._llama.llama_decode(self.pointer, self._batch.native))
        return _OUTCOMES.get(self.last_code, Outcome.FAILED), ends

    def use_threads(self, count: int) -> None:
        """For batches from the next one on; at most as many as its pool has."""
        self._llama.llama_set_n_threads(self.pointer, count, count)

    @property
    def batch_tokens(self) -> int:
        """Of the last batch."""
        return int(self._batch.native.n_tokens)

    def keeps(self, sequence: int, held: int, length: int) -> int:
        """How many tokens stay when a sequence that holds `held` is cut to `length`: all of those, or
        none where that is not possible (recurrent models, a sliding window that has moved on)."""
        length = min(length, held)
        if length <= 0 or (self.recurrent and length < held):
            return 0
        return length if self._reaches_back_to(sequence, length) else 0

    def truncate(self, sequence: int, held: int, length: int) -> int:
        """Cuts a sequence that holds `held` tokens as `keeps` says. Returns how many stay."""
        kept = self.keeps(sequence, held, length)
        removed = self._llama.llama_memory_seq_rm
        if kept and removed(self._memory, sequence, kept, -1):
            return kept
        removed(self._memory, sequence, -1, -1)
        return 0

    def copy(self, source: int, target: int) -> None:
        """Makes one sequence a copy of another, whole: parts cannot be copied between rooms."""
        self._llama.llama_memory_seq_rm(self._memory, target, -1, -1)
        self._llama.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        self.copying = self.copying or not self.unified

    def join_copies(self, source: int, others: Sequence[int]) -> bool:
        """Copies a sequence into empty ones, in a room that all share, and has it see the copies beside its
        own tokens. What follows makes no sense, but takes the time that so many tokens take."""
        size = self.state_bytes(source)
        state = (ctypes.c_uint8 * size)()
        llama = self._llama
        if not llama.llama_state_seq_get_data(self.pointer, state, size, source):
            return False
        for other in others:
            if not llama.llama_state_seq_set_data(self.pointer, state, size, other):
                return False
            llama.llama_memory_seq_cp(self._memory, other, source, -1, -1)
        return True

    def state_bytes(self, sequence: int) -> int:
        """What `save` would write, about."""
        return int(self._llama.llama_state_seq_get_size(self.pointer, sequence))

    def save(self, sequence: int, tokens: array[int], path: Path) -> bool:
        """Writes tokens and state of a sequence. False when that was not possible."""
        address = (ctypes.c_int32 * len(tokens)).from_buffer(tokens)
        saved = self._llama.llama_state_seq_save_file
        return bool(saved(self.pointer, os.fsencode(path), sequence, address, len(tokens)))

    def load(self, sequence: int, path: Path, most: int) -> array[int] | None:
        """Replaces a sequence by what `save` wrote. Returns its tokens, at most `most`; None, and an
        empty sequence, when it does not fit this context."""
        tokens, count = (ctypes.c_int32 * most)(), ctypes.c_size_t()
        loaded = self._llama.llama_state_seq_load_file
        done = loaded(self.pointer, os.fsencode(path), sequence, tokens, most, ctypes.byref(count))
        last = int(self._llama.llama_memory_seq_pos_max(self._memory, sequence))
        if done and last + 1 == count.value:
            return array("i", tokens[: count.value])
        self._llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return None

    def _reaches_back_to(self, sequence: int, length: int) -> bool:
        """Whether the positions that the next token attends to are all still there."""
        if self._window == 0:
            return True
        first = int(self._llama.llama_memory_seq_pos_min(self._memory, sequence))
        return 0 <= first <= max(0, length - self._window + 1)
