"""How much of a file the system keeps in memory: a load reads only the rest from the disk. Linux only."""

from __future__ import annotations

import ctypes
import logging
import mmap
import os
import sys
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_WINDOW = 1 << 30  # bytes that are looked at at once
_FAILED = ctypes.c_void_p(-1).value
_MAP_SHARED = 1
_ABSENT = bytes(range(0, 256, 2))


def cached_bytes(path: Path) -> int | None:
    """None where the system does not tell. Nothing is read: it takes milliseconds a GiB."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            size = os.fstat(file).st_size
            libc = _libc()
            windows = range(0, size, _WINDOW)
            return min(size, sum(_window(libc, file, at, min(_WINDOW, size - at)) for at in windows))
        finally:
            os.close(file)
    except OSError as error:
        log.warning("%s cannot be looked up in the system's cache: %s", path, error)
        return None


def _libc() -> Any:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    libc.mincore.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    return libc


def _window(libc: Any, file: int, at: int, length: int) -> int:
    """Bytes of one part. Raises: OSError."""
    address = libc.mmap(None, length, mmap.PROT_READ, _MAP_SHARED, file, at)
    if address == _FAILED:
        raise OSError(ctypes.get_errno(), "mmap")
    try:
        pages = ctypes.create_string_buffer(-(-length // mmap.PAGESIZE))
        if libc.mincore(address, length, pages):
            raise OSError(ctypes.get_errno(), "mincore")
        # The lowest bit is the answer, the others mean nothing.
        return len(pages.raw.translate(None, _ABSENT)) * mmap.PAGESIZE
    finally:
        libc.munmap(address, length)
