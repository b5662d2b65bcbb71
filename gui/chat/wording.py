"""The transcript's own words about an answer: how long it was thought about, how fast it came."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from engine.chat.conversation import AnswerStats, ChatMessage, MessageState
from gui.chat.message_box import Thought, is_unfinished
from gui.chat.rows import FooterWords


def thought_title(thought: Thought, locale: QLocale) -> str:
    """The line that stands for the reasoning."""
    tokens = locale.toString(thought.tokens)
    if not thought.done:
        if not thought.tokens:
            return QCoreApplication.translate("Transcript", "Thinking …")
        return QCoreApplication.translate("Transcript", "Thinking … · {tokens} tokens").format(tokens=tokens)
    if not thought.tokens:
        return QCoreApplication.translate("Transcript", "Thought before answering")
    seconds = round(thought.seconds)
    if seconds == 1:
        words = QCoreApplication.translate("Transcript", "Thought for 1 second · {tokens} tokens")
    elif seconds < 1:
        words = QCoreApplication.translate("Transcript", "Thought for a moment · {tokens} tokens")
    else:
        words = QCoreApplication.translate("Transcript", "Thought for {seconds} seconds · {tokens} tokens")
    return words.format(seconds=locale.toString(seconds), tokens=tokens)


def footer_words(message: ChatMessage, locale: QLocale, last: bool, busy: bool) -> FooterWords:
    """What stands under an answer. Only the last one can be carried on."""
    carry_on = ""
    if last and not busy and is_unfinished(message):
        carry_on = QCoreApplication.translate("Transcript", "Carry on")
    buttons = [("copy", QCoreApplication.translate("Transcript", "Copy"), "copy")]
    if not busy:
        again = QCoreApplication.translate("Transcript", "Regenerate")
        buttons.append(("regenerate", again, "retry"))
    hint = QCoreApplication.translate("Transcript", "Measured on this machine while this answer was written.")
    speed = _speed(message.stats, locale)
    return FooterWords(_state(message.state), speed, hint if speed else "", tuple(buttons), carry_on)


def _speed(stats: AnswerStats | None, locale: QLocale) -> str:
    if stats is None or not stats.generated_tokens:
        return ""
    words = QCoreApplication.translate(
        "Transcript", "{speed} tokens/s · first token {first} s · {tokens} tokens"
    )
    digits = 0 if stats.generation_tps >= 10 else 1
    return words.format(
        speed=locale.toString(stats.generation_tps, "f", digits),
        first=locale.toString(stats.time_to_first_token_s, "f", 1),
        tokens=locale.toString(stats.generated_tokens),
    )


def _state(state: MessageState) -> str:
    if state is MessageState.STOPPED:
        return QCoreApplication.translate("Transcript", "You stopped this answer.")
    if state is MessageState.CUT:
        return QCoreApplication.translate(
            "Transcript", "This answer was cut at its token limit or at the end of the context."
        )
    if state in (MessageState.INTERRUPTED, MessageState.STREAMING):
        return QCoreApplication.translate(
            "Transcript", "This answer was interrupted. What had arrived is kept."
        )
    return ""
