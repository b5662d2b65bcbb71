"""Parks conversations: what a slot holds goes to a state file, and comes back when it is asked for."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterator
from pathlib import Path

from engine.runtime.state_files import DamagedState, StateFile, StateFolder, name_of
from engine.runtime.worker.context import Context
from engine.runtime.worker.slots import Beginning, Slot, common_prefix

LEAST_TOKENS = 128  # a shorter conversation is read again as quickly
_REST_S = 2.0  # a conversation is written once nobody has asked anything for so long ...
_WRITTEN_A_SECOND = 64 * 1024**2  # ... and for longer where much has to be written
_READ_A_SECOND = 750e6  # bytes: from the disk, checked, into the cache (measured: 11 MiB in 15 ms)
_OPENING_S = 0.005


def open_parking(folder: str, key: str, budget_bytes: int, context: Context) -> Parking | None:
    """None when nothing is to be kept, or cannot be."""
    if not folder or budget_bytes <= 0:
        return None
    try:
        states = StateFolder(Path(folder), key, budget_bytes)
        states.clear_rubbish()
        return Parking(states, context)
    except OSError as error:
        _log(f"no conversations are kept: {error}")
        return None


class Parking:
    """Belongs to the thread of the context. Whatever goes wrong with a file is logged, and costs no more
    than reading a prompt again."""

    def __init__(self, folder: StateFolder, context: Context) -> None:
        """Raises: OSError."""
        self._folder = folder
        self._context = context
        self._states: dict[str, StateFile] = {}
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

    def restore(self, slot: Slot, name: str) -> None:
        """Puts the tokens of a state in an empty slot, or nothing where that fails."""
        state = self._states[name]
        try:
            with self._folder.lent(state) as path:
                tokens = self._context.load(slot.sequence, path, len(state.tokens))
                if tokens is None or tokens != state.tokens:
                    raise DamagedState(f"{path.name}: llama.cpp refused it")
                slot.tokens.extend(tokens)
        except (OSError, DamagedState) as error:
            self._states.pop(name, None)
            _log(f"a state was of no use: {error}")

    def save(self, slot: Slot) -> None:
        """Writes what a slot holds, if that is new, has a name and is long enough."""
        if not self._is_due(slot):
            return
        name = name_of(slot.conversation)
        try:
            size = self._context.state_bytes(slot.sequence) + slot.tokens.itemsize * len(slot.tokens)
            slot.parked_length = len(slot.tokens)  # or else it would be tried again at once
            if self._folder.make_room(size, name):
                self._write(slot, name)
            else:
                _log(f"no room on the disk for {size} bytes of a conversation")
        except (OSError, DamagedState) as error:
            _log(f"a conversation could not be kept: {error}")

    def rest_s(self, slot: Slot) -> float | None:
        """How long a slot has to be idle before it is written; None when there is nothing to write."""
        if not self._is_due(slot):
            return None
        size = self._context.sequence_bytes * len(slot.tokens) / self._context.length
        return _REST_S + size / _WRITTEN_A_SECOND

    def forget(self, conversation: str) -> None:
        """Deletes its states."""
        name = name_of(conversation)
        self._states.pop(name, None)
        try:
            self._folder.forget(conversation)
        except OSError as error:
            _log(f"a state could not be deleted: {error}")

    def _is_due(self, slot: Slot) -> bool:
        length = len(slot.tokens)
        named = bool(slot.conversation) and length >= LEAST_TOKENS
        return named and length != slot.parked_length and not self._context.copying

    def _write(self, slot: Slot, name: str) -> None:
        part = self._folder.part(name)
        try:
            if not self._context.save(slot.sequence, slot.tokens, part):
                raise DamagedState("llama.cpp could not write it")
            self._states[name] = self._folder.seal(part, name)
        finally:
            part.unlink(missing_ok=True)


def _log(text: str) -> None:
    os.write(2, f"worker: {text}\n".encode("utf-8", "replace"))
