"""Reads `conversations.json` of a ChatGPT export: trees of nodes, of which many are no messages.

What people and models wrote is kept, with its branches; calls of tools and hidden nodes are left out, and
what hung below them hangs on what was above. Several nodes of one answer (thoughts, then words) become one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from engine.chat.codec import storable
from engine.chat.conversation import ChatMessage, Conversation, MessageState, Part, PartKind, Role, TitleBy
from engine.chat.filing import LONGEST_TITLE
from engine.chat.import_own import text_in, time_in
from engine.chat.record import ConversationRecord

_ROLES: Final = {"user": Role.USER, "assistant": Role.ASSISTANT}
_STATES: Final = {"finished_partial_completion": MessageState.CUT, "in_progress": MessageState.INTERRUPTED}
_LONGEST_ID: Final = 80


def is_chatgpt(document: Any) -> bool:
    """A list, of which at least one entry is a conversation of theirs."""
    return isinstance(document, list) and any(
        isinstance(entry, dict) and isinstance(entry.get("mapping"), dict) for entry in document
    )


def chatgpt_records(document: list[Any]) -> Iterator[ConversationRecord | None]:
    """One after the other; None for what is no conversation."""
    for entry in document:
        good = isinstance(entry, dict) and isinstance(entry.get("mapping"), dict)
        yield _record(entry) if good else None


def _record(entry: Mapping[str, Any]) -> ConversationRecord:
    tree = _Tree(entry["mapping"])
    current = entry.get("current_node")
    leaf = tree.kept_id(current) if isinstance(current, str) else None
    messages = tree.messages()
    if leaf is None and messages:
        leaf = messages[-1].id
    title = " ".join(text_in(entry, "title").split())[:LONGEST_TITLE] or "ChatGPT"
    their_id = text_in(entry, "conversation_id") or text_in(entry, "id")
    created = time_in(entry, "create_time")
    return ConversationRecord(
        Conversation(0, title, messages, leaf),
        f"chatgpt-{their_id[:_LONGEST_ID]}" if their_id else "",
        created,
        time_in(entry, "update_time") or created,
        pinned=entry.get("is_starred") is True,
        title_by=TitleBy.PERSON,
    )


class _Tree:
    """Nodes by their own ids, visited parents first and without recursion: they may be anything."""

    def __init__(self, mapping: Mapping[str, Any]) -> None:
        self._nodes = {key: node for key, node in mapping.items() if isinstance(node, dict)}
        self._kept: dict[str, int | None] = {}  # of each node: the message it became, or hangs on
        self._made: list[ChatMessage] = []
        self._children: dict[int | None, int] = {}
        for key in self._nodes:
            self._visit(key)

    def kept_id(self, key: str) -> int | None:
        return self._kept.get(key)

    def messages(self) -> tuple[ChatMessage, ...]:
        return tuple(self._merged())

    def _visit(self, key: str) -> None:
        path: list[str] = []
        seen: set[str] = set()
        current: Any = key
        while isinstance(current, str) and current in self._nodes and current not in self._kept:
            if current in seen:  # a loop: it begins here
                break
            seen.add(current)
            path.append(current)
            current = self._nodes[current].get("parent")
        above = self._kept.get(current) if isinstance(current, str) else None
        for name in reversed(path):
            above = self._kept[name] = self._take(self._nodes[name], above)

    def _take(self, node: Mapping[str, Any], above: int | None) -> int | None:
        message = node.get("message")
        parts = _parts(message) if isinstance(message, dict) else ()
        if not parts:
            return above
        assert isinstance(message, dict)
        author = message.get("author")
        role = _ROLES[author["role"]] if isinstance(author, dict) else Role.USER
        metadata = message.get("metadata")
        model = text_in(metadata, "model_slug") if isinstance(metadata, dict) else ""
        state = _STATES.get(text_in(message, "status"), MessageState.COMPLETE)
        id_ = len(self._made) + 1
        when = time_in(message, "create_time")
        self._made.append(
            ChatMessage(id_, above, role, parts, state, when, model if role is Role.ASSISTANT else "")
        )
        self._children[above] = self._children.get(above, 0) + 1
        return id_

    def _merged(self) -> Iterator[ChatMessage]:
        """Answers that follow each other without a branch between are one."""
        by_id: dict[int, ChatMessage] = {}
        becomes: dict[int, int] = {}
        for message in self._made:
            parent = becomes.get(message.parent_id, message.parent_id) if message.parent_id else None
            above = by_id.get(parent) if parent is not None else None
            alone = message.parent_id is not None and self._children.get(message.parent_id) == 1
            if above is not None and alone and above.role is message.role is Role.ASSISTANT:
                becomes[message.id] = above.id
                by_id[above.id] = ChatMessage(
                    above.id,
                    above.parent_id,
                    above.role,
                    _joined((*above.parts, *message.parts)),
                    message.state,
                    above.created_at,
                    message.model or above.model,
                )
            else:
                by_id[message.id] = ChatMessage(
                    message.id,
                    parent,
                    message.role,
                    message.parts,
                    message.state,
                    message.created_at,
                    message.model,
                )
        for key, id_ in self._kept.items():
            self._kept[key] = becomes.get(id_, id_) if id_ is not None else None
        yield from by_id.values()


def _joined(parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """Words that follow words are one part."""
    found: list[Part] = []
    for part in parts:
        if found and found[-1].kind is part.kind is PartKind.TEXT:
            found[-1] = Part(PartKind.TEXT, f"{found[-1].body}\n\n{part.body}")
        else:
            found.append(part)
    return tuple(found)


def _parts(message: Mapping[str, Any]) -> tuple[Part, ...]:
    """What a person or a model wrote or thought; nothing of tools, of the system, and of hidden nodes."""
    author, content, metadata = message.get("author"), message.get("content"), message.get("metadata")
    if (
        not isinstance(author, dict)
        or author.get("role") not in tuple(_ROLES)
        or not isinstance(content, dict)
    ):
        return ()
    if isinstance(metadata, dict) and metadata.get("is_visually_hidden_from_conversation") is True:
        return ()
    if message.get("recipient") not in (None, "all"):  # written to a tool
        return ()
    kind = content.get("content_type")
    if kind == "thoughts":
        thoughts = content.get("thoughts")
        bodies = [_thought(entry) for entry in thoughts] if isinstance(thoughts, list) else []
        text = "\n\n".join(body for body in bodies if body)
        return (Part(PartKind.REASONING, text),) if text else ()
    if kind not in ("text", "multimodal_text"):
        return ()
    pieces = content.get("parts")
    texts = [_words(piece) for piece in pieces] if isinstance(pieces, list) else []
    text = "\n\n".join(body for body in texts if body.strip())
    return (Part(PartKind.TEXT, text),) if text else ()


def _thought(entry: Any) -> str:
    if not isinstance(entry, dict):
        return ""
    return "\n".join(body for name in ("summary", "content") if (body := text_in(entry, name)))


def _words(piece: Any) -> str:
    """Of a piece of a message: its words; a picture or a sound is only named."""
    if isinstance(piece, str):
        return storable(piece)
    if not isinstance(piece, dict):
        return ""
    kind = text_in(piece, "content_type").replace("_asset_pointer", "").replace("_", " ")
    return text_in(piece, "text") or (f"[{kind[:40]}]" if kind else "")
