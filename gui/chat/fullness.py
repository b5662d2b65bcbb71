"""How full the contexts of conversations are, and what of that is still to be said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine.chat.conversation import ChatMessage
from engine.messages import Sentence
from gui.chat.context import ContextParts, ContextUse, has_one_question, parts_of, refused, use_of
from gui.chat.live_answer import LiveAnswer

Id = int | None  # of a conversation; None for one that is not begun yet


class Fullness:
    """`messages` are those that are shown; `live` is the answer that is written into them."""

    def __init__(self) -> None:
        self._windows: dict[str, int] = {}  # tokens by the name of the model
        self._refused: dict[Id, ContextUse] = {}  # by conversation
        self._left: set[tuple[int, bool]] = set()  # whose notice was closed

    def learn(self, model: str, window: int) -> None:
        """How many tokens a model holds."""
        self._windows[model] = window

    def notice(
        self, conversation: Id, messages: Sequence[ChatMessage], live: LiveAnswer | None
    ) -> ContextUse | None:
        """How full the context is, when that is worth a word."""
        use = self._refused.get(conversation) or self._counted(messages, live)
        if use is None or not use.worth_saying or use.key in self._left:
            return None
        return replace(use, single=has_one_question(messages))

    def parts(self, messages: Sequence[ChatMessage], live: LiveAnswer | None) -> ContextParts | None:
        """What fills the context; None while nothing was counted."""
        if live is None:
            last = messages[-1] if messages else None
            return parts_of(last, self._windows.get(last.model, 0)) if last is not None else None
        if live.message is None or not live.prompt_tokens or live.summarising:
            return None
        window = self._windows.get(live.message.model, 0)
        thought = min(live.thought_tokens, live.written_tokens)
        answer = live.written_tokens - thought
        found = ContextParts(live.prompt_tokens, thought, answer, window, live.message.id)
        return found if window else None

    def close(self, use: ContextUse) -> None:
        """That notice is not shown again until there is something new to say."""
        self._left.add(use.key)

    def refuse(self, conversation: Id, live: LiveAnswer, failed: Sentence) -> bool:
        """True when the answer found no room: that is said with what can be done about it."""
        use = refused(failed, live.message.id) if live.message else None
        if use is not None:
            self._refused[conversation] = use
            self._left.discard(use.key)
        return use is not None

    def begin(self, conversation: Id) -> None:
        """An answer has found room."""
        self._refused.pop(conversation, None)

    def _counted(self, messages: Sequence[ChatMessage], live: LiveAnswer | None) -> ContextUse | None:
        if live is None:
            last = messages[-1] if messages else None
            return use_of(messages, self._windows.get(last.model, 0) if last else 0)
        if live.message is None or not live.prompt_tokens:
            return None
        window = self._windows.get(live.message.model, 0)
        return ContextUse(live.prompt_tokens + live.written_tokens, window, live.message.id)
