"""A control group of the kernel that limits memory, version 1 or 2; root makes one."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import TracebackType

_ROOT = Path("/sys/fs/cgroup")
_STEP = 1 << 20  # bytes


class MemoryGroup:
    """Raises: OSError, where it cannot be made."""

    def __init__(self, name: str) -> None:
        old = _ROOT / "memory"
        self._new = not old.is_dir()
        if self._new:
            with contextlib.suppress(OSError):  # it may be on already; if not, the limit below fails
                (_ROOT / "cgroup.subtree_control").write_text("+memory")
        self._folder = (_ROOT if self._new else old) / name
        self._folder.mkdir()
        try:
            self.limit(None)
        except OSError:
            self._folder.rmdir()
            raise

    def add(self, pid: int) -> None:
        """With its later children."""
        (self._folder / "cgroup.procs").write_text(str(pid))

    def used(self) -> int:
        """Bytes."""
        name = "memory.current" if self._new else "memory.usage_in_bytes"
        return int((self._folder / name).read_text())

    def limit(self, size: int | None) -> None:
        """Bytes; None for none."""
        name = "memory.max" if self._new else "memory.limit_in_bytes"
        unlimited = "max" if self._new else "-1"
        (self._folder / name).write_text(unlimited if size is None else str(size))

    def squeeze(self) -> None:
        """To about what is used now and cannot be given back."""
        size = self.used() // 2
        while True:
            with contextlib.suppress(OSError):  # version 1 refuses what it cannot reach
                self.limit(size)
                return
            size += _STEP

    def __enter__(self) -> MemoryGroup:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Those who are left in it move to the root."""
        root = _ROOT if self._new else _ROOT / "memory"
        for pid in (self._folder / "cgroup.procs").read_text().split():
            with contextlib.suppress(OSError):  # gone meanwhile
                (root / "cgroup.procs").write_text(pid)
        with contextlib.suppress(OSError):  # a process of it is still ending
            self._folder.rmdir()
