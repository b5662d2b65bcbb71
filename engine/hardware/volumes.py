"""Every local disk that could hold models, beside the one that does."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

# Where the data of such a file system is: elsewhere, in memory, or in an image that cannot be written.
_NOT_LOCAL = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "afpfs", "webdav", "9p", "ceph", "glusterfs"})
_NOT_DISKS = frozenset(
    {"squashfs", "iso9660", "udf", "overlay", "autofs", "devfs", "erofs", "efivarfs", "tmpfs", "ramfs"}
)
_REMOTE_FUSE = ("fuse.sshfs", "fuse.rclone", "fuse.s3fs", "fuse.gvfsd", "fuse.portal", "fuse.snapfuse")
# The system's own corners, where nobody wants a model.
_SYSTEM_POINTS = ("/boot", "/snap", "/var/lib/docker", "/var/snap", "/efi", "/System", "/private/var/vm")
_LEAST_TOTAL = 4 * 2**30  # no model of use fits on less
_MOST_VOLUMES = 16


@dataclass(frozen=True, slots=True)
class Volume:
    point: str
    device: str
    filesystem: str
    options: tuple[str, ...]  # "rw", "ro", "fixed", "removable", ...

    @property
    def read_only(self) -> bool:
        return "ro" in self.options


def volumes() -> tuple[Volume, ...]:
    """What is mounted now. Raises: OSError."""
    listed = psutil.disk_partitions(all=False)
    return tuple(
        Volume(os.path.normpath(part.mountpoint), part.device, part.fstype, tuple(part.opts.split(",")))
        for part in listed
    )


def could_hold_models(volume: Volume) -> bool:
    """A disk of this machine, by what the system says of it alone: nothing is touched."""
    filesystem = volume.filesystem.lower()
    if filesystem in _NOT_LOCAL | _NOT_DISKS or filesystem.startswith(_REMOTE_FUSE):
        return False
    if sys.platform == "win32" and not {"fixed", "removable"} & set(volume.options):
        return False
    point = volume.point
    return not any(point == system or point.startswith(f"{system}/") for system in _SYSTEM_POINTS)


def further_folders(
    known: Sequence[Path],
    mounted: Iterable[Volume],
    total_bytes: Callable[[Path], int] = lambda point: psutil.disk_usage(str(point)).total,
    device: Callable[[Path], int] = lambda path: path.stat().st_dev,
) -> tuple[Path, ...]:
    """Mount points of disks that hold none of the `known` folders, each disk once.

    A disk that does not answer is left out. May hang on a dying disk: call it with a time limit.
    """
    seen = {device(folder) for folder in known if folder.exists()}
    found: list[Path] = []
    for volume in mounted:
        point = Path(volume.point)
        try:
            # A file bound into a container has a mount point of its own, but is no place for files.
            if not could_hold_models(volume) or not point.is_dir() or total_bytes(point) < _LEAST_TOTAL:
                continue
            number = device(point)
        except OSError:
            continue  # unplugged meanwhile, or not ours to look at
        if number not in seen and len(found) < _MOST_VOLUMES:
            seen.add(number)
            found.append(point)
    return tuple(found)


def is_writable(folder: Path, mounted: Iterable[Volume]) -> bool:
    """Whether this user could keep models there; `folder` exists."""
    covering = [volume for volume in mounted if folder.is_relative_to(volume.point)]
    nearest = max(covering, key=lambda volume: len(volume.point), default=None)
    return not (nearest is not None and nearest.read_only) and os.access(folder, os.W_OK)
