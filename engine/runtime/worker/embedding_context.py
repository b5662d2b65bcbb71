"""A llama.cpp context that pools what it computed over each sequence."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any

from engine.errors import LoadError
from engine.runtime.worker.abort import AbortFlag
from engine.runtime.worker.batch import Batch, Portion


class Stopped(Exception):
    """The computation was aborted."""


class EmbeddingContext:
    """Owned by one thread, except `abort`."""

    def __init__(self, llama: Any, pointer: Any, model: Any) -> None:
        self._llama = llama
        self.pointer = pointer
        self._memory = llama.llama_get_memory(pointer)
        self.width = int(llama.llama_model_n_embd_out(model))
        self.length = int(llama.llama_n_batch(pointer))  # tokens: of a batch, and of one text
        self.sequences = int(llama.llama_n_seq_max(pointer))
        self._batch = Batch(llama, self.length, self.sequences)
        self.abort = AbortFlag(llama, pointer)

    def embed(self, texts: Sequence[array[int]]) -> list[array[float]]:
        """One vector for each text; all in one batch. Raises: LoadError, Stopped."""
        if self._memory:
            self._llama.llama_memory_clear(self._memory, False)
        self._batch.fill([Portion(number, 0, text, True) for number, text in enumerate(texts)])
        self._batch.want_all()
        code = int(self._llama.llama_decode(self.pointer, self._batch.native))
        if code == 2:
            raise Stopped
        if code:
            raise LoadError.of("decode_failed", number=code, reason="embedding")
        return [self._vector(number) for number in range(len(texts))]

    def _vector(self, sequence: int) -> array[float]:
        values = self._llama.llama_get_embeddings_seq(self.pointer, sequence)
        if not values:
            raise LoadError.of("decode_failed", number=0, reason="no embedding")
        vector = array("f", bytes(self.width * 4))
        ctypes.memmove(vector.buffer_info()[0], values, self.width * 4)
        return vector
