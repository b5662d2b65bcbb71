"""How a model writes answers: where it thinks, and how it calls tools; seen from its chat template."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.reasoning import CLOSE_TAG, OPEN_TAG
from engine.runtime.worker.harmony import CHANNEL, HARMONY_TAGS, MESSAGE
from engine.runtime.worker.tool_formats import HERMES, ToolFormat, tool_format

_OTHER_TAGS = (
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command
)


@dataclass(frozen=True, slots=True)
class AnswerFormat:
    open_tag: str
    close_tag: str
    tools: ToolFormat
    harmony: bool = False  # messages in channels, as gpt-oss writes them (harmony.py)

    @property
    def tags(self) -> tuple[str, ...]:
        """What has to be seen of an answer even where it is a control token."""
        return HARMONY_TAGS if self.harmony else (self.open_tag, self.close_tag, *self.tools.tags)


THINK = AnswerFormat(OPEN_TAG, CLOSE_TAG, HERMES)


def answer_format(source: str) -> AnswerFormat:
    """Of a model with that chat template."""
    tags = (OPEN_TAG, CLOSE_TAG)
    if OPEN_TAG not in source:
        tags = next((pair for pair in _OTHER_TAGS if pair[0] in source), tags)
    return AnswerFormat(*tags, tool_format(source), harmony=CHANNEL in source and MESSAGE in source)
