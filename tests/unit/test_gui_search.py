"""Counting words and walking from hit to hit, without a window."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gui.chat.search import Search, folded, places


@given(st.text())
def test_folding_keeps_every_place(text: str) -> None:
    assert len(folded(text)) == len(text)


def test_capitals_and_letters_that_grow_are_found() -> None:
    text = folded("İstanbul, ISTANBUL 注意力")
    assert list(places(text, folded("STANBUL"))) == [1, 11]
    assert list(places(text, "注意")) == [19]
    assert list(places("aaaa", "aa")) == [0, 2]
    assert list(places("aaaa", "")) == []


def test_walking_round_both_ends() -> None:
    search = Search()
    search.look_for("A", ["aa", "", "b a"])
    assert (search.total, search.number) == (3, 0)
    walked = []
    for _ in range(4):
        search.step(True, 1)
        walked.append((search.current, search.number))
    assert walked == [((2, 0), 3), ((0, 0), 1), ((0, 1), 2), ((2, 0), 3)]
    search.step(False, 1)
    assert search.current == (0, 1)
    search.look_for("a", ["aa", "", "b a"])
    search.step(False, 1)
    assert search.current == (0, 1)


def test_a_single_hit_is_followed_by_itself() -> None:
    search = Search()
    search.look_for("x", ["", "x", ""])
    search.step(True, 0)
    search.step(True, 0)
    search.step(False, 0)
    assert (search.current, search.number) == ((1, 0), 1)


def test_messages_that_change_or_go() -> None:
    search = Search()
    search.look_for("x", ["x", "xx"])
    search.step(False, 0)
    assert search.current == (1, 1)
    search.correct(1, "x")
    assert (search.current, search.total) == ((1, 0), 2)
    search.recount(1, [])
    assert (search.current, search.total) == (None, 1)
    search.look_for("nothing", ["x"])
    search.step(True, 0)
    assert search.current is None
