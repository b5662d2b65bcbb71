"""State files: conversations that are idle, kept on disk with what a model has read of them.

    FOLDER/KEY/NAME.state      KEY: model, cache, build (worker/state_key.py); NAME: of the conversation

A file holds the tokens and the parts of a state (worker/state_form.py), and behind them a seal: length
and CRC-32 of what stands before, and the key. The CRC finds what a disk or a crash has changed, at a
quarter of a second a GiB, once written and once read. Nothing here trusts a file: one that is not what
it should be is deleted and reported as damaged.

A file has another ending while it is written (`.part`) and while it is given to llama.cpp (`.loading`):
one that kills the process that reads it is not tried again.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import struct
import time
import zlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SEAL = struct.Struct("<8s32sQI")  # magic, key, length, crc
_MAGIC = b"DSKSTAT2"
_HEAD = struct.Struct("<8sII")  # magic, number of tokens, number of parts; then tokens, then lengths
_HEAD_MAGIC = b"DSKHEAD2"
_BLOCK = 1024 * 1024
_MOST_TOKENS = 16_777_216
_MOST_PARTS = 8
_LEFT_FREE = 1024**3  # bytes of the disk that are never taken ...
_LEFT_FREE_SHARE = 20  # ... nor its last twentieth
_ABANDONED_S = 3600.0  # a file that was half written or half read that long ago is rubbish
_STATE, _PART, _LOADING = ".state", ".part", ".loading"

Place = Callable[[Sequence[int]], Sequence[memoryview]]  # memory for parts of these lengths


class DamagedState(Exception):
    """A file that is no state, or no longer; the text says why."""


@dataclass(frozen=True, slots=True)
class StateFile:
    """What is known of a file without loading it."""

    path: Path
    name: str
    tokens: array[int]
    size_bytes: int


def name_of(conversation: str) -> str:
    """The stem of its file: conversations may be called anything, files may not."""
    return hashlib.blake2b(conversation.encode("utf-8", "replace"), digest_size=16).hexdigest()


def forget(folder: Path, conversation: str) -> None:
    """Deletes the states of a conversation, of every model. Raises: OSError."""
    for path in folder.glob(f"*/{name_of(conversation)}.*"):
        _delete(path)


def sweep(folder: Path, conversations: Iterable[str], before: float) -> None:
    """Deletes the states of all other conversations that were last used before that moment (seconds since
    1970). Raises: OSError."""
    names = {name_of(conversation) for conversation in conversations}
    for used, path in states_of(folder, ""):
        if path.stem not in names and used < before:
            _delete(path)


def used_bytes(folder: Path) -> int:
    """Of all files there."""
    return sum(size for _, size, _ in _files(folder))


def shrink(folder: Path, budget_bytes: int) -> None:
    """Deletes the states unused for longest, of any key, until the budget is kept. Raises: OSError."""
    files = sorted(_files(folder))
    total = sum(size for _, size, _ in files)
    for _, size, path in files:
        if total <= budget_bytes:
            return
        _delete(path)
        total -= size


def states_of(folder: Path, beginning: str) -> list[tuple[float, Path]]:
    """Last use (seconds since 1970) and path of every state of the keys that begin so."""
    found = [(used, path) for used, _, path in _files(folder) if path.suffix == _STATE]
    return [entry for entry in found if entry[1].parent.name.startswith(beginning)]


class StateFolder:
    """The files of one key. Others may use the folder above it at the same time."""

    def __init__(self, folder: Path, key: str, budget_bytes: int) -> None:
        """`key`: 32 characters of ASCII that may stand in a file name. Raises: OSError."""
        self._above = folder
        self._key = key.encode("ascii")
        self.budget_bytes = budget_bytes  # of all keys together
        self.folder = folder / key
        for one in (folder, self.folder):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
            one.chmod(0o700)

    def path(self, name: str) -> Path:
        return self.folder / (name + _STATE)

    def found(self) -> Iterator[StateFile | DamagedState]:
        """Every state of this key; those that are damaged are deleted on the way."""
        for path in sorted(self.folder.glob(f"*{_STATE}")):
            try:
                yield self.look(path)
            except DamagedState as error:
                with contextlib.suppress(OSError):  # it is not looked at again in any case
                    _delete(path)
                yield error

    def look(self, path: Path) -> StateFile:
        """Reads head and seal, but not what is between. Raises: DamagedState."""
        try:
            with path.open("rb") as file:
                length = self._check_seal(file, path.name)[0]
                file.seek(0)
                tokens, _ = _head(file, length, path.name)
            return StateFile(path, path.stem, tokens, length + _SEAL.size)
        except OSError as error:
            raise DamagedState(f"{path.name}: {error.strerror or error}") from error

    def make_room(self, size_bytes: int, name: str) -> bool:
        """Deletes the states unused for longest, of any key, until so many bytes more keep to the budget
        and leave the disk some space. False when that cannot be. Raises: OSError."""
        if size_bytes > self.budget_bytes:
            return False
        replaced = self.path(name)
        files = sorted(entry for entry in _files(self._above) if entry[2] != replaced)
        total = sum(size for _, size, _ in files)
        if not self._disk_has(size_bytes - total):
            return False  # others fill it; deleting ours would not help
        for _, size, path in files:
            if total + size_bytes <= self.budget_bytes and self._disk_has(size_bytes):
                break
            _delete(path)
            total -= size
        return total + size_bytes <= self.budget_bytes and self._disk_has(size_bytes)

    def write(self, name: str, tokens: array[int], parts: Sequence[memoryview]) -> StateFile:
        """Replaces the state of that name, when all is written. Raises: OSError."""
        part = self.part(name)
        lengths = array("Q", [view.nbytes for view in parts])
        head = _HEAD.pack(_HEAD_MAGIC, len(tokens), len(parts))
        try:
            with part.open("r+b") as file:
                length, crc = _write(file, (head, tokens, lengths, *parts))
                file.write(_SEAL.pack(_MAGIC, self._key, length, crc))
            path = self.path(name)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)
        return StateFile(path, name, tokens, length + _SEAL.size)

    def part(self, name: str) -> Path:
        """Where a state is written before it is whole: empty, and nobody else's to read.
        Raises: OSError."""
        path = self.folder / f"{name}.{os.getpid()}{_PART}"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return path

    def read(self, name: str, place: Place) -> array[int]:
        """Reads the parts of a state into the memory that `place` gives, checked to the last bit, and
        returns its tokens. The file is put aside until `give_back`. Raises: DamagedState, and the file is
        deleted; OSError; what `place` raises."""
        aside = self.path(name).with_suffix(_LOADING)
        self.path(name).replace(aside)
        try:
            with aside.open("rb") as file:
                return self._read(file, aside.name, place)
        except DamagedState:
            _delete(aside)
            raise
        except BaseException:
            self.give_back(name)
            raise

    def give_back(self, name: str) -> None:
        """After `read`, when that state has not killed us: it counts as used now. Raises: OSError."""
        path = self.path(name)
        aside = path.with_suffix(_LOADING)
        with contextlib.suppress(FileNotFoundError):  # forgotten meanwhile
            if path.exists():
                _delete(aside)  # a newer one was written
                return
            aside.replace(path)
            os.utime(path)

    def drop(self, name: str) -> None:
        """After `read`, when it was of no use. Raises: OSError."""
        _delete(self.path(name).with_suffix(_LOADING))

    def forget(self, conversation: str) -> None:
        """Deletes the states of a conversation, of every key. Raises: OSError."""
        forget(self._above, conversation)

    def shrink(self) -> None:
        """To the budget. Raises: OSError."""
        shrink(self._above, self.budget_bytes)

    def clear_rubbish(self) -> None:
        """Deletes what processes left behind that ended in the middle. Raises: OSError."""
        before = time.time() - _ABANDONED_S
        for used, _, path in list(_files(self._above)):
            if path.suffix != _STATE and used < before:
                _delete(path)

    def _read(self, file: BinaryIO, name: str, place: Place) -> array[int]:
        expected = self._check_seal(file, name)
        file.seek(0)
        tokens, lengths = _head(file, expected[0], name)
        beginning = file.tell()
        file.seek(0)
        crc = zlib.crc32(file.read(beginning))
        for view in place(lengths):
            crc = _fill(file, view, crc, name)
        if crc != expected[1]:
            raise DamagedState(f"{name}: its checksum does not match")
        return tokens

    def _check_seal(self, file: BinaryIO, name: str) -> tuple[int, int]:
        """Length and CRC that the seal states."""
        length = file.seek(0, os.SEEK_END) - _SEAL.size
        if length < _HEAD.size:
            raise DamagedState(f"{name}: it is too short")
        file.seek(length)
        magic, key, stated, crc = _SEAL.unpack(file.read(_SEAL.size))
        if magic != _MAGIC or stated != length:
            raise DamagedState(f"{name}: it has no seal")
        if key != self._key:
            raise DamagedState(f"{name}: it belongs to another model")
        return length, crc

    def _disk_has(self, size_bytes: int) -> bool:
        disk = shutil.disk_usage(self.folder)
        return disk.free - size_bytes >= max(_LEFT_FREE, disk.total // _LEFT_FREE_SHARE)


def _head(file: BinaryIO, length: int, name: str) -> tuple[array[int], array[int]]:
    """The tokens, and the lengths of the parts; leaves the file where the parts begin."""
    magic, count, parts = _HEAD.unpack(file.read(_HEAD.size))
    tokens, lengths = array("i"), array("Q")
    room = length - _HEAD.size - parts * lengths.itemsize
    if magic != _HEAD_MAGIC or parts > _MOST_PARTS or not 0 < count <= min(_MOST_TOKENS, room // 4):
        raise DamagedState(f"{name}: it does not begin as a state does")
    tokens.frombytes(file.read(count * tokens.itemsize))
    lengths.frombytes(file.read(parts * lengths.itemsize))
    if file.tell() + sum(lengths) != length:
        raise DamagedState(f"{name}: its parts are not what it says")
    return tokens, lengths


def _write(file: BinaryIO, pieces: Iterable[bytes | array[int] | memoryview]) -> tuple[int, int]:
    """Returns their length in bytes and their CRC-32."""
    length = crc = 0
    for piece in pieces:
        view = memoryview(piece).cast("B")
        for start in range(0, view.nbytes, _BLOCK):
            block = view[start : start + _BLOCK]
            file.write(block)
            crc = zlib.crc32(block, crc)
        length += view.nbytes
    return length, crc


def _fill(file: BinaryIO, view: memoryview, crc: int, name: str) -> int:
    """Reads so many bytes; returns the CRC-32 of all up to here."""
    done = 0
    while done < view.nbytes:
        got = file.readinto(view[done : done + _BLOCK])  # type: ignore[attr-defined]
        if not got:
            raise DamagedState(f"{name}: it ends too early")
        crc = zlib.crc32(view[done : done + got], crc)
        done += got
    return crc


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Last use, size and path of every file of ours."""
    for path in folder.glob("*/*"):
        if path.suffix in (_STATE, _PART, _LOADING):
            with contextlib.suppress(FileNotFoundError):  # another worker deleted it
                status = path.stat()
                yield status.st_mtime, status.st_size, path


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
