from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.reasoning import Phase, ReasoningSplitter

TEXTS = st.lists(
    st.sampled_from(
        ["<think>", "</think>", "<thi", "nk>", "</", "think", ">", "<", "\n", " ", "a", "Hello ", "é", "日"]
    ),
    max_size=20,
).map("".join)


def split(chunks: list[str], phase: Phase = Phase.UNDECIDED) -> tuple[str, str]:
    """(reasoning, answer)"""
    splitter = ReasoningSplitter(phase)
    pieces = [piece for chunk in chunks for piece in splitter.feed(chunk)] + splitter.finish()
    assert all(piece.text for piece in pieces)
    reasoning = "".join(piece.text for piece in pieces if piece.is_reasoning)
    return reasoning, "".join(piece.text for piece in pieces if not piece.is_reasoning)


@pytest.mark.parametrize(
    ("text", "phase", "expected"),
    [
        ("Hello", Phase.UNDECIDED, ("", "Hello")),
        ("  Hello ", Phase.UNDECIDED, ("", "  Hello ")),
        ("<think>\nWhy?\n</think>\n\nSo.", Phase.UNDECIDED, ("Why?", "So.")),
        ("\n<think>a</think>b", Phase.UNDECIDED, ("a", "b")),
        ("Why?\n</think>\n\nSo.", Phase.OPENED, ("Why?", "So.")),
        ("<think>Why?</think>So.", Phase.OPENED, ("Why?", "So.")),
        ("<think>\n\n</think>\n\nSo.", Phase.UNDECIDED, ("", "So.")),
        ("The tag <think> opens", Phase.UNDECIDED, ("", "The tag <think> opens")),
        ("<think>a</think>b</think>c", Phase.UNDECIDED, ("a", "b</think>c")),
        ("<think>never ended </th", Phase.UNDECIDED, ("never ended </th", "")),
        ("<thin", Phase.UNDECIDED, ("", "<thin")),
        ("Ho", Phase.OPENED, ("Ho", "")),
        (" go on</think>x", Phase.REASONING, (" go on", "x")),
        ("<think> is a tag", Phase.ANSWER, ("", "<think> is a tag")),
    ],
)
def test_splits(text: str, phase: Phase, expected: tuple[str, str]) -> None:
    assert split([text], phase) == expected
    assert split(list(text), phase) == expected


@given(TEXTS, st.lists(st.integers(0, 60)), st.sampled_from(Phase))
def test_any_chunking_gives_the_same(text: str, cuts: list[int], phase: Phase) -> None:
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    chunks = [text[start:end] for start, end in itertools.pairwise(edges)]
    assert split(chunks, phase) == split([text], phase)


@given(TEXTS)
def test_only_tags_and_white_space_are_lost(text: str) -> None:
    reasoning, answer = split([text])
    kept = "".join((reasoning + answer).split())
    bare = "".join(text.split())
    assert bare in (
        kept,
        "<think>" + kept,
    ) or bare == f"<think>{''.join(reasoning.split())}</think>" + "".join(answer.split())


def test_what_is_certain_is_passed_on_at_once() -> None:
    splitter = ReasoningSplitter()
    assert not splitter.feed("<think>")
    assert splitter.in_reasoning
    assert [piece.text for piece in splitter.feed("one two")] == ["one two"]
    assert [piece.text for piece in splitter.feed(" three </thi")] == [" three"]
    assert [piece.text for piece in splitter.feed("nk>ok")] == ["ok"]
    assert not splitter.in_reasoning
