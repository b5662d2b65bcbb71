"""The threads that compute: one pool for the life of a context, as llama.cpp's own programs have it.

Without it a build that has no OpenMP starts and ends its threads for every batch.
"""

from __future__ import annotations

import ctypes
from typing import Any

from engine.runtime.worker.native import Native

_MOST_THREADS = 512  # GGML_MAX_N_THREADS
_CPU = 0  # GGML_BACKEND_DEVICE_TYPE_CPU


class _PoolParams(ctypes.Structure):
    """`struct ggml_threadpool_params` of ggml.h"""

    _fields_ = (
        ("cpumask", ctypes.c_bool * _MOST_THREADS),
        ("n_threads", ctypes.c_int),
        ("prio", ctypes.c_int),
        ("poll", ctypes.c_uint32),
        ("strict_cpu", ctypes.c_bool),
        ("paused", ctypes.c_bool),
    )


def attach_threads(native: Native, context: Any, threads: int, pool: int | None = None) -> int | None:
    """For the life of the process. `pool`: of another context that never computes at the same time: threads
    that wait turn in circles, and two pools would be in each other's way. Returns the pool; None, leaving
    llama.cpp to itself, where this build has no such thing."""
    pool = pool or _new_pool(native, threads)
    if pool:
        attach = native.function(
            "llama_attach_threadpool", None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p
        )
        attach(context, pool, None)
    return pool


def _new_pool(native: Native, threads: int) -> int | None:
    params = _PoolParams()
    init = native.function("ggml_threadpool_params_init", None, ctypes.c_void_p, ctypes.c_int)
    init(ctypes.byref(params), threads)
    make = _of_cpu_backend(native, b"ggml_threadpool_new")
    if make is None:
        return None
    made: int | None = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p)(make)(ctypes.addressof(params))
    return made


def _of_cpu_backend(native: Native, name: bytes) -> int | None:
    """The address of a function that only the loaded CPU module has."""
    pointer = ctypes.c_void_p
    device = native.function("ggml_backend_dev_by_type", pointer, ctypes.c_int)(_CPU)
    registry = native.function("ggml_backend_dev_backend_reg", pointer, pointer)(device)
    found: int | None = native.function(
        "ggml_backend_reg_get_proc_address", pointer, pointer, ctypes.c_char_p
    )(registry, name)
    return found
