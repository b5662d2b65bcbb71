"""The model's memory on all sockets in turn, where a machine has several.

Linux puts a page near to the processor that touches it first. One thread loads a model, so that all of it
would lie behind the memory controllers of one socket, and the threads on the others would wait for those.
Page by page in turn, all controllers read at once. Pages of a file that come through the system's cache obey
the same rule; those that were there before stay where they are.
"""

from __future__ import annotations

import ctypes
import os
import platform
import sys
from collections.abc import Sequence

from engine.hardware.numa import nodes_at_hand

# Numbers of set_mempolicy and get_mempolicy; the C library has no functions for them.
_CALLS = {"x86_64": (238, 239), "aarch64": (237, 236)}
_DEFAULT, _INTERLEAVE = 0, 3  # <linux/mempolicy.h>
_BITS = 64  # of a word of the mask


def spread_memory() -> None:
    """Of a machine with one node nothing is changed."""
    if sys.platform != "linux":
        return
    nodes = nodes_at_hand(os.sched_getaffinity(0))
    if len(nodes) > 1:
        done = "spread over" if spread_over(nodes) else "left as it is, not spread over"
        sys.stderr.write(f"memory is {done} nodes {', '.join(map(str, nodes))}\n")


def spread_over(nodes: Sequence[int]) -> bool:
    """For what this thread, and those it starts, touch first from now on. False where a container forbids
    it, or where somebody has said already where memory is to lie (numactl)."""
    calls = _CALLS.get(platform.machine())
    if calls is None or not nodes:
        return False
    change, ask = calls
    system = ctypes.CDLL(None, use_errno=True).syscall
    system.restype = ctypes.c_long
    long, mode = ctypes.c_long, ctypes.c_int(_DEFAULT)
    if system(long(ask), ctypes.byref(mode), None, long(0), None, long(0)) != 0 or mode.value != _DEFAULT:
        return False
    words = max(nodes) // _BITS + 1
    mask = (ctypes.c_uint64 * words)()
    for node in nodes:
        mask[node // _BITS] |= 1 << node % _BITS
    # The kernel takes one bit less than it is told.
    return bool(system(long(change), long(_INTERLEAVE), mask, long(_BITS * words + 1)) == 0)
