"""The transcript's own words about an answer: how long it was thought about, how fast it came."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from engine.chat.conversation import AnswerStats, ChatMessage, MessageState
from gui.chat.answer_rows import FooterWords
from gui.chat.message_box import Thought, is_unfinished
from gui.chat.part_rows import AskedTool, VersionWords


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
    buttons = []
    if message.stats is not None and message.stats.generated_tokens:
        buttons.append(("details", QCoreApplication.translate("Transcript", "Details"), "chevron"))
    buttons.append(("copy", QCoreApplication.translate("Transcript", "Copy"), "copy"))
    if not busy:
        again = QCoreApplication.translate("Transcript", "Regenerate")
        buttons.append(("regenerate", again, "retry"))
    hint = measured_words(message.stats)
    speed = _speed(message.stats, locale)
    return FooterWords(_state(message.state), speed, hint if speed else "", tuple(buttons), carry_on)


def measured_words(stats: AnswerStats | None) -> str:
    """Where the figures of an answer come from."""
    if stats is None or not stats.remote:
        return QCoreApplication.translate(
            "Transcript", "Measured on this machine while this answer was written."
        )
    if stats.remote_told:
        words = QCoreApplication.translate(
            "Transcript", "Computed on {host}, which told these figures itself."
        )
    else:
        words = QCoreApplication.translate(
            "Transcript", "Computed on {host}; times were measured from this machine."
        )
    return words.format(host=stats.remote)


def reading_words(now: bool, summed_up: bool) -> tuple[str, str]:
    """The line where reading begins, and the title of the summary. `now`: not only at an earlier time."""
    if not now:
        line = QCoreApplication.translate("Transcript", "For a while the model read from here on")
    elif summed_up:
        line = QCoreApplication.translate(
            "Transcript", "The model reads from here on, and this summary of what is above"
        )
    else:
        line = QCoreApplication.translate(
            "Transcript", "The model reads from here on; what is above is forgotten"
        )
    return line, QCoreApplication.translate("Transcript", "Summary of what came before")


def tool_words(tool: AskedTool) -> str:
    """A call of a tool that the window cannot make."""
    words = QCoreApplication.translate(
        "Transcript", "The model asked for the tool {name}. Chats have no tools, so it was not called."
    )
    return words.format(name=tool.name)


def version_words(place: int, count: int, locale: QLocale, busy: bool) -> VersionWords | None:
    """Arrows to other versions of a message; `place` is counted from 1. None where it is the only one."""
    if count < 2:
        return None
    earlier = QCoreApplication.translate("Transcript", "Earlier version (Alt+Left)")
    later = QCoreApplication.translate("Transcript", "Later version (Alt+Right)")
    hint = QCoreApplication.translate(
        "Transcript", "Version {place} of {count}: Alt+Left and Alt+Right show the others"
    )
    return VersionWords(
        f"{locale.toString(place)}/{locale.toString(count)}",
        earlier if place > 1 and not busy else "",
        later if place < count and not busy else "",
        hint.format(place=locale.toString(place), count=locale.toString(count)),
    )


def _speed(stats: AnswerStats | None, locale: QLocale) -> str:
    if stats is None or not stats.generated_tokens:
        return ""
    digits = 0 if stats.generation_tps >= 10 else 1
    figures = {
        "speed": locale.toString(stats.generation_tps, "f", digits),
        "first": locale.toString(stats.time_to_first_token_s, "f", 1),
        "tokens": locale.toString(stats.generated_tokens),
        "host": stats.remote,
    }
    if stats.remote:
        words = QCoreApplication.translate("Transcript", "on {host} · {speed} tokens/s · {tokens} tokens")
    else:
        words = QCoreApplication.translate(
            "Transcript", "{speed} tokens/s · first token {first} s · {tokens} tokens"
        )
    return words.format(**figures)


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
