"""Finds calls of tools in an answer while it is written. Text around them passes through.

What is hostile or broken in a call is a model's answer like any other: it is given out as text. So is
a call of a tool that the model made up, for nobody could run it.
"""

from __future__ import annotations

import re

from engine.chat.reasoning import held_back
from engine.runtime.values import ToolCall
from engine.runtime.worker.taking import takes
from engine.runtime.worker.tool_formats import Block, Malformed, Schemas, ToolFormat, Unfinished, read_json

_LONGEST_BLOCK = 256 * 1024  # characters; beyond it, it is text
_MOST_ATTEMPTS = 16
_BARE_START = re.compile(r'\{\s*"(?:name|type|function|parameters)"\s*:')
_BARE_DECIDED = 64  # characters, after which a beginning would have been seen


class ToolCallParser:
    """Feed it text in any chunks; what comes out, with texts joined, is always the same."""

    def __init__(self, form: ToolFormat, schemas: Schemas, strict: frozenset[str] = frozenset()) -> None:
        """`schemas`: the parameters of each tool that may be called; `strict`: those tools of which a
        call that does not keep to them is none."""
        self._strict = strict
        self._form = form
        self._schemas = schemas
        self._held = ""
        self._block: Block | None = None
        self._searched = 0  # how far the block's end was looked for
        self._attempts = 0  # to read it
        self._at_start = form.bare
        self._after_call = False

    def feed(self, text: str) -> list[str | ToolCall]:
        """What is certain now; the rest is held until more is known."""
        self._held += text
        found: list[str | ToolCall] = []
        while (more := self._step()) is not None:
            found += more
        return found

    def finish(self) -> list[str | ToolCall]:
        """What was held back, once the answer has ended."""
        self._at_start = False
        block, self._block = self._block, None
        rest, self._held = self._held, ""
        if block is not None and (calls := self._read(block, rest)):
            return [*calls]
        return [rest] if rest.strip() or (rest and not self._after_call) else []

    # states; None when more text is needed
    def _step(self) -> list[str | ToolCall] | None:
        if self._at_start:
            return self._begin()
        return self._outside() if self._block is None else self._inside(self._block)

    def _begin(self) -> list[str | ToolCall] | None:
        """Decides whether the answer is a call as a whole."""
        start = self._held.lstrip()
        if _BARE_START.match(start):
            self._enter(Block("", "", read_json))
        elif not start or (start.startswith("{") and len(start) < _BARE_DECIDED):
            return None
        self._at_start = False
        return []

    def _enter(self, block: Block) -> None:
        self._block = block
        self._searched = len(block.opening)
        self._attempts = 0

    def _outside(self) -> list[str | ToolCall] | None:
        """The text up to where a block begins."""
        places = [(self._held.find(block.opening), block) for block in self._form.blocks]
        found = [(place, block) for place, block in places if place >= 0]
        if found:
            place, block = min(found, key=lambda each: each[0])
            before, self._held = self._held[:place].rstrip(), self._held[place:]
            self._enter(block)
            return self._text(before)
        keep = max(held_back(self._held, block.opening) for block in self._form.blocks)
        certain = len(self._held[: len(self._held) - keep].rstrip())  # space before a call is layout
        if not certain:
            return None
        text, self._held = self._held[:certain], self._held[certain:]
        return self._text(text)

    def _inside(self, block: Block) -> list[str | ToolCall] | None:
        """The calls of the block, if it has ended."""
        if len(self._held) > _LONGEST_BLOCK:
            return self._give_up(len(self._held))
        place = self._held.find(block.closing, self._searched) if block.closing else -1
        if place < 0:
            self._searched = max(len(block.opening), len(self._held) - len(block.closing) + 1)
            return None
        end = place + len(block.closing)
        try:
            calls = self._calls(block, self._held[:end])
        except Unfinished:
            self._searched = end  # the tag may stand in a text of the call
            self._attempts += 1
            return [] if self._attempts < _MOST_ATTEMPTS else self._give_up(end)
        except Malformed:
            return self._give_up(end)
        self._held, self._block, self._after_call = self._held[end:], None, True
        return [*calls]

    def _give_up(self, length: int) -> list[str | ToolCall]:
        text, self._held, self._block = self._held[:length], self._held[length:], None
        return self._text(text)

    def _text(self, text: str) -> list[str | ToolCall]:
        if self._after_call:
            text = text.lstrip()
        if text:
            self._after_call = False
        return [text] if text else []

    def _read(self, block: Block, text: str) -> list[ToolCall]:
        try:
            return self._calls(block, text)
        except Malformed:
            return []

    def _calls(self, block: Block, text: str) -> list[ToolCall]:
        """Raises: Malformed, also when one of them is none that its tool takes."""
        calls = block.read(text, self._schemas)
        if not all(takes(self._schemas, self._strict, call) for call in calls):
            raise Malformed("no tool takes it")
        return calls
