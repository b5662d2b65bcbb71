"""What the transcript shows beside the words: summaries, where reading begins, tools, figures."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from engine.chat.conversation import AnswerStats, ChatMessage, Part, PartKind
from engine.events import ToolCalled
from engine.runtime.values import ToolCall
from gui.chat.part_rows import DetailsRow, MarkRow, SummaryRow, asked_tool
from tests.gui.chat_support import STATS, Chat, answer, conversation, make_chat, press, settle, user

MANY = AnswerStats(
    prompt_tokens=1200,
    reused_tokens=1000,
    generated_tokens=210,
    prompt_tps=412.0,
    generation_tps=31.2,
    time_to_first_token_s=2.81,
    reasoning_tokens=66,
    reasoning_s=2.1,
    queue_s=2.3,
    prompt_s=0.49,
    generation_s=6.7,
    evaluated_tokens=200,
    restored_tokens=300,
    batch_width=2.4,
    drafted_tokens=60,
    accepted_tokens=41,
)


@pytest.fixture
def chat(qtbot: QtBot) -> Chat:
    return make_chat(qtbot)


def marked(number: int, text: str, summary: str) -> ChatMessage:
    question = user(number, text)
    return replace(question, parts=(Part(PartKind.SUMMARY, summary), *question.parts))


def focus(chat: Chat, name: str) -> None:
    """Tab, until the button of that name has the focus."""
    transcript = chat.page.transcript
    transcript.setFocus()
    settle()
    while transcript.accessibleDescription() != name:
        assert transcript.focusNextPrevChild(True) and transcript.hasFocus(), f"no button {name}"


def rows(chat: Chat, kind: type) -> list[str]:
    return [row.text() for row in chat.page.transcript.visible_rows if isinstance(row, kind)]


def test_a_summary_stands_folded_where_reading_begins(chat: Chat) -> None:
    chat.open(
        conversation(
            user(1, "old question"), answer(2, "old"), marked(3, "new", "They *met*."), answer(4, "A")
        )
    )
    assert rows(chat, MarkRow) == ["The model reads from here on, and this summary of what is above"]
    assert rows(chat, SummaryRow) == ["Summary of what came before"]
    assert "old question" in chat.shown() and "They met" not in chat.shown()
    focus(chat, "Summary of what came before")
    press(chat.page.transcript, Qt.Key.Key_Return)
    assert "They met." in chat.shown()
    press(chat.page.transcript, Qt.Key.Key_Space)
    assert "They met." not in chat.shown()


def test_forgetting_is_marked_without_a_summary(chat: Chat) -> None:
    chat.open(conversation(user(1, "old"), answer(2, "old"), marked(3, "new", ""), answer(4, "A")))
    assert rows(chat, MarkRow) == ["The model reads from here on; what is above is forgotten"]
    assert rows(chat, SummaryRow) == []


def test_only_the_last_mark_is_where_reading_begins(chat: Chat) -> None:
    chat.open(
        conversation(user(1, "a"), answer(2, "b"), marked(3, "c", "s"), answer(4, "d"), marked(5, "e", ""))
    )
    assert rows(chat, MarkRow) == [
        "For a while the model read from here on",
        "The model reads from here on; what is above is forgotten",
    ]


def test_details_open_and_close_by_keyboard(chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A", stats=MANY)))
    assert "31 tokens/s · first token 2.8 s · 210 tokens" in chat.shown()
    assert rows(chat, DetailsRow) == []
    focus(chat, "Details")
    press(chat.page.transcript, Qt.Key.Key_Return)
    (words,) = rows(chat, DetailsRow)
    assert words == chat.page.transcript.accessibleDescription()
    assert words.splitlines() == [
        "Measured on this machine while this answer was written.",
        "Waited in the queue: 2.30 s (measured)",
        "Read the prompt: 0.49 s · 412 tokens/s (measured)",
        "First token after: 2.81 s (measured)",
        "Wrote the answer: 6.70 s · 31.2 tokens/s (measured)",
        "Prompt: 1,200 tokens (measured)",
        "Computed for this answer: 200 tokens (measured)",
        "Known from before (KV cache): 1,000 tokens (measured)",
        "Of these, brought back from disk: 300 tokens (measured)",
        "Answer: 210 tokens (measured)",
        "Of these, reasoning: 66 tokens · 2.10 s (measured)",
        "Foreseen from the text before: 41 tokens of 60 (measured)",
        "Answers computed together: 2.4 on average (measured)",
    ]
    press(chat.page.transcript, Qt.Key.Key_Return)
    assert rows(chat, DetailsRow) == []


def test_details_open_by_mouse(qtbot: QtBot, chat: Chat) -> None:
    chat.open(conversation(user(1, "Q"), answer(2, "A", stats=MANY)))
    transcript = chat.page.transcript
    (target,) = [target for target, action in transcript._targets() if action.key == "details"]
    placed = next(placed for placed in transcript._placed if (placed.box, placed.index) == target[:2])
    action = next(action for found, action in transcript._targets() if found == target)
    centre = action.rect.center().toPoint()
    centre.setX(round(centre.x() + transcript._column_left()))
    centre.setY(round(centre.y() + placed.y))
    qtbot.mouseClick(transcript.viewport(), Qt.MouseButton.LeftButton, pos=centre)
    assert len(rows(chat, DetailsRow)) == 1


def test_figures_from_elsewhere_say_so(chat: Chat) -> None:
    told = replace(MANY, remote="api.example.com", remote_told=True)
    chat.open(conversation(user(1, "Q"), answer(2, "A", stats=told)))
    assert "on api.example.com · 31 tokens/s" in chat.shown()
    chat.page.transcript.toggle_details(1)
    assert "Computed on api.example.com, which told these figures itself." in chat.shown()
    assert "Prompt: 1,200 tokens (told by api.example.com)" in chat.shown()
    assert "First token after: 2.81 s (measured)" in chat.shown()
    timed = replace(STATS, remote="api.example.com")
    chat.open(conversation(user(1, "Q"), answer(2, "A", stats=timed), number=8))
    chat.page.transcript.toggle_details(1)
    assert "times were measured from this machine" in chat.shown()
    assert "Answer: 210 tokens (told or counted)" in chat.shown()


def test_a_tool_that_was_asked_for_is_shown_and_not_called(qtbot: QtBot, chat: Chat) -> None:
    job = chat.begin_answer("Weather?")
    chat.stream(job, "Let me see.")
    chat.desk.tell(ToolCalled(job, ToolCall("1", "get_weather", '{"city": "Bern"}')))
    settle()
    body = '{"id": "1", "name": "get_weather", "arguments": "{\\"city\\": \\"Bern\\"}"}'
    ended = answer(2, "Let me see.", 1)
    chat.end_answer(job, replace(ended, parts=(*ended.parts, Part(PartKind.TOOL_CALL, body))))
    assert "The model asked for the tool get_weather." in chat.shown()
    assert '{"city": "Bern"}' in chat.shown()


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("nonsense {", "?"),
        ("[1]", "?"),
        ("[" * 5000, "?"),
        ('{"name": "a\\n b"}', "a b"),
        ('{"name": null}', "None"),
    ],
)
def test_hostile_tool_calls_are_shown_as_text(body: str, name: str) -> None:
    assert asked_tool(body).name == name
    assert len(asked_tool('{"name": "%s"}' % ("x" * 9000)).name) == 100
