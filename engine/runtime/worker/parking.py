"""Parks conversations: what a slot holds goes to a state file, and comes back when it is asked for.

llama.cpp's context belongs to one thread, which every answer waits for. So that thread only copies
states to and from memory; the files are the keeper's.
"""

from __future__ import annotations

import errno
import mmap
import os
import sys
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from engine.hardware.memory import free_memory
from engine.runtime.state_files import DamagedState, StateFile, StateFolder, name_of
from engine.runtime.worker.context import Context
from engine.runtime.worker.keeper import Keeper
from engine.runtime.worker.slots import Beginning, Slot, common_prefix
from engine.runtime.worker.state_form import UnknownForm

LEAST_TOKENS = 128  # a shorter conversation is read again as quickly
_REST_S = 2.0  # a conversation is written once nobody has asked anything for so long ...
_WRITTEN_A_SECOND = 64 * 1024**2  # ... and for longer where much has to be written
_READ_A_SECOND = 750e6  # bytes: from the disk, checked, into the cache (measured: 11 MiB in 15 ms)
_OPENING_S = 0.005
_AROUND_BYTES = 256  # head and seal of a file, at most
_MEMORY_SHARE = 2  # copies take at most this part of the memory that is free


@dataclass(frozen=True, slots=True, eq=False)
class Fetched:
    """A state was read into memory, or could not be (None)."""

    name: str
    tokens: array[int]
    memory: memoryview | None


def open_parking(
    folder: str, key: str, budget_bytes: int, context: Context, deliver: Callable[[Fetched], None]
) -> Parking | None:
    """None when nothing is to be kept, or cannot be. `deliver` is called from another thread."""
    if not folder or budget_bytes <= 0:
        return None
    try:
        states = StateFolder(Path(folder), key, budget_bytes)
        states.clear_rubbish()
        return Parking(states, context, deliver)
    except OSError as error:
        _log(f"no conversations are kept: {error}")
        return None


class Parking:
    """Belongs to the thread of the context. Whatever goes wrong with a file is logged, and costs no more
    than reading a prompt again."""

    def __init__(self, folder: StateFolder, context: Context, deliver: Callable[[Fetched], None]) -> None:
        """Raises: OSError."""
        self._folder = folder
        self._context = context
        self._deliver = deliver
        self._keeper = Keeper()
        self._asked = ""  # name of the state that is being read
        self._fetched: Fetched | None = None
        self._states: dict[str, StateFile] = {}  # on disk, or soon: the keeper keeps the order
        for found in folder.found():
            if isinstance(found, StateFile):
                self._states[found.name] = found
            else:
                _log(f"deleted a damaged state: {found}")

    def beginnings(self, prompt: array[int]) -> Iterator[Beginning]:
        """The states that hold a beginning of the prompt."""
        if self._context.copying:
            return
        for state in self._states.values():
            held = len(state.tokens)
            length = min(common_prefix(state.tokens, prompt), len(prompt) - 1)
            if length < LEAST_TOKENS or held > self._context.length:
                continue
            if length == held or self._context.movable:
                seconds = _OPENING_S + state.size_bytes / _READ_A_SECOND
                yield Beginning(length, seconds, state=state.name)

    def length_of(self, name: str) -> int:
        """Tokens of a state."""
        return len(self._states[name].tokens)

    # from the disk
    @property
    def fetching(self) -> bool:
        return bool(self._asked)

    def holds(self, name: str) -> bool:
        """That state is in memory."""
        return self._fetched is not None and self._fetched.name == name

    def fetch(self, name: str) -> None:
        """Has it read into memory, one at a time; `arrived` is to be told."""
        if not self._asked:
            self.release()
            self._asked = name
            self._keeper.do(partial(self._read, name))

    def arrived(self, fetched: Fetched) -> None:
        self._asked = ""
        if fetched.memory is None or fetched.name not in self._states:
            self._states.pop(fetched.name, None)
        else:
            self._fetched = fetched

    def restore(self, slot: Slot, name: str) -> None:
        """Puts the tokens of a fetched state in an empty slot, or nothing where that fails."""
        fetched = self._fetched
        if fetched is None or fetched.memory is None or fetched.name != name:
            return
        if self._context.put_state(slot.sequence, fetched.memory, len(fetched.tokens)):
            slot.tokens.extend(fetched.tokens)
            self.release()
        else:
            _log("a state was of no use: llama.cpp refused it")
            self._fetched = None
            self._states.pop(name, None)
            self._keeper.do(partial(self._try, self._folder.drop, name))

    def release(self) -> None:
        """What was fetched is needed no more."""
        if self._fetched is not None:
            self._keeper.do(partial(self._try, self._folder.give_back, self._fetched.name))
            self._fetched = None

    def _read(self, name: str) -> None:
        """The keeper's."""
        memory: memoryview | None = None

        def place(lengths: Sequence[int]) -> Sequence[memoryview]:
            nonlocal memory
            memory = _memory(self._context.form.size(lengths))
            return self._context.form.lay_out(memory, lengths)

        tokens = array("i")
        try:
            tokens = self._folder.read(name, place)
        except (OSError, DamagedState, UnknownForm) as error:
            memory = None
            _log(f"a state was of no use: {error}")
        self._deliver(Fetched(name, tokens, memory))

    # to the disk
    def save(self, slot: Slot) -> None:
        """Keeps what a slot holds, if that is new, has a name and is long enough."""
        if not self._is_due(slot):
            return
        name = name_of(slot.conversation)
        size = self._context.state_bytes(slot.sequence)
        slot.parked_length = len(slot.tokens)  # or else it would be tried again at once
        if size > self._folder.budget_bytes:
            _log(f"no room on the disk for {size} bytes of a conversation")
            return
        try:
            if size > free_memory() // _MEMORY_SHARE:
                self._keeper.finish()  # what waits to be written takes memory too
            parts = self._context.take_state(slot.sequence, _memory(size))
        except (OSError, UnknownForm) as error:
            _log(f"a conversation could not be kept: {error}")
            return
        tokens = slot.tokens[:]
        self._states[name] = StateFile(self._folder.path(name), name, tokens, size)
        self._keeper.do(partial(self._write, name, tokens, parts, size))

    def rest_s(self, slot: Slot) -> float | None:
        """How long a slot has to be idle before it is written; None when there is nothing to write."""
        if not self._is_due(slot):
            return None
        size = self._context.sequence_bytes * len(slot.tokens) / self._context.length
        return _REST_S + size / _WRITTEN_A_SECOND

    def forget(self, conversation: str) -> None:
        """Deletes its states."""
        self._states.pop(name_of(conversation), None)
        if self.holds(name_of(conversation)):
            self.release()
        self._keeper.do(partial(self._try, self._folder.forget, conversation))

    def limit(self, budget_bytes: int) -> None:
        """Of the disk, from now on."""
        self._folder.budget_bytes = budget_bytes
        self._keeper.do(partial(self._try, self._folder.shrink))

    def finish(self) -> None:
        """Waits until all is on disk, what was read and is not used yet too."""
        self.release()
        if self._asked:
            self._keeper.do(partial(self._try, self._folder.give_back, self._asked))
        self._keeper.finish()

    def _is_due(self, slot: Slot) -> bool:
        length = len(slot.tokens)
        # Places and positions have to be the same, which `put_state` checks a state by.
        named = bool(slot.conversation) and length >= LEAST_TOKENS and not slot.shift
        return named and length != slot.parked_length and not self._context.copying

    def _write(self, name: str, tokens: array[int], parts: Sequence[memoryview], size: int) -> None:
        """The keeper's."""
        try:
            if self._folder.make_room(size + tokens.itemsize * len(tokens) + _AROUND_BYTES, name):
                self._folder.write(name, tokens, parts)
            else:
                _log(f"no room on the disk for {size} bytes of a conversation")
        except OSError as error:
            _log(f"a conversation could not be kept: {error}")

    def _try(self, action: Callable[..., None], *arguments: str) -> None:
        """The keeper's."""
        try:
            action(*arguments)
        except OSError as error:
            _log(f"a state could not be moved or deleted: {error}")


def _memory(size: int) -> memoryview:
    """Of zeros, taken from the system as it is written to, and given back when nobody holds it.
    Raises: OSError, where that would be too much of what is free."""
    if size > free_memory() // _MEMORY_SHARE:
        raise OSError(errno.ENOMEM, f"no memory for {size} bytes of a conversation")
    if sys.platform != "linux":
        return memoryview(mmap.mmap(-1, size))
    memory = mmap.mmap(-1, size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)  # 125 MiB are written in 70 ms in place of 140
    return memoryview(memory)


def _log(text: str) -> None:
    os.write(2, f"worker: {text}\n".encode("utf-8", "replace"))
