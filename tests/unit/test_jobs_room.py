"""Room in a full context: where reading begins, and what stands for the rest."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind, Role
from engine.errors import UsageError
from engine.jobs.room import begun_here, new_start, summary_request, turns_of


def message(number: int, role: Role, text: str) -> ChatMessage:
    parts = (Part(PartKind.TEXT, text),) if text else ()
    return ChatMessage(number, number - 1 or None, role, parts, MessageState.COMPLETE, 0.0)


def talk(*texts: str) -> tuple[ChatMessage, ...]:
    """Questions and answers in turn."""
    roles = (Role.USER, Role.ASSISTANT)
    return tuple(message(number + 1, roles[number % 2], text) for number, text in enumerate(texts))


def test_a_plain_conversation_is_read_whole() -> None:
    turns = turns_of(talk("a", "b", "c"))
    assert [(turn.role, turn.content) for turn in turns] == [("user", "a"), ("assistant", "b"), ("user", "c")]


def test_a_summary_stands_for_what_is_above() -> None:
    branch = talk("a", "b", "c", "d", "e")
    marked = (*branch[:2], begun_here(branch[2], "they spoke of a"), *branch[3:])
    turns = turns_of(marked)
    assert [turn.content for turn in turns[1:]] == ["c", "d", "e"]
    assert turns[0].role == "system"
    assert turns[0].content.endswith("they spoke of a")


def test_a_cut_leaves_nothing_in_its_place() -> None:
    branch = talk("a", "b", "c", "d", "e")
    marked = (*branch[:4], begun_here(branch[4], ""))
    assert [turn.content for turn in turns_of(marked)] == ["e"]


def test_the_order_of_the_system_stays() -> None:
    branch = (message(1, Role.SYSTEM, "be brief"), *talk("a", "b", "c"))
    marked = (*branch[:3], begun_here(branch[3], "short"))
    first, second = turns_of(marked)
    assert first.role == "system"
    assert first.content.startswith("be brief\n\n")
    assert first.content.endswith("short")
    assert second.content == "c"


def test_a_later_mark_takes_the_place_of_an_earlier_one() -> None:
    branch = talk("a", "b", "c", "d", "e", "f", "g")
    marked = (*branch[:2], begun_here(branch[2], "one"), branch[3], begun_here(branch[4], "two"), *branch[5:])
    assert [turn.content for turn in turns_of(marked)][1:] == ["e", "f", "g"]
    assert "one" not in turns_of(marked)[0].content
    assert new_start(marked).id == branch[6].id


def test_one_question_alone_cannot_be_cut() -> None:
    with pytest.raises(UsageError):
        new_start(talk("a very long question"))


def test_the_summary_is_asked_of_what_is_left_out() -> None:
    branch = talk("a", "b", "c", "d", "e")
    request = summary_request(branch, branch[2])
    assert [turn.content for turn in request.turns[:-1]] == ["a", "b"]
    assert request.turns[-1].role == "user"


@given(st.lists(st.text(min_size=1, max_size=30), min_size=3, max_size=30))
def test_each_new_start_leaves_less_to_read_and_keeps_the_last_question(texts: list[str]) -> None:
    branch = talk(*texts[: (len(texts) - 1) // 2 * 2 + 1])  # ends in a question
    before = len(turns_of(branch))
    while True:
        try:
            start = new_start(branch)
        except UsageError:
            break
        assert start.role is Role.USER
        branch = tuple(begun_here(entry, "") if entry.id == start.id else entry for entry in branch)
        turns = turns_of(branch)
        assert len(turns) < before
        assert turns[-1].content == branch[-1].text()
        before = len(turns)
