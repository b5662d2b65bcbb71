"""States without the rooms of the context they come from: any state fits any number of rooms."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.worker.state_form import StateForm, UnknownForm, form_of

rooms = st.integers(1, 8)
cells = st.binary(min_size=4, max_size=40)


def cache(count: int, room: int, content: bytes) -> bytes:
    """As llama.cpp writes one."""
    return struct.pack("<I", count) + bytes(4 * room) + content + bytes(4 * (count - 1 - room))


def head(sequence: int) -> bytes:
    return struct.pack("<Ii", 0xAF143CD8, sequence)


@given(st.data(), st.integers(0, 2), st.booleans(), st.lists(cells, min_size=3, max_size=3), rooms, rooms)
def test_a_state_goes_from_any_context_to_any_other(
    data: st.DataObject, caches: int, rest: bool, contents: list[bytes], before: int, after: int
) -> None:
    rest = rest if caches == 1 else caches == 0
    room = data.draw(st.integers(0, before - 1))
    framed, raw = contents[:caches], contents[2] if rest else b""
    written = head(room) + b"".join(cache(before, room, one) for one in framed) + raw
    second = len(head(0)) + len(cache(before, room, framed[0])) if framed else 0
    parts = StateForm(before, caches, rest).take_apart(memoryview(written), room, second)
    form, lengths = StateForm(after, caches, rest), [part.nbytes for part in parts]
    memory = bytearray(form.size(lengths))
    for place, part in zip(form.lay_out(memoryview(memory), lengths), parts, strict=True):
        place[:] = part
    assert bytes(memory) == head(0) + b"".join(cache(after, 0, one) for one in framed) + raw


def test_what_is_not_written_room_by_room_is_refused() -> None:
    form = StateForm(4, 1, False)
    content = b"\1\0\0\0cells"
    for strange in (cache(3, 1, content), cache(4, 2, content), b"\4\0\0\0", b""):
        with pytest.raises(UnknownForm):
            form.take_apart(memoryview(head(0) + strange), 1, 0)
    with pytest.raises(UnknownForm):
        form.lay_out(memoryview(bytearray(100)), [1, 1])


def test_the_form_is_found_from_empty_states() -> None:
    frame = 4 + 4 * 4

    def form(
        first: int, second: int, recurrent: bool = False, hybrid: bool = False, window: int = 0
    ) -> StateForm:
        sizes = 8 + first + second, 8 + second
        return form_of(4, *sizes, recurrent=recurrent, hybrid=hybrid, window=window)

    assert form_of(4, 8 + frame, 8 + frame, recurrent=False, hybrid=False, window=0) == StateForm(4, 1, False)
    assert form(frame, frame, window=512) == StateForm(4, 2, False)
    assert form(frame, 200, recurrent=True, hybrid=True) == StateForm(4, 1, True)
    assert form(0, 200, recurrent=True).portable
    assert not form(0, 2 * frame).portable, "two caches that are not told apart"
    assert not form(frame, 200, recurrent=True, hybrid=True, window=512).portable
    assert not form(frame + 4, frame).portable
