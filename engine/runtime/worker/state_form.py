"""The form of a sequence's state in memory, taken apart so that it fits another context as well.

llama.cpp writes a cache room by room: how many rooms there are, then for each the number of its cells
and the cells. A sequence has cells in one room only; how many rooms there are besides, and which one is
its own, is a matter of how the context was made, not of the conversation. So the rooms are left out of
the parts that are kept, and those of the context at hand put around them again. What llama.cpp then
reads, it checks itself: layers, types, sizes of rows, and the end.

    magic, sequence | cache [| second cache] [| state of recurrent layers]
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

_HEAD = struct.Struct("<Ii")  # magic, the sequence; llama.cpp does not read the sequence
_HEAD_MAGIC = 0xAF143CD8
_NUMBER = struct.Struct("<I")
STATE_HEAD_BYTES = _HEAD.size


class UnknownForm(Exception):
    """A state that is not written as is described above."""


@dataclass(frozen=True, slots=True)
class StateForm:
    """Of the states of one context."""

    rooms: int  # of each cache: one for each sequence, or one that all share
    caches: int  # at the beginning of a state
    rest: bool  # something follows on the caches

    @property
    def portable(self) -> bool:
        """Nothing in the kept parts depends on the number of rooms."""
        return self.caches > 0 or self.rooms == 0

    def take_apart(self, state: memoryview, room: int, second: int) -> list[memoryview]:
        """The parts to keep. `room`: of the sequence. `second`: where what follows on the first cache
        begins, if anything does. Raises: UnknownForm."""
        if self.caches == 0:
            return [state[_HEAD.size :]]
        if self.caches == 1 and not self.rest:
            second = state.nbytes
        parts = [self._cells(state[_HEAD.size : second], room)]
        if self.caches == 2:
            parts.append(self._cells(state[second:], room))
        elif self.rest:
            parts.append(state[second:])
        return parts

    def size(self, lengths: Sequence[int]) -> int:
        """Bytes of a state of parts of these lengths."""
        return _HEAD.size + sum(lengths) + self.caches * self.rooms * _NUMBER.size

    def lay_out(self, state: memoryview, lengths: Sequence[int]) -> list[memoryview]:
        """Writes all but the parts in memory of zeros; returns the places of the parts.
        Raises: UnknownForm."""
        if len(lengths) != max(1, self.caches + self.rest):
            raise UnknownForm("it has another number of parts")
        _HEAD.pack_into(state, 0, _HEAD_MAGIC, 0)
        at = _HEAD.size
        places = []
        for number, length in enumerate(lengths):
            framed = number < self.caches
            if framed:
                _NUMBER.pack_into(state, at, self.rooms)
                at += _NUMBER.size
            places.append(state[at : at + length])
            # The cells stand in the first room; llama.cpp puts them in that of the sequence.
            at += length + (_NUMBER.size * (self.rooms - 1) if framed else 0)
        return places

    def _cells(self, cache: memoryview, room: int) -> memoryview:
        """Of the one room that holds any, with their number before them."""
        before, after = _NUMBER.size * room, _NUMBER.size * (self.rooms - 1 - room)
        start, end = _NUMBER.size + before, cache.nbytes - after
        empty = bytes(cache[_NUMBER.size : start]) + bytes(cache[end:])
        if end < start + _NUMBER.size or _NUMBER.unpack_from(cache)[0] != self.rooms or any(empty):
            raise UnknownForm("its caches are not written room by room")
        return cache[start:end]


def form_of(
    rooms: int, empty: int, empty_second: int, *, recurrent: bool, hybrid: bool, window: int
) -> StateForm:
    """Found from the sizes of the state of an empty sequence: of all of it, and without its first cache.
    Kinds of memory that are not known here keep their states as they are."""
    cache = _NUMBER.size * (1 + rooms)  # without cells
    whole = StateForm(rooms, 0, True)
    if recurrent:
        if not hybrid:
            return StateForm(0, 0, True)  # it has a row for each sequence, and no rooms
        return StateForm(rooms, 1, True) if empty - empty_second == cache and window == 0 else whole
    if empty == empty_second == _HEAD.size + cache:
        return StateForm(rooms, 1, False)
    if empty - empty_second == cache == empty_second - _HEAD.size:
        return StateForm(rooms, 2, False)
    return whole
