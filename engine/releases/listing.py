"""The list of versions: believed only when a key that is trusted here has signed it.

One file, so that one request is enough: its first line is the signature of all that follows, which is JSON.

    {"made": 1795770000, "releases": [{"version": "0.2.0", "notes": "...", "installers": [
        {"kind": "deb", "system": "linux", "machine": "x86_64", "file": "...", "size": 1, "sha256": "..."}]}]}
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Final

from engine.errors import UpdateError
from engine.signatures import is_signed

LARGEST_LIST: Final = 1 << 20  # bytes
KINDS: Final = ("deb", "appimage", "exe", "dmg")
_LARGEST_INSTALLER: Final = 2 << 30  # bytes
_MOST_RELEASES: Final = 100
_MOST_INSTALLERS: Final = 50
_LONGEST_NOTES: Final = 20_000
_LATEST: Final = 1 << 40  # seconds
_VERSION: Final = re.compile(r"(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}", re.ASCII)
_WORD: Final = re.compile(r"[a-z0-9_]{1,20}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Installer:
    kind: str  # one of KINDS
    system: str  # as `sys.platform` has it
    machine: str  # as `platform.machine` has it, in lower case
    file: str  # beside the list
    size: int  # bytes
    sha256: str


@dataclass(frozen=True, slots=True)
class Release:
    version: str  # "0.2.0"
    notes: str  # printable lines
    installers: tuple[Installer, ...]


@dataclass(frozen=True, slots=True)
class ReleaseList:
    made: int  # seconds since the epoch
    releases: tuple[Release, ...]

    def newer_than(self, version: str) -> Release | None:
        """The newest, if it is newer than that."""
        newest = max(self.releases, key=lambda one: version_number(one.version), default=None)
        if newest is None or version_number(newest.version) <= version_number(version):
            return None
        return newest


def version_number(text: str) -> tuple[int, ...]:
    """For comparing. Raises: ValueError, for what is no version X.Y.Z."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text[:40]!r} is no version")
    return tuple(map(int, found.groups()))


def read_list(document: bytes, keys: Sequence[bytes]) -> ReleaseList:
    """Raises: UpdateError, when no trusted key has signed these very bytes, or they make no sense."""
    signature, _, body = document.partition(b"\n")
    if not is_signed(body, signature, keys):
        raise UpdateError.of("release_unsigned")
    try:
        stored = json.loads(body)
        made, entries = stored["made"], stored["releases"]
        if type(made) is not int or not 0 <= made < _LATEST:
            raise ValueError("no date")
        return ReleaseList(made, tuple(map(_release, _bounded(entries, _MOST_RELEASES))))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UpdateError.of("release_damaged", reason=str(error)[:200]) from error


def _release(entry: Any) -> Release:
    """Unknown fields are left for later versions. Raises: ValueError, KeyError, TypeError."""
    version, notes = entry["version"], entry["notes"]
    if type(version) is not str or type(notes) is not str or len(notes) > _LONGEST_NOTES:
        raise ValueError("a version without a name or with notes beyond reason")
    version_number(version)
    readable = "".join(mark for mark in notes if mark == "\n" or mark.isprintable())
    installers = tuple(map(_installer, _bounded(entry["installers"], _MOST_INSTALLERS)))
    return Release(version, readable.strip(), installers)


def _installer(entry: Any) -> Installer:
    """Raises: ValueError, KeyError, TypeError."""
    values = {each.name: entry[each.name] for each in fields(Installer)}
    for name, value in values.items():
        if type(value) is not (int if name == "size" else str):
            raise ValueError(f"{name} is no {'size' if name == 'size' else 'text'}")
    if not _NAME.fullmatch(values["file"]):
        raise ValueError("a name that could leave its folder")
    if not all(_WORD.fullmatch(values[name]) for name in ("kind", "system", "machine")):
        raise ValueError("an installer of no known form")
    if not _SHA256.fullmatch(values["sha256"]) or not 0 < values["size"] <= _LARGEST_INSTALLER:
        raise ValueError("an installer without a checksum, or of a size beyond reason")
    return Installer(**values)


def _bounded(entries: Any, most: int) -> list[Any]:
    if not isinstance(entries, list) or len(entries) > most:
        raise ValueError("no list, or one beyond reason")
    return entries
