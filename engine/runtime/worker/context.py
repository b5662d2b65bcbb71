"""A llama.cpp context: batches in, logits out, and the sequences in its KV cache."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any


class Outcome(Enum):
    DONE = auto()
    NO_ROOM = auto()  # nothing was computed; a smaller batch may fit
    ABORTED = auto()  # by `abort`; what was computed of it is undefined
    FAILED = auto()  # the same


@dataclass(frozen=True, slots=True)
class Portion:
    """Tokens that go to the end of one sequence in one batch."""

    sequence: int
    start: int  # position of the first
    tokens: Sequence[int]
    wants_logits: bool  # for the last


class Context:
    """Owned by one thread, but `abort` may come from any."""

    def __init__(self, llama: Any, pointer: Any, window: int) -> None:
        """`window` is the sliding window in tokens, 0 without one."""
        self._llama = llama
        self.pointer = pointer
        self._memory = llama.llama_get_memory(pointer)
        self._window = window
        self.length = int(llama.llama_n_ctx_seq(pointer))  # tokens per sequence
        self.batch_size = int(llama.llama_n_batch(pointer))
        self.sequences = int(llama.llama_n_seq_max(pointer))
        self._batch = llama.llama_batch_init(self.batch_size, 0, 1)
        self._abort_flag = ctypes.create_string_buffer(2)
        self._install_abort()
        self.last_code = 0  # of llama_decode

    def decode(self, portions: Sequence[Portion]) -> tuple[Outcome, list[int]]:
        """Computes a batch of at most `batch_size` tokens. Also returns, for each portion, the
        index of its last token in the batch, for the sampler."""
        ends = self._fill(portions)
        self.last_code = int(self._llama.llama_decode(self.pointer, self._batch))
        outcomes = {0: Outcome.DONE, 1: Outcome.NO_ROOM, 2: Outcome.ABORTED}
        return outcomes.get(self.last_code, Outcome.FAILED), ends

    def truncate(self, sequence: int, length: int) -> int:
        """Keeps the first `length` tokens of a sequence, or fewer where that is not possible
        (recurrent models, a sliding window that has moved on). Returns how many were kept."""
        removed = self._llama.llama_memory_seq_rm
        if self._reaches_back_to(sequence, length) and removed(self._memory, sequence, length, -1):
            return length
        self._llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return 0

    def abort(self) -> None:
        """Makes a running or the next `decode` stop early."""
        self._abort_flag[0] = b"\x01"

    def clear_abort(self) -> None:
        self._abort_flag[0] = b"\x00"

    def _reaches_back_to(self, sequence: int, length: int) -> bool:
        """Whether the positions that the next token attends to are all still there."""
        if length == 0 or self._window == 0:
            return length > 0
        first = int(self._llama.llama_memory_seq_pos_min(self._memory, sequence))
        return 0 <= first <= max(0, length - self._window)

    def _fill(self, portions: Sequence[Portion]) -> list[int]:
        batch, index, ends = self._batch, 0, []
        for portion in portions:
            for offset, token in enumerate(portion.tokens):
                batch.token[index] = token
                batch.pos[index] = portion.start + offset
                batch.n_seq_id[index] = 1
                batch.seq_id[index][0] = portion.sequence
                batch.logits[index] = 0
                index += 1
            batch.logits[index - 1] = portion.wants_logits
            ends.append(index - 1)
        batch.n_tokens = index
        return ends

    def _install_abort(self) -> None:
        # llama.cpp asks before every node of the graph, too often for a callback into Python.
        # `strlen` of our one-byte flag is the same question in native code: 0 or 1.
        library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        asks = ctypes.cast(library.strlen, self._llama.ggml_abort_callback)
        flag = ctypes.cast(self._abort_flag, ctypes.c_void_p)
        self._abort_callback = asks  # llama.cpp keeps no reference
        self._llama.llama_set_abort_callback(self.pointer, asks, flag)
