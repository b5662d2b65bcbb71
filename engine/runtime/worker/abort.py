"""Stops a computation of llama.cpp between two nodes of its graph. On the CPU only."""

from __future__ import annotations

import ctypes
import sys
from typing import Any


class AbortFlag:
    """`set` and `clear` may come from any thread."""

    def __init__(self, llama: Any, context: Any) -> None:
        self._flag = ctypes.create_string_buffer(2)
        self._was_set = False
        # llama.cpp asks before every node of the graph, too often for a callback into Python.
        # `strlen` of our one-byte flag is the same question in native code: 0 or 1.
        library = ctypes.cdll.msvcrt if sys.platform == "win32" else ctypes.CDLL(None)
        self._asks = ctypes.cast(library.strlen, llama.ggml_abort_callback)  # llama.cpp keeps no reference
        flag = ctypes.cast(self._flag, ctypes.c_void_p)
        llama.llama_set_abort_callback(context, self._asks, flag)

    def set(self) -> None:
        """A computation at work, or the next one, stops early."""
        self._flag[0] = b"\x01"
        self._was_set = True  # last: what is marked as set can be cleared

    def clear(self) -> None:
        if self._was_set:
            self._was_set = False
            self._flag[0] = b"\x00"
