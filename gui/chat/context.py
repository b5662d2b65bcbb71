"""How full a conversation's context is, from what was counted while answers were written."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.chat.conversation import ChatMessage, MessageState, PartKind, Role
from engine.messages import Sentence

NEARLY_FULL: Final = 0.85  # of the window


@dataclass(frozen=True, slots=True)
class ContextUse:
    """`used` of `window` tokens, both counted, not guessed; 0 where nobody told."""

    used: int
    window: int
    message_id: int  # the answer that ended, or was refused, for want of room
    full: bool = False
    single: bool = False  # one question alone fills it: there is nothing older to leave out
    host: str = ""  # of the endpoint whose context it is; "" for this machine

    @property
    def share(self) -> float:
        return self.used / self.window if self.window else 0.0

    @property
    def key(self) -> tuple[int, bool]:
        """The same for everything that one notice says while the figures grow."""
        return self.message_id, self.full

    @property
    def worth_saying(self) -> bool:
        return self.full or self.share >= NEARLY_FULL


@dataclass(frozen=True, slots=True)
class ContextParts:
    """What the context of a conversation holds, in tokens; all counted."""

    prompt: int
    reasoning: int
    answer: int
    window: int
    message_id: int  # the answer at which it was counted

    @property
    def used(self) -> int:
        return self.prompt + self.reasoning + self.answer

    @property
    def left(self) -> int:
        return max(0, self.window - self.used)


def parts_of(message: ChatMessage, window: int) -> ContextParts | None:
    """Of an answer that has ended; None where nothing was counted, or the window is not known."""
    stats = message.stats
    if stats is None or not stats.prompt_tokens or window <= 0:
        return None
    answer = max(0, stats.generated_tokens - stats.reasoning_tokens)
    return ContextParts(stats.prompt_tokens, stats.reasoning_tokens, answer, window, message.id)


def use_of(messages: Sequence[ChatMessage], window: int) -> ContextUse | None:
    """What the last answer took of a window of that many tokens; None where nothing was counted."""
    last = messages[-1] if messages else None
    if last is None or last.role is not Role.ASSISTANT or last.stats is None or window <= 0:
        return None
    used = last.stats.prompt_tokens + last.stats.generated_tokens
    if not used:
        return None
    # The last token that was drawn is never read, so a full context counts one more or less.
    full = last.state is MessageState.CUT and used >= window - 1
    return ContextUse(min(used, window), window, last.id, full, host=last.stats.remote)


def refused(failure: Sentence, message_id: int) -> ContextUse | None:
    """What a failure says about a context that is full; None for every other failure."""
    if failure.code == "prompt_too_long":
        needed, available = failure.values["needed"], failure.values["available"]
        if isinstance(needed, int) and isinstance(available, int):
            return ContextUse(needed, available + 1, message_id, True)
    if failure.code == "remote_context_full":
        return ContextUse(0, 0, message_id, True, host=str(failure.values["host"]))
    return None


def has_one_question(messages: Sequence[ChatMessage]) -> bool:
    """True when no question but the last one is read by the model."""
    count = 0
    for message in reversed(messages):
        if message.role is Role.USER:
            count += 1
            if count > 1:
                return False
            if any(part.kind is PartKind.SUMMARY for part in message.parts):
                return True
    return True
