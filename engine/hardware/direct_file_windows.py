"""A file on Windows that is read and written without buffering. Written from Microsoft's documentation.

A handle that was opened for waiting takes one call at a time, so that each thread has its own; an OVERLAPPED
then only says where to read.
"""

from __future__ import annotations

import ctypes
import itertools
import mmap
import os
import sys
from pathlib import Path
from typing import Any

_READ, _WRITE = 0x80000000, 0x40000000
_SHARED = 1 | 2 | 4  # to read, to write, to delete: by handles of our own
_CREATE_NEW, _OPEN_EXISTING = 1, 3
_NO_BUFFERING, _DELETE_ON_CLOSE = 0x20000000, 0x04000000
_INVALID = ctypes.c_void_p(-1).value
_numbers = itertools.count()  # `next` on it is atomic


class _Overlapped(ctypes.Structure):
    _fields_ = (
        ("internal", ctypes.c_size_t),
        ("internal_high", ctypes.c_size_t),
        ("offset", ctypes.c_uint32),
        ("offset_high", ctypes.c_uint32),
        ("event", ctypes.c_void_p),
    )


if sys.platform == "win32":

    def _kernel() -> Any:
        kernel = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel.CreateFileW.restype = ctypes.c_void_p
        kernel.CreateFileW.argtypes = [
            ctypes.c_wchar_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_void_p,
            ctypes.c_uint32,
            ctypes.c_uint32,
            ctypes.c_void_p,
        ]
        moved = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p]
        kernel.ReadFile.argtypes = kernel.WriteFile.argtypes = moved
        kernel.FlushFileBuffers.argtypes = kernel.CloseHandle.argtypes = [ctypes.c_void_p]
        return kernel

    class WindowsFile:
        """See DirectFile. The file is deleted with the last of its handles, however they are closed."""

        def __init__(self, path: Path, how: int) -> None:
            self._path = path
            self._kernel = _kernel()
            flags = _NO_BUFFERING | _DELETE_ON_CLOSE
            handle = self._kernel.CreateFileW(str(path), _READ | _WRITE, _SHARED, None, how, flags, None)
            if handle == _INVALID:
                raise ctypes.WinError(ctypes.get_last_error())
            self._handle = handle

        @classmethod
        def new(cls, folder: Path) -> WindowsFile:
            return cls(folder / f".deskside-read-test-{os.getpid()}-{next(_numbers)}", _CREATE_NEW)

        def again(self) -> WindowsFile:
            return WindowsFile(self._path, _OPEN_EXISTING)

        def read(self, buffer: mmap.mmap, offset: int) -> int:
            return self._move(self._kernel.ReadFile, buffer, offset)

        def write(self, buffer: mmap.mmap, offset: int) -> int:
            return self._move(self._kernel.WriteFile, buffer, offset)

        def _move(self, call: Any, buffer: mmap.mmap, offset: int) -> int:
            place = (ctypes.c_char * len(buffer)).from_buffer(buffer)
            where = _Overlapped(0, 0, offset & 0xFFFFFFFF, offset >> 32, None)
            done = ctypes.c_uint32()
            good = call(self._handle, place, len(buffer), ctypes.byref(done), ctypes.byref(where))
            del place  # else the buffer could not be closed
            if not good:
                raise ctypes.WinError(ctypes.get_last_error())
            return done.value

        def sync(self) -> None:
            if not self._kernel.FlushFileBuffers(self._handle):
                raise ctypes.WinError(ctypes.get_last_error())

        def close(self) -> None:
            self._kernel.CloseHandle(self._handle)
