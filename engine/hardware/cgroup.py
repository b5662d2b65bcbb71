"""Limits that control groups (v1 and v2) put on this process: memory and processor time.

Every function takes the root of the file system, so that a test can hand in a made-up tree.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

# v1 writes "no limit" as the largest page-aligned int64; anything near it is no limit.
_UNLIMITED_BYTES = 2**60


@dataclass(frozen=True, slots=True)
class MemoryLimit:
    """`available_bytes` counts the file cache of the group as available: the kernel drops it on demand."""

    limit_bytes: int
    available_bytes: int


def read_text(path: Path) -> str:
    """A small text file, "" where there is none or it may not be read."""
    try:
        return path.read_text("utf-8", "replace").strip()
    except (OSError, ValueError):
        return ""


def read_number(path: Path) -> int | None:
    """A file that holds one integer; None for anything else."""
    return _number(read_text(path))


def memory_limit(root: Path = Path("/")) -> MemoryLimit | None:
    """The tightest memory limit from this process's group up to the top; None without one."""
    found: list[MemoryLimit] = []
    for folder in _group_folders(root, "memory"):
        limit = _limit_of_v1(folder) if (folder / "memory.limit_in_bytes").exists() else _limit_of_v2(folder)
        if limit is not None:
            found.append(limit)
    if not found:
        return None
    return MemoryLimit(
        limit_bytes=min(limit.limit_bytes for limit in found),
        available_bytes=max(0, min(limit.available_bytes for limit in found)),
    )


def cpu_quota(root: Path = Path("/")) -> float | None:
    """Processors' worth of time that the tightest group may use, e.g. 1.5; None without a limit."""
    quotas = [quota for folder in _group_folders(root, "cpu") if (quota := _quota_of(folder)) is not None]
    return min(quotas, default=None)


def _limit_of_v1(folder: Path) -> MemoryLimit | None:
    stat = _statistics(folder / "memory.stat")
    limit = read_number(folder / "memory.limit_in_bytes")
    # An ancestor outside of this container's view shows only here.
    limits = [value for value in (limit, stat.get("hierarchical_memory_limit")) if value is not None]
    cache = stat.get("total_inactive_file", 0) + stat.get("total_active_file", 0)
    return _limit(min(limits, default=None), read_number(folder / "memory.usage_in_bytes"), cache)


def _limit_of_v2(folder: Path) -> MemoryLimit | None:
    stat = _statistics(folder / "memory.stat")
    cache = stat.get("inactive_file", 0) + stat.get("active_file", 0)
    # "max" is not a number: no limit. Above `memory.high` the kernel takes back and brakes: no room to work.
    limits = [read_number(folder / name) for name in ("memory.max", "memory.high")]
    limit = min((each for each in limits if each), default=None)
    return _limit(limit, read_number(folder / "memory.current"), cache)


def _limit(limit: int | None, used: int | None, cache: int) -> MemoryLimit | None:
    if limit is None or not 0 < limit < _UNLIMITED_BYTES:
        return None
    used = used or 0
    return MemoryLimit(limit, limit - used + min(cache, used))


def _quota_of(folder: Path) -> float | None:
    words = read_text(folder / "cpu.max").split()
    if not words:
        words = [read_text(folder / "cpu.cfs_quota_us"), read_text(folder / "cpu.cfs_period_us")]
    if len(words) != 2:
        return None
    quota, period = _number(words[0]), _number(words[1])
    if quota is None or period is None or quota <= 0 or period <= 0:
        return None  # "max", or -1: no limit
    return quota / period


def _group_folders(root: Path, controller: str) -> Iterator[Path]:
    """The folders of this process's groups, leaf first, then its ancestors up to the mount point."""
    groups = _own_groups(root)
    for kind, mount_root, mount_point in _mounts(root, controller):
        group = groups.get(controller if kind == "cgroup" else "")
        if group is None:
            continue
        top = root.joinpath(*mount_point.parts[1:])
        inside = group.relative_to(mount_root) if group.is_relative_to(mount_root) else PurePosixPath()
        if ".." in inside.parts:
            inside = PurePosixPath()
        leaf = top / inside
        for depth in range(len(inside.parts) + 1):
            folder = leaf if depth == 0 else leaf.parents[depth - 1]
            if folder.is_dir():
                yield folder


def _own_groups(root: Path) -> dict[str, PurePosixPath]:
    """Controller name → group path; "" is the v2 hierarchy."""
    groups: dict[str, PurePosixPath] = {}
    for line in read_text(root / "proc/self/cgroup").splitlines():
        fields = line.split(":", 2)
        if len(fields) == 3 and fields[2].startswith("/"):
            for name in fields[1].split(","):
                groups[name] = PurePosixPath(fields[2])
    return groups


def _mounts(root: Path, controller: str) -> Iterator[tuple[str, PurePosixPath, PurePosixPath]]:
    """(kind, root of the mount inside its hierarchy, mount point) of cgroup mounts with that controller."""
    for line in read_text(root / "proc/self/mountinfo").splitlines():
        left, _, right = line.partition(" - ")
        place, kind = left.split(), right.split()
        if len(place) < 5 or len(kind) < 3 or kind[0] not in ("cgroup", "cgroup2"):
            continue
        if kind[0] == "cgroup" and controller not in kind[2].split(","):
            continue
        yield kind[0], PurePosixPath(place[3]), PurePosixPath(place[4])


def _statistics(path: Path) -> dict[str, int]:
    """Lines of "name number"."""
    pairs = (line.split() for line in read_text(path).splitlines())
    return {pair[0]: value for pair in pairs if len(pair) == 2 and (value := _number(pair[1])) is not None}


def _number(text: str) -> int | None:
    try:
        return int(text[:32])
    except ValueError:
        return None
