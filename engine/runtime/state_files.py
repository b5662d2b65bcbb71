"""State files: conversations that are idle, kept on disk with what a model has read of them.

    FOLDER/KEY/NAME.state      KEY: model, build, cache (worker/parking.py); NAME: of the conversation

A file is what llama.cpp writes (its head holds the tokens) and behind it a seal: length and CRC-32 of
what stands before, and the key. The CRC finds what a disk or a crash has changed, at a quarter of a
second a GiB, once written and once read. Nothing here trusts a file: one that is not what it should be
is deleted and reported as damaged.

A file has another ending while it is written (`.part`) and while llama.cpp reads it (`.loading`): one
that kills the process that reads it is not tried again.
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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_SEAL = struct.Struct("<8s32sQI")  # magic, key, length, crc
_MAGIC = b"DSKSTAT1"
# llama.h: LLAMA_STATE_SEQ_MAGIC "ggsq", LLAMA_STATE_SEQ_VERSION, then the number of tokens
_HEAD = struct.Struct("<III")
_LLAMA_MAGIC = 0x67677371
_BLOCK = 1024 * 1024
_MOST_TOKENS = 16_777_216
_LEFT_FREE = 1024**3  # bytes of the disk that are never taken ...
_LEFT_FREE_SHARE = 20  # ... nor its last twentieth
_ABANDONED_S = 3600.0  # a file that was half written or half read that long ago is rubbish
_STATE, _PART, _LOADING = ".state", ".part", ".loading"


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


def used_bytes(folder: Path) -> int:
    """Of all files there."""
    return sum(size for _, size, _ in _files(folder))


class StateFolder:
    """The files of one key. Others may use the folder above it at the same time."""

    def __init__(self, folder: Path, key: str, budget_bytes: int) -> None:
        """`key`: 32 characters of ASCII that may stand in a file name. Raises: OSError."""
        self._above = folder
        self._key = key.encode("ascii")
        self._budget = budget_bytes
        self.folder = folder / key
        for one in (folder, self.folder):
            one.mkdir(parents=True, exist_ok=True, mode=0o700)
            one.chmod(0o700)

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
                tokens = _tokens(file, length, path.name)
            return StateFile(path, path.stem, tokens, length + _SEAL.size)
        except OSError as error:
            raise DamagedState(f"{path.name}: {error.strerror or error}") from error

    def make_room(self, size_bytes: int, name: str) -> bool:
        """Deletes the states unused for longest, of any key, until so many bytes more keep to the budget
        and leave the disk some space. False when that cannot be. Raises: OSError."""
        if size_bytes > self._budget:
            return False
        replaced = self.folder / (name + _STATE)
        files = sorted(entry for entry in _files(self._above) if entry[2] != replaced)
        total = sum(size for _, size, _ in files)
        if not self._disk_has(size_bytes - total):
            return False  # others fill it; deleting ours would not help
        for _, size, path in files:
            if total + size_bytes <= self._budget and self._disk_has(size_bytes):
                break
            _delete(path)
            total -= size
        return total + size_bytes <= self._budget and self._disk_has(size_bytes)

    def part(self, name: str) -> Path:
        """Where a state is written before it is sealed: empty, and nobody else's to read.
        Raises: OSError."""
        path = self.folder / f"{name}.{os.getpid()}{_PART}"
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
        return path

    def seal(self, part: Path, name: str) -> StateFile:
        """Makes a written part the state of that name. Raises: OSError, DamagedState."""
        with part.open("r+b") as file:
            length, crc = _crc(file)
            file.write(_SEAL.pack(_MAGIC, self._key, length, crc))
        path = self.folder / (name + _STATE)
        part.replace(path)
        return self.look(path)

    @contextlib.contextmanager
    def lent(self, state: StateFile) -> Iterator[Path]:
        """The file for llama.cpp to read, checked to the last bit. It comes back only when the block ends
        well, and counts as used then. Raises: DamagedState, OSError; the file is deleted."""
        path = state.path.with_suffix(_LOADING)
        state.path.replace(path)
        try:
            self._check(path)
            yield path
            path.replace(state.path)
            os.utime(state.path)
        except BaseException:
            _delete(path)
            raise

    def forget(self, conversation: str) -> None:
        """Deletes the states of a conversation, of every key. Raises: OSError."""
        forget(self._above, conversation)

    def clear_rubbish(self) -> None:
        """Deletes what processes left behind that ended in the middle. Raises: OSError."""
        before = time.time() - _ABANDONED_S
        for used, _, path in list(_files(self._above)):
            if path.suffix != _STATE and used < before:
                _delete(path)

    def _check(self, path: Path) -> None:
        with path.open("rb") as file:
            expected = self._check_seal(file, path.name)
            file.seek(0)
            if _crc(file, expected[0]) != expected:
                raise DamagedState(f"{path.name}: its checksum does not match")

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


def _tokens(file: BinaryIO, length: int, name: str) -> array[int]:
    magic, _version, count = _HEAD.unpack(file.read(_HEAD.size))
    tokens = array("i")
    if magic != _LLAMA_MAGIC or not 0 < count <= min(_MOST_TOKENS, length // tokens.itemsize):
        raise DamagedState(f"{name}: it does not begin as a state does")
    tokens.frombytes(file.read(count * tokens.itemsize))
    return tokens


def _crc(file: BinaryIO, length: int | None = None) -> tuple[int, int]:
    """Of the next `length` bytes, or of all: their number and their CRC-32."""
    done = crc = 0
    while block := file.read(_BLOCK if length is None else min(_BLOCK, length - done)):
        done += len(block)
        crc = zlib.crc32(block, crc)
    return done, crc


def _files(folder: Path) -> Iterator[tuple[float, int, Path]]:
    """Last use, size and path of every file of ours."""
    for path in folder.glob("*/*"):
        if path.suffix in (_STATE, _PART, _LOADING):
            with contextlib.suppress(FileNotFoundError):  # another worker deleted it
                status = path.stat()
                yield status.st_mtime, status.st_size, path


def _delete(path: Path) -> None:
    path.unlink(missing_ok=True)
