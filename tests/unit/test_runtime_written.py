"""Answers in the tokens they were drawn in: found by their text, within limits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.worker.written import Written


def test_the_longest_known_text_is_found() -> None:
    written = Written()
    written.keep("ab", [1, 2], "")
    written.keep("abcd", [1, 9], "")
    assert written.beginning("abcde") == ([1, 9], "e")
    assert written.beginning("abc") == ([1, 2], "c")
    assert written.beginning("xabc") == ([], "xabc")


def test_a_conversation_is_forgotten_alone() -> None:
    written = Written()
    written.keep("ab", [1], "one")
    written.keep("abc", [2], "two")
    written.forget("two")
    assert written.beginning("abc") == ([1], "c")


@given(st.lists(st.tuples(st.text("ab", max_size=6), st.integers(0, 3)), max_size=20))
def test_it_stays_within_its_limits(kept: list[tuple[str, int]]) -> None:
    written = Written(most_texts=3, most_characters=8)
    for text, conversation in kept:
        written.keep(text, [len(text)], str(conversation))
        tokens, rest = written.beginning(text)
        assert tokens == [len(text)] or (not tokens and not text)
        assert len(rest) == 0
    assert len(written._known) <= 3
    assert sum(map(len, written._known)) == written._characters <= 8
