"""What llama.cpp has allocated, or would allocate, by kind of buffer: its own account, exact to the byte.

It is told by a C++ function that returns a `std::map` by value. ctypes receives it as a structure of
the size that libstdc++ gives it, and its tree is walked. Elsewhere than on Linux maps look different:
there the log has to do (buffers.py), which is exact to a hundredth of a MiB.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import LoadError
from engine.runtime.worker.native import Native

_FUNCTION = "_Z26llama_get_memory_breakdownPK13llama_context"
_MOST_NODES = 4096


@dataclass(frozen=True, slots=True)
class BufferSizes:
    """Bytes in one kind of buffer, "CPU", "CPU_REPACK" or "CUDA0" say."""

    buffer: str
    model: int
    context: int  # KV cache, states
    compute: int


class _Map(ctypes.Structure):
    """`std::map` of libstdc++: comparison, then the header of a red-black tree, then the count."""

    _fields_ = (
        ("compare", ctypes.c_size_t),
        ("color", ctypes.c_size_t),
        ("root", ctypes.c_void_p),
        ("first", ctypes.c_void_p),
        ("last", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
    )


class _Node(ctypes.Structure):
    """`std::_Rb_tree_node` of a buffer type and `llama_memory_breakdown_data`."""

    _fields_ = (
        ("color", ctypes.c_size_t),
        ("parent", ctypes.c_void_p),
        ("left", ctypes.c_void_p),
        ("right", ctypes.c_void_p),
        ("key", ctypes.c_void_p),
        ("model", ctypes.c_size_t),
        ("context", ctypes.c_size_t),
        ("compute", ctypes.c_size_t),
    )


def memory_breakdown(native: Native, context: Any) -> tuple[BufferSizes, ...] | None:
    """Of a llama_context, also of one that allocates nothing; None where it cannot be asked for."""
    if sys.platform != "linux":
        return None
    try:
        tell = native.function(_FUNCTION, _Map, ctypes.c_void_p)
        name = native.function("ggml_backend_buft_name", ctypes.c_char_p, ctypes.c_void_p)
    except LoadError:
        return None  # built without that symbol
    told = tell(context)
    nodes = list(_nodes(told.root))
    if len(nodes) != told.count:
        return None  # not the map that we know
    return tuple(
        BufferSizes(
            (name(node.key) or b"").decode("utf-8", "replace"), node.model, node.context, node.compute
        )
        for node in nodes
    )


def _nodes(root: int | None) -> Iterator[_Node]:
    waiting, seen = [root], 0
    while waiting and seen < _MOST_NODES:
        address = waiting.pop()
        if address:
            node = _Node.from_address(address)
            seen += 1
            yield node
            waiting += [node.left, node.right]
