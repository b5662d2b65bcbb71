"""Disks: which one holds a folder, how large it is, how much is free."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import psutil

from engine.hardware.report import DiskInfo
from engine.hardware.volumes import is_writable, volumes


@dataclass(frozen=True, slots=True)
class Mount:
    point: str
    device: str
    filesystem: str


def probe_disk(folder: Path) -> DiskInfo:
    """The disk that holds `folder`, without its speed. A folder that is not there yet counts as
    its nearest parent that is. Raises: OSError."""
    there = nearest_existing(folder)
    mount = mount_of(there, _mounts())
    usage = psutil.disk_usage(str(there))
    return DiskInfo(
        path=str(folder),
        mount_point=mount.point,
        device=mount.device,
        filesystem=mount.filesystem,
        total_bytes=usage.total,
        free_bytes=usage.free,  # what this user may still write
        read=None,
        reason=None,
        writable=is_writable(there, volumes()),
    )


def nearest_existing(folder: Path) -> Path:
    """The folder itself or the nearest parent that exists, links resolved."""
    there = folder.absolute()
    while not there.exists() and there != there.parent:
        there = there.parent
    return there.resolve()


def mount_of(path: Path, mounts: Iterable[Mount]) -> Mount:
    """The mount with the longest point above `path`; of equals the last, which covers the others."""
    best = Mount(path.anchor or "/", "", "")
    for mount in mounts:
        if path.is_relative_to(mount.point) and len(mount.point) >= len(best.point):
            best = mount
    return best


def _mounts() -> list[Mount]:
    listed = psutil.disk_partitions(all=True)
    # An unreadable network drive of Windows has no file system name; it still is a mount.
    return [Mount(os.path.normpath(part.mountpoint), part.device, part.fstype) for part in listed]
