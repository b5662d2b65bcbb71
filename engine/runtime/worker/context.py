"""A llama.cpp context: batches in, logits out, and the sequences in its KV cache."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from engine.runtime.worker.abort import AbortFlag
from engine.runtime.worker.batch import Batch, Portion
from engine.runtime.worker.state_form import STATE_HEAD_BYTES, StateForm, UnknownForm, form_of

if TYPE_CHECKING:
    from engine.runtime.worker.vision.projector import Projector


class Outcome(Enum):
    DONE = auto()
    NO_ROOM = auto()  # nothing was computed; a smaller batch may fit
    ABORTED = auto()  # by `abort`; what was computed of it is undefined
    FAILED = auto()  # the same


# Indices of outputs, 4 bytes each, lie in front of the compute buffer. Unless they fill whole lines of the
# cache, every tensor behind them straddles lines, and prompts are 1.2 to 1.5 times slower with AMX.
OUTPUT_ROWS = 16
_OUTCOMES = {0: Outcome.DONE, 1: Outcome.NO_ROOM, 2: Outcome.ABORTED}


class Context:
    """Owned by one thread, except `abort`."""

    def __init__(self, llama: Any, pointer: Any, model: Any, *, unified: bool, kv_bytes: int) -> None:
        """`unified`: all sequences share one room. `kv_bytes`: of the whole KV cache."""
        self.llama = llama
        self.pointer = pointer
        self._memory = llama.llama_get_memory(pointer)
        self._window = int(llama.llama_model_n_swa(model))  # tokens that some layers see; 0: all
        self.recurrent = bool(llama.llama_model_is_recurrent(model) or llama.llama_model_is_hybrid(model))
        self.unified = unified
        self.room = int(llama.llama_n_ctx(pointer))  # tokens, of all sequences together
        self.length = int(llama.llama_n_ctx_seq(pointer))  # tokens, of one sequence at most
        self.batch_size = int(llama.llama_n_batch(pointer))
        self.sequences = int(llama.llama_n_seq_max(pointer))
        # Tokens of a batch that logits may be asked for; see `n_outputs_max` in load.py.
        self.most_outputs = -(-self.sequences // OUTPUT_ROWS) * OUTPUT_ROWS
        self.sequence_bytes = kv_bytes // self.sequences
        self._batch = Batch(llama, self.batch_size, self.sequences)
        self.abort = AbortFlag(llama, pointer)
        self.last_code = 0  # of llama_decode
        self.projector: Projector | None = None  # of models that see
        # A copy between rooms is made by the next `decode`; until then no state may be saved or loaded.
        self.copying = False
        self.form = self._form(hybrid=bool(llama.llama_model_is_hybrid(model)))

    def _form(self, *, hybrid: bool) -> StateForm:
        """Called while every sequence is empty."""
        rooms = 1 if self.unified else self.sequences
        sizes = self.state_bytes(0), self._second_bytes(0)
        return form_of(rooms, *sizes, recurrent=self.recurrent, hybrid=hybrid, window=self._window)

    @property
    def movable(self) -> bool:
        """A state can be cut back to any earlier token."""
        return not self.recurrent and self._window == 0

    def decode(self, portions: Sequence[Portion]) -> tuple[Outcome, list[int]]:
        """Computes a batch of at most `batch_size` tokens. Also returns, for each portion, the
        index of its last token in the batch, for the sampler."""
        if portions[0].picture is not None:
            return self._see(portions[0])
        ends = self._batch.fill(portions)
        self.copying = False
        return self.outcome(self.llama.llama_decode(self.pointer, self._batch.native)), ends

    def begin(self, portions: Sequence[Portion]) -> Batch:
        """The batch for them, which somebody else computes."""
        self._batch.fill(portions)
        self.copying = False
        return self._batch

    def outcome(self, code: int) -> Outcome:
        """Of what `llama_decode` returned."""
        self.last_code = code
        return _OUTCOMES.get(code, Outcome.FAILED)

    def _see(self, portion: Portion) -> tuple[Outcome, list[int]]:
        """Computes a picture, which has no logits."""
        assert self.projector is not None
        self.copying = False
        code = self.projector.decode(portion.picture, portion.start, portion.sequence, self.batch_size)
        return self.outcome(code), [len(portion.tokens) - 1]

    def finish(self) -> None:
        """Waits until it is computed: graphics cards and nodes go on by themselves after `decode`."""
        self.llama.llama_synchronize(self.pointer)

    def use_threads(self, count: int) -> None:
        """For batches from the next one on; at most as many as its pool has."""
        self.llama.llama_set_n_threads(self.pointer, count, count)

    def keeps(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        """How many tokens stay when a sequence that holds `held` is cut to `length`: all of those, or
        none where that is not possible (recurrent models, a sliding window that has moved on). `shift`: by
        how much positions are behind places there (vision/pictures.py)."""
        length = min(length, held)
        if length <= 0 or (self.recurrent and length < held):
            return 0
        return length if self._reaches_back_to(sequence, length - shift) else 0

    def truncate(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        """Cuts a sequence that holds `held` tokens as `keeps` says. Returns how many stay."""
        kept = self.keeps(sequence, held, length, shift)
        removed = self.llama.llama_memory_seq_rm
        if kept and removed(self._memory, sequence, kept - shift, -1):
            return kept
        removed(self._memory, sequence, -1, -1)
        return 0

    def copy(self, source: int, target: int) -> None:
        """Makes one sequence a copy of another, whole: parts cannot be copied between rooms."""
        self.llama.llama_memory_seq_rm(self._memory, target, -1, -1)
        self.llama.llama_memory_seq_cp(self._memory, source, target, -1, -1)
        self.copying = self.copying or not self.unified

    def join_copies(self, source: int, others: Sequence[int], seer: int = 0) -> bool:
        """Copies a sequence into empty ones, in a room that all share, and has the seer see the copies beside
        its own tokens. What follows makes no sense, but takes the time that so many tokens take."""
        size = self.state_bytes(source)
        state = (ctypes.c_uint8 * size)()
        llama = self.llama
        if not llama.llama_state_seq_get_data(self.pointer, state, size, source):
            return False
        for other in others:
            if not llama.llama_state_seq_set_data(self.pointer, state, size, other):
                return False
            llama.llama_memory_seq_cp(self._memory, other, seer, -1, -1)
        return True

    def state_bytes(self, sequence: int) -> int:
        """The size of its state."""
        return int(self.llama.llama_state_seq_get_size(self.pointer, sequence))

    def _second_bytes(self, sequence: int) -> int:
        """The same without its first cache, where it has several; all of it where it has one."""
        flag = self.llama.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY
        return int(self.llama.llama_state_seq_get_size_ext(self.pointer, sequence, flag))

    def take_state(self, sequence: int, memory: memoryview) -> list[memoryview]:
        """Copies the state of a sequence into memory of `state_bytes`; returns the parts to keep.
        Raises: UnknownForm."""
        size = memory.nbytes
        address = (ctypes.c_uint8 * size).from_buffer(memory)
        if self.llama.llama_state_seq_get_data(self.pointer, address, size, sequence) != size:
            raise UnknownForm("llama.cpp could not write it")
        second = STATE_HEAD_BYTES + size - self._second_bytes(sequence)
        return self.form.take_apart(memory, 0 if self.unified else sequence, second)

    def put_state(self, sequence: int, memory: memoryview, held: int) -> bool:
        """Replaces a sequence by a state of `held` tokens. False, and an empty sequence, when it does not
        fit this context."""
        address = (ctypes.c_uint8 * memory.nbytes).from_buffer(memory)
        done = self.llama.llama_state_seq_set_data(self.pointer, address, memory.nbytes, sequence)
        last = int(self.llama.llama_memory_seq_pos_max(self._memory, sequence))
        if done == memory.nbytes and last + 1 == held:
            return True
        self.llama.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def _reaches_back_to(self, sequence: int, length: int) -> bool:
        """Whether the positions that the next token attends to are all still there."""
        if self._window == 0:
            return True
        first = int(self.llama.llama_memory_seq_pos_min(self._memory, sequence))
        return 0 <= first <= max(0, length - self._window + 1)
