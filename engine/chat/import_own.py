"""Reads what `export.py` wrote as JSON; anything in it may be wrong."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from engine.chat.codec import storable
from engine.chat.conversation import (
    AnswerStats,
    ChatMessage,
    Conversation,
    MessageState,
    Part,
    PartKind,
    Role,
    TitleBy,
)
from engine.chat.export import FORMAT
from engine.chat.filing import LONGEST_TITLE
from engine.chat.options import options_from_dict
from engine.chat.record import ConversationRecord

_LONGEST_UID: Final = 100
_LATEST: Final = 4e9  # seconds since the epoch: what lies behind is no time
_MOST_ID: Final = 2**62


def is_own(document: Any) -> bool:
    return isinstance(document, dict) and document.get("format") == FORMAT


def own_records(document: Mapping[str, Any]) -> Iterator[ConversationRecord | None]:
    """One after the other; None for what is no conversation. Of a newer version what is known is read."""
    entries = document.get("conversations")
    for entry in entries if isinstance(entries, list) else ():
        yield _record(entry) if isinstance(entry, dict) else None


def _record(entry: Mapping[str, Any]) -> ConversationRecord | None:
    messages = _messages(entry.get("messages"))
    shown = entry.get("shown")
    known = {message.id for message in messages}
    leaf = shown if type(shown) is int and shown in known else max(known, default=None)
    title = text_in(entry, "title")[:LONGEST_TITLE]
    uid = text_in(entry, "uid")[:_LONGEST_UID]
    created = time_in(entry, "created_at")
    return ConversationRecord(
        Conversation(0, title, messages, leaf, options_from_dict(entry.get("options"))),
        uid or uuid.uuid4().hex,
        created,
        time_in(entry, "updated_at") or created,
        " ".join(text_in(entry, "folder").split())[:LONGEST_TITLE],
        entry.get("pinned") is True,
        _among(TitleBy, entry.get("title_by"), TitleBy.PERSON),
    )


def _messages(entries: Any) -> tuple[ChatMessage, ...]:
    """In the order in which parents come before their children; what hangs on nothing becomes a root."""
    made: dict[int, ChatMessage] = {}
    for entry in entries if isinstance(entries, list) else ():
        if not isinstance(entry, dict):
            continue
        id_, parent = entry.get("id"), entry.get("parent")
        if type(id_) is not int or not 0 <= id_ < _MOST_ID or id_ in made:
            continue
        # Those that come later are no parents, so there is no loop.
        parent = parent if type(parent) is int and parent in made else None
        made[id_] = ChatMessage(
            id_,
            parent,
            _among(Role, entry.get("role"), Role.USER),
            _parts(entry.get("parts")),
            _ended(_among(MessageState, entry.get("state"), MessageState.COMPLETE)),
            time_in(entry, "created_at"),
            text_in(entry, "model"),
            _stats(entry.get("stats")),
        )
    return tuple(made.values())


def _parts(entries: Any) -> tuple[Part, ...]:
    parts = []
    for entry in entries if isinstance(entries, list) else ():
        if isinstance(entry, dict) and entry.get("kind") in tuple(PartKind):
            parts.append(Part(PartKind(entry["kind"]), text_in(entry, "body")))
    return tuple(parts)


def _ended(state: MessageState) -> MessageState:
    """Nobody writes it any more."""
    return MessageState.INTERRUPTED if state is MessageState.STREAMING else state


def _stats(entry: Any) -> AnswerStats | None:
    if not isinstance(entry, dict):
        return None
    kinds: dict[str, tuple[type, ...]] = {
        "int": (int,),
        "float": (int, float),
        "str": (str,),
        "bool": (bool,),
    }
    values: dict[str, Any] = {}
    for field in fields(AnswerStats):
        value = entry.get(field.name)
        if (
            isinstance(value, bool) == (field.type == "bool")
            and isinstance(value, kinds[str(field.type)])
            and _is_small(value)
        ):
            values[field.name] = value
    try:
        return AnswerStats(**values)
    except TypeError:  # figures are missing
        return None


def _is_small(value: Any) -> bool:
    return isinstance(value, str) or (-(2**53) <= value <= 2**53 and math.isfinite(value))


def text_in(entry: Mapping[str, Any], name: str) -> str:
    value = entry.get(name)
    return storable(value) if isinstance(value, str) else ""


def time_in(entry: Mapping[str, Any], name: str) -> float:
    """0 where there is none."""
    value = entry.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value < _LATEST else 0.0


def _among(kind: Any, value: Any, otherwise: Any) -> Any:
    return kind(value) if isinstance(value, str) and value in tuple(kind) else otherwise
