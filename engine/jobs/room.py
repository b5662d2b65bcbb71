"""Room in a full context: the oldest messages are left out, or a summary stands for them.

The place where reading begins is kept in the tree, as a SUMMARY part of a question: what is
above that question is not read any more, and the part's text, if any, stands for it. Branches
that begin higher up are not touched, and nothing is erased.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from engine.chat.attachments import read_text
from engine.chat.conversation import ChatMessage, Part, PartKind, Role
from engine.chat.image_parts import images_of
from engine.errors import UsageError
from engine.runtime.values import IMAGE_MARK, GenerationRequest, Sampling, Turn, WhenFull

LONGEST_SUMMARY: Final = 512  # tokens
_KEPT_SHARE: Final = 0.5  # of the text that was read so far
_INTRODUCTION: Final = "Summary of the conversation so far, which is not shown here any more:"
# The model is asked in the words of instruct models; it answers in the conversation's language.
_ORDER: Final = (
    "Summarise our conversation so far in at most 300 words, in the language we used. Keep names, figures,"
    " decisions, code that matters and open questions. Write only the summary."
)


def turns_of(branch: tuple[ChatMessage, ...], system_prompt: str = "") -> tuple[Turn, ...]:
    """What a model reads of these messages: without reasoning, empty answers, and what lies above
    the last place where reading begins. Attached files stand before the words they were sent with."""
    start = _reading_start(branch)
    system = [system_prompt] if system_prompt.strip() else []
    system += [message.text() for message in branch[:start] if message.role is Role.SYSTEM]
    summary = branch[start].text(PartKind.SUMMARY) if branch[start:] else ""
    if summary:
        system.append(f"{_INTRODUCTION}\n{summary}")
    turns = [_turn_of(message) for message in branch[start:] if _is_read(message)]
    if system and turns and turns[0].role == "system":
        system.append(turns.pop(0).content)
    head = [Turn("system", "\n\n".join(system))] if system else []
    return tuple(head + turns)


def _is_read(message: ChatMessage) -> bool:
    return message.role is not Role.ASSISTANT or bool(read_text(message))


def _turn_of(message: ChatMessage) -> Turn:
    """Images stand in front of the words they were sent with."""
    images = images_of(message) if message.role is Role.USER else ()
    text = read_text(message)
    if not images:
        return Turn(message.role.value, text)
    content = IMAGE_MARK * len(images) + text.replace(IMAGE_MARK, "")
    return Turn(message.role.value, content, images=images)


def new_start(branch: tuple[ChatMessage, ...]) -> ChatMessage:
    """The question where reading shall begin, so that about half of what was read is left out.

    `branch` ends above the answer that found no room.
    Raises: UsageError, when there is only one question left to read.
    """
    readable = branch[_reading_start(branch) :]
    questions = [index for index, message in enumerate(readable) if message.role is Role.USER]
    later = questions[1:]
    if not later:
        raise UsageError.of("nothing_to_leave_out")
    most = _KEPT_SHARE * sum(len(read_text(message)) for message in readable)
    for index in later:
        if sum(len(read_text(message)) for message in readable[index:]) <= most:
            return readable[index]
    return readable[later[-1]]


def summary_request(branch: tuple[ChatMessage, ...], start: ChatMessage) -> GenerationRequest:
    """Asks for a summary of what will not be read any more when reading begins at `start`."""
    above = branch[: [message.id for message in branch].index(start.id)]
    return GenerationRequest(
        (*turns_of(above), Turn("user", _ORDER)),
        Sampling(temperature=0.3),
        LONGEST_SUMMARY,
        thinking=False,
        when_full=WhenFull.CUT,
    )


def begun_here(message: ChatMessage, summary: str) -> ChatMessage:
    """The question with the mark that reading begins at it."""
    others = tuple(part for part in message.parts if part.kind is not PartKind.SUMMARY)
    return replace(message, parts=(Part(PartKind.SUMMARY, summary), *others))


def _reading_start(branch: tuple[ChatMessage, ...]) -> int:
    marked = (
        index
        for index, message in enumerate(branch)
        if any(part.kind is PartKind.SUMMARY for part in message.parts)
    )
    return max(marked, default=0)
