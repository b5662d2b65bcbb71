"""Routed experts of some layers stay in main memory while the rest of these goes to its device."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any

from engine.errors import LoadError
from engine.runtime.values import LoadRequest
from engine.runtime.worker.native import Native

_MOST_LAYERS = 10_000
_NO_TENSORS = rb"^$"


class _BufferOverride(ctypes.Structure):
    """`struct llama_model_tensor_buft_override` of llama.h"""

    _fields_ = (("pattern", ctypes.c_char_p), ("buft", ctypes.c_void_p))


def overrides_of(native: Native, request: LoadRequest) -> Any:
    """In llama.cpp's words; has to live until the model is loaded. llama.cpp does one step of a prompt after
    the other where there is an override, even one for no tensor. Raises: LoadError."""
    if not request.experts_away and (request.pipelined or len(request.devices) < 2):
        return None
    pattern = experts_pattern(request.experts_away) if request.experts_away else _NO_TENSORS
    cpu = native.function("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
    return (_BufferOverride * 2)(_BufferOverride(pattern, cpu), _BufferOverride(None, None))


def experts_pattern(layers: Sequence[int]) -> bytes:
    """What the names of those layers' experts match. Raises: LoadError."""
    for number in (*layers, len(layers)):
        if not 0 <= number <= _MOST_LAYERS:
            raise LoadError.of(
                "bad_load_setting", name="experts_away", value=number, low=0, high=_MOST_LAYERS
            )
    numbers = "|".join(map(str, layers))
    return rf"^blk\.({numbers})\.ffn_(up|down|gate|gate_up)_exps".encode("ascii")
