"""An answer while it is waited for and written."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from engine.chat.attachments import AttachedFile
from engine.chat.conversation import ChatMessage, Part, PartKind
from engine.events import PromptProgressed, TokenDelta
from gui.chat.message_box import Thought


@dataclass(slots=True)
class LiveAnswer:
    """A job of ours that writes an answer, or will. `message` is None until the answer began."""

    conversation_id: int | None  # None: a conversation that is not begun yet
    draft: str = ""  # what was sent; "" once it is stored
    files: tuple[AttachedFile, ...] = ()  # that were sent with it
    message: ChatMessage | None = None
    pieces: list[tuple[str, bool]] = field(default_factory=list)  # (text, is reasoning)
    progress: PromptProgressed | None = None
    thought_tokens: int = 0
    thought_begin: float = 0.0
    thought_end: float = 0.0
    text_begun: bool = False  # something has arrived
    answer_begun: bool = False  # something that is not reasoning
    stopping: bool = False
    ended: bool = False  # the message is stored; the job itself may still be at work
    detached: bool = False  # the user left before the conversation had an id
    summarising: bool = False  # the beginning is summed up before the answer goes on
    prompt_tokens: int = 0  # of the prompt, as far as it was told
    written_tokens: int = 0
    nearly_full: bool = False  # that was said

    def read(self, progress: PromptProgressed) -> None:
        self.progress = progress
        self.prompt_tokens = progress.total

    def add_to_summary(self, delta: TokenDelta) -> None:
        self.progress = None
        self.written_tokens += delta.tokens

    def begin(self, message: ChatMessage) -> None:
        """The answer begins, or goes on."""
        self.message, self.pieces = message, []
        self.summarising = False
        self.progress = None
        self.prompt_tokens = self.written_tokens = 0

    def add(self, delta: TokenDelta) -> None:
        self.pieces.append((delta.text, delta.reasoning))
        self.progress = None
        self.text_begun = True
        self.written_tokens += delta.tokens
        if delta.reasoning:
            self.thought_begin = self.thought_begin or time.monotonic()
            self.thought_end = time.monotonic()
            self.thought_tokens += delta.tokens
        elif delta.text.strip():
            self.answer_begun = True

    def thought(self) -> Thought:
        return Thought(self.thought_tokens, self.thought_end - self.thought_begin, self.answer_begun)

    def so_far(self) -> ChatMessage:
        """The message with everything that has arrived."""
        assert self.message is not None
        if self.pieces:
            reasoning = "".join(text for text, thinks in self.pieces if thinks)
            answer = "".join(text for text, thinks in self.pieces if not thinks)
            parts = (Part(PartKind.REASONING, reasoning), Part(PartKind.TEXT, answer))
            self.message = replace(self.message, parts=(*self.message.parts, *(p for p in parts if p.body)))
            self.pieces = []
        return self.message
