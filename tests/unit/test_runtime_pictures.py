"""Pictures among tokens: what stands for them, where they end, and what a cut may keep."""

from __future__ import annotations

from array import array

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.worker.slots import Slot, usable
from engine.runtime.worker.vision.pictures import Picture, Sight, ids_for, place

DIGESTS = st.text("0123456789abcdef", min_size=32, max_size=32)
PART = st.one_of(
    st.lists(st.integers(0, 49_151), max_size=6),
    st.tuples(DIGESTS, st.integers(0, 3), st.integers(1, 12), st.integers(1, 12)),
)


class Anywhere:
    """A cache that can be cut to any length; remembers at which position."""

    position = -1

    def keeps(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        self.position = min(length, held) - shift
        return min(length, held)


def prompt_of(parts: list) -> tuple[list[int], Sight]:
    tokens: list[int] = []
    pictures = []
    for part in parts:
        if isinstance(part, list):
            tokens += part
            continue
        digest, number, cells, positions = part
        picture = Picture(ids_for(digest, number, cells), min(positions, cells), digest, number)
        pictures.append(picture)
        tokens += picture.ids
    # the same part of the same image has one size
    known = {picture.ids[0]: picture for picture in pictures}
    if any(len(known[picture.ids[0]].ids) != len(picture.ids) for picture in pictures):
        return [], Sight((), {})
    return tokens, Sight(place(tokens, pictures), {})


@given(digest=DIGESTS, number=st.integers(0, 50), count=st.integers(3, 300))
def test_ids_are_below_zero_and_tell_images_apart(digest: str, number: int, count: int) -> None:
    ids = ids_for(digest, number, count)
    assert len(ids) == count
    assert max(ids) < 0
    assert ids == ids_for(digest, number, count)
    assert ids != ids_for(digest, number + 1, count)
    assert ids != ids_for("0" * 32 if digest != "0" * 32 else "1" * 32, number, count)


@given(st.lists(PART, max_size=6))
def test_every_cell_is_a_token_or_in_a_picture(parts: list) -> None:
    tokens, sight = prompt_of(parts)
    inside = {cell for one in sight.placed for cell in range(one.start, one.end)}
    assert inside == {cell for cell, token in enumerate(tokens) if token < 0}
    cell = 0
    while cell < len(tokens):  # as the scheduler walks: text, picture, text ...
        end = sight.text_until(cell, len(tokens))
        assert all(token >= 0 for token in tokens[cell:end])
        placed = sight.at(end)
        assert placed is not None or end == len(tokens)
        cell = placed.end if placed else end


@given(st.lists(PART, max_size=6), st.data())
def test_positions_grow_and_no_picture_is_cut(parts: list, data: st.DataObject) -> None:
    tokens, sight = prompt_of(parts)
    length = data.draw(st.integers(0, len(tokens)))
    whole = sight.whole(length)
    assert whole <= length
    assert not any(one.start < whole < one.end for one in sight.placed)
    positions = [cell - sight.shift(cell) for cell in range(len(tokens) + 1) if sight.whole(cell) == cell]
    assert positions == sorted(set(positions))


@given(st.lists(PART, min_size=1, max_size=6), st.lists(PART, max_size=3))
def test_what_is_kept_of_a_slot_ends_before_or_behind_a_picture(parts: list, others: list) -> None:
    tokens, sight = prompt_of(parts)
    held, _ = prompt_of([*parts[:2], *others])
    slot, reach = Slot(0, array("i", held)), Anywhere()
    if not tokens:
        return
    length = usable(reach, slot, array("i", tokens), sight)
    assert length < len(tokens)
    assert sight.whole(length) == length
    assert held[:length] == tokens[:length]
    if length:
        assert reach.position == length - sight.shift(length) > 0
