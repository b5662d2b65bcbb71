"""Where a user's engine and window listen, and who may be there.

A socket in a folder that only its owner can enter: in the runtime folder of the session, else in
the state folder, else (a socket's path has room for some hundred bytes only) in the folder for
temporary files. The host writes the address into the state folder, so that clients with another
environment find it all the same. On Windows it is a named pipe with a key.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.paths import Paths

ENGINE = "engine"
_LONGEST_ADDRESS = 100  # bytes; Linux has room for 107, macOS for 103
_LARGEST_NOTE = 4096  # bytes


@dataclass(frozen=True, slots=True)
class Address:
    """`key` is shown when connecting, on Windows; elsewhere the folder's owner is the key."""

    text: str
    key: str = ""


class AddressError(Exception):
    """There is no safe place to listen at, or what stands there is not ours."""


def new_address(paths: Paths, kind: str = ENGINE) -> Address:
    """An address to listen at; `kind` is who listens. Raises: AddressError, when no folder is fit for it."""
    if sys.platform == "win32":
        return Address(rf"\\.\pipe\deskside-{secrets.token_hex(16)}", secrets.token_hex(32))
    refusals = []
    for folder in _folders(paths):
        address = folder / f"{_mark(paths)}{'' if kind == ENGINE else '-' + kind}.sock"
        if len(os.fsencode(address)) > _LONGEST_ADDRESS:
            refusals.append(f"{folder}: too long for a socket")
            continue
        try:
            _make_private(folder)
            _clear(address)
        except (AddressError, OSError) as error:
            refusals.append(f"{folder}: {error}")
            continue
        return Address(str(address))
    raise AddressError("; ".join(refusals))


def write_address(paths: Paths, address: Address, kind: str = ENGINE) -> None:
    """Tells clients. Raises: OSError."""
    note = _note(paths, kind)
    fresh = note.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"address": address.text, "key": address.key}, file)
    fresh.replace(note)


def read_address(paths: Paths, kind: str = ENGINE) -> Address | None:
    """Where that listener says it is; None without one. Raises: AddressError, when something else
    than our own socket stands there."""
    try:
        with _note(paths, kind).open("rb") as file:
            body = file.read(_LARGEST_NOTE)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise AddressError(f"{_note(paths, kind)}: {error.strerror}") from error
    address = _parse(body)
    if address is not None and sys.platform != "win32":
        _check(Path(address.text))
    return address


def forget_address(paths: Paths, address: Address, kind: str = ENGINE) -> None:
    """After it has stopped listening."""
    if sys.platform != "win32":
        Path(address.text).unlink(missing_ok=True)
    _note(paths, kind).unlink(missing_ok=True)


def _note(paths: Paths, kind: str) -> Path:
    return paths.state / f"{kind}.json"


def _parse(body: bytes) -> Address | None:
    """None for a note that makes no sense: its host is starting over."""
    try:
        note: Any = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(note, dict):
        return None
    text, key = note.get("address"), note.get("key")
    if not isinstance(text, str) or not isinstance(key, str) or not text or "\0" in text:
        return None
    if sys.platform != "win32" and not Path(text).is_absolute():
        return None
    return Address(text, key)


def _folders(paths: Paths) -> Iterator[Path]:
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if runtime and Path(runtime).is_absolute() and Path(runtime).is_dir():
        yield Path(runtime) / "deskside"
    yield paths.state / "engine"
    yield Path(tempfile.gettempdir()) / f"deskside-{os.geteuid()}"


def _mark(paths: Paths) -> str:
    """Differs for every set of folders, so that a trial installation has an engine of its own."""
    places = "\0".join(str(folder.resolve()) for folder in (paths.data, paths.config, paths.state))
    return hashlib.sha256(os.fsencode(places)).hexdigest()[:20]


def _make_private(folder: Path) -> None:
    """Raises: AddressError, OSError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and found.st_mode & 0o077:
        folder.chmod(0o700)
    _check_private(folder)


def _check_private(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode):
        raise AddressError("not a folder of its own")
    if found.st_uid != os.geteuid():
        raise AddressError("owned by another user")
    if found.st_mode & 0o077:
        raise AddressError("open to other users")


def _clear(address: Path) -> None:
    """Removes the socket of a host that has died. Raises: AddressError, for anything else."""
    try:
        found = address.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) and not stat.S_ISLNK(found.st_mode):
        raise AddressError(f"{address.name} is in the way")
    address.unlink()  # a link is removed, never followed


def _check(address: Path) -> None:
    """Raises: AddressError, when this is not a socket of ours in a folder of ours."""
    try:
        _check_private(address.parent)
        found = address.lstat()
    except FileNotFoundError:
        return  # its host is gone; connecting says so
    except OSError as error:
        raise AddressError(f"{address}: {error.strerror}") from error
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise AddressError(f"{address} is not a socket of this user")
