"""A conversation: an immutable tree of messages made of typed parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from engine.chat.options import NOTHING_SET, ChatOptions


class Role(StrEnum):
    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class PartKind(StrEnum):
    TEXT = "text"
    REASONING = "reasoning"
    IMAGE = "image"  # body: a data URL
    TOOL_CALL = "tool_call"  # body: JSON
    SUMMARY = "summary"  # stands for everything above its message, which the model no longer reads
    FILE = "file"  # body: the file's name, a line break, its text


@dataclass(frozen=True, slots=True)
class Part:
    kind: PartKind
    body: str


class MessageState(StrEnum):
    COMPLETE = "complete"
    STREAMING = "streaming"  # being written; found after a restart it means interrupted
    STOPPED = "stopped"  # by the user
    INTERRUPTED = "interrupted"  # the worker or the program died; can be carried on
    CUT = "cut"  # ran into its token limit or the context's end; can be carried on


@dataclass(frozen=True, slots=True)
class AnswerStats:
    """Measured on one answer."""

    prompt_tokens: int
    reused_tokens: int  # part of the prompt found in the KV cache
    generated_tokens: int
    prompt_tps: float
    generation_tps: float
    time_to_first_token_s: float
    reasoning_tokens: int = 0
    reasoning_s: float = 0.0
    queue_s: float = 0.0  # waited for a slot
    prompt_s: float = 0.0  # read the prompt
    generation_s: float = 0.0  # wrote the answer
    evaluated_tokens: int = 0  # of the prompt, computed for this answer
    restored_tokens: int = 0  # part of the reused ones that came from a state file
    batch_width: float = 0.0  # mean number of answers in the batches of this one
    drafted_tokens: int = 0  # guessed from the text before (prompt lookup)
    accepted_tokens: int = 0  # of those, what the model would have written anyway
    remote: str = ""  # host of the endpoint that computed the answer; "" for this machine
    remote_told: bool = False  # the endpoint told its times; else they were measured from here
    energy_j: float = 0.0  # of the graphics cards while it was computed; 0 where they do not tell


@dataclass(frozen=True, slots=True)
class ChatMessage:
    id: int
    parent_id: int | None
    role: Role
    parts: tuple[Part, ...]
    state: MessageState
    created_at: float  # seconds since the epoch
    model: str = ""  # name of the model that wrote it
    stats: AnswerStats | None = None

    def text(self, kind: PartKind = PartKind.TEXT) -> str:
        """All parts of that kind, joined."""
        return "".join(part.body for part in self.parts if part.kind is kind)


class TitleBy(StrEnum):
    """Who gave a conversation its title: what a person chose is never replaced."""

    QUESTION = "question"  # the first line of the first question
    MODEL = "model"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class ConversationSummary:
    id: int
    title: str
    updated_at: float
    folder_id: int | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Folder:
    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TrashedConversation:
    id: int
    title: str
    deleted_at: float  # seconds since the epoch


@dataclass(frozen=True, slots=True)
class FilingView:
    """Everything there is, without the messages: pinned and last used first, folders by name, the last
    deleted first."""

    conversations: tuple[ConversationSummary, ...]
    folders: tuple[Folder, ...] = ()
    trash: tuple[TrashedConversation, ...] = ()


@dataclass(frozen=True, slots=True)
class Conversation:
    """`messages` holds the whole tree; `leaf_id` names the end of the branch that is shown."""

    id: int
    title: str
    messages: tuple[ChatMessage, ...]
    leaf_id: int | None
    options: ChatOptions = NOTHING_SET

    def branch(self) -> tuple[ChatMessage, ...]:
        """From the root to `leaf_id`."""
        return tuple(reversed(tuple(self._upwards())))

    def through(self, message_id: int) -> Conversation:
        """With the branch shown that goes through that message and ends with the newest one below it."""
        leaf_id, seen = message_id, {message_id}
        while below := [message.id for message in self.messages if message.parent_id == leaf_id]:
            # Ids grow, so the newest is the last; a damaged database may hold a loop.
            leaf_id = max(below)
            if leaf_id in seen:
                break
            seen.add(leaf_id)
        return replace(self, leaf_id=leaf_id)

    def _upwards(self) -> Iterator[ChatMessage]:
        by_id = {message.id: message for message in self.messages}
        seen: set[int] = set()
        current = self.leaf_id
        # A damaged database may hold a loop; each message is shown once.
        while current is not None and current in by_id and current not in seen:
            seen.add(current)
            yield by_id[current]
            current = by_id[current].parent_id
