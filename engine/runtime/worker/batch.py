"""The tokens of one computation, laid out as llama.cpp reads them (`struct llama_batch`)."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

_INT_BYTES = 4


class Portion(NamedTuple):
    """Tokens that go to the end of one sequence in one batch. (A tuple: made for every token.)"""

    sequence: int
    start: int  # position of the first; without images, its place in the sequence
    tokens: array[int]
    wants_logits: bool  # for the last
    drafted: bool = False  # those behind the first are a guess; logits are wanted for all
    picture: Any = None  # encoded (vision/projector.py): computed in place of tokens, in a batch of its own


class Batch:
    """Filled again and again; its arrays are made once. Long portions are copied in native code."""

    def __init__(self, llama: Any, size: int, sequences: int) -> None:
        self.tokens = (ctypes.c_int32 * size)()
        self.positions = (ctypes.c_int32 * size)()
        self._logits = (ctypes.c_int8 * size)()
        self._counted = array("i", range(0))  # 0, 1, 2 ..., as far as it was needed yet
        self._ids = (ctypes.c_int32 * sequences)(*range(sequences))
        base = ctypes.addressof(self._ids)
        self._id_pointers = [base + _INT_BYTES * sequence for sequence in range(sequences)]
        self._sequence = (ctypes.c_void_p * size)(*[base] * size)
        self._counts = (ctypes.c_int32 * size)(*[1] * size)
        self.native = llama.llama_batch()
        self._point()

    def fill(self, portions: Sequence[Portion]) -> list[int]:
        """Returns the index of each portion's last token, for the sampler."""
        index, ends = 0, []
        for portion in portions:
            count = len(portion.tokens)
            if count == 1:
                self.tokens[index] = portion.tokens[0]
                self.positions[index] = portion.start
                self._sequence[index] = self._id_pointers[portion.sequence]
            else:
                self._put_many(index, portion, count)
            index += count
            self._logits[index - 1] = portion.wants_logits
            ends.append(index - 1)
        self.native.n_tokens = index
        return ends

    def want_all(self) -> None:
        """Marks every token as an output, which pooling asks for."""
        ctypes.memset(self._logits, 1, self.native.n_tokens)

    def _put_many(self, index: int, portion: Portion, count: int) -> None:
        end = portion.start + count
        while len(self._counted) < end:
            known = len(self._counted)
            self._counted.extend(range(known, max(end, 2 * known)))
        _copy(self.tokens, index, portion.tokens, 0, count)
        _copy(self.positions, index, self._counted, portion.start, count)
        pointer = self._id_pointers[portion.sequence]
        self._sequence[index : index + count] = [pointer] * count
        ctypes.memset(ctypes.addressof(self._logits) + index, portion.drafted, count)

    def _point(self) -> None:
        """ctypes keeps no reference to an array whose address it was given: ours stay in `self`."""
        for name, data in (
            ("token", self.tokens),
            ("pos", self.positions),
            ("n_seq_id", self._counts),
            ("seq_id", self._sequence),
            ("logits", self._logits),
        ):
            kind = dict(self.native._fields_)[name]
            setattr(self.native, name, ctypes.cast(data, kind))
        self.native.embd = None


def _copy(target: Any, at: int, source: array[int], first: int, count: int) -> None:
    address = source.buffer_info()[0] + _INT_BYTES * first
    ctypes.memmove(ctypes.addressof(target) + _INT_BYTES * at, address, _INT_BYTES * count)
