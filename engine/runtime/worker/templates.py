"""Chat templates of model files: foreign programs, run in a sandbox and under limits.

Rendering follows Hugging Face's `apply_chat_template` (trimmed blocks, `raise_exception`,
`strftime_now`, its own `tojson`), since that is what templates are written for.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from types import MappingProxyType
from typing import Any

from jinja2 import Template, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from engine.runtime.values import Tool, ToolCall, Turn
from engine.runtime.worker.answer_format import answer_format
from engine.runtime.worker.gentler_turns import gentler
from engine.runtime.worker.limits import TimeExceeded, memory_limit, time_limit
from engine.runtime.worker.plain_text import PlainText
from engine.runtime.worker.template_values import length_of, message_values, tool_values
from engine.runtime.worker.tool_text import turns_with_tools

_RENDER_LIMIT_S = 5.0
_AVOIDED_S = 600.0  # a template that ran out of time
_TOO_SLOW = f"it ran for more than {_RENDER_LIMIT_S:g} seconds"
_MEMORY_LIMIT = 512 * 1024 * 1024  # bytes; a conversation of some MiB is copied a few times
_LARGEST_TEMPLATE = 1024 * 1024  # characters; real ones stay below 50,000
_LARGEST_PROMPT = 64 * 1024 * 1024  # characters
_LARGEST_PRODUCT = 1_000_000  # length of a repeated text, bits of a product
_LONGEST_REASON = 200  # characters

_SHORT_IDS = "[TOOL_CALLS]"  # stands in Mistral's templates, which refuse other ids of calls

_THOUGHTS, _USUAL_THOUGHTS = "message.thinking", "reasoning_content"  # of gpt-oss, and of all others
_PARTS = re.compile(r"""\[\s*['"]type['"]\s*\]|\.type\b|['"]type['"]\s*,\s*['"]equalto['"]""")
_NO_OPTIONS: Mapping[str, Any] = MappingProxyType({})

_PROBE_TOOL = Tool("deskside_probe", "", "{}")
_PROBE = (
    Turn("user", "Hello"),
    Turn("assistant", "", (ToolCall("deskside1", _PROBE_TOOL.name, "{}"),)),
    Turn("tool", "deskside result", tool_call_id="deskside1"),
)
_QUESTION = (Turn("user", "deskside question"),)

CHATML_STOPS = ("<|im_end|>", "<|im_start|>")


class TemplateFailure(Exception):
    """The template cannot be used; the text says why."""


class _Refusal(TemplateError):
    """The template itself called `raise_exception`."""


class ChatTemplate:
    """A template of a model file. Nothing in it runs before it is asked for something."""

    def __init__(self, source: str, beginning: str, end: str, plain: PlainText) -> None:
        """`beginning` and `end` are the texts of the BOS and EOS tokens."""
        self.source = source
        self.format = answer_format(source)
        self._special = {"bos_token": beginning, "eos_token": end}
        self._plain = plain
        self._compiled: Template | None = None
        self._knows_tools: bool | None = None
        self._wants_parts = False
        self._no_words: str | None = None  # its content of a call without words
        self._slow_size = 0  # characters of the conversation that took it too long
        self._slow_until = 0.0  # monotonic

    @property
    def knows_tools(self) -> bool:
        """Whether it writes down tools and their results. Found out by trying, once."""
        if self._knows_tools is None:
            self._wants_parts = bool(_PARTS.search(self.source)) and self._reads_parts_alone()
            self._knows_tools = "tools" in self.source and self._writes_tools()
        return self._knows_tools

    def render(
        self, turns: Sequence[Turn], tools: Sequence[Tool] = (), options: Mapping[str, Any] = _NO_OPTIONS
    ) -> str:
        """The prompt, up to where the answer begins, with marks (plain_text.py). `options` are values
        that the template may know. Raises: TemplateFailure; UsageError for tools that are none."""
        if not self.knows_tools:
            turns, tools = turns_with_tools(turns, tools), ()
        try:
            return self._guarded(self._values(turns, tools, options))
        except _Refusal as error:
            refusal = error
        for conversation in gentler(turns):
            try:
                return self._guarded(self._values(conversation, tools, options))
            except _Refusal:
                continue
        raise TemplateFailure(_short(refusal)) from refusal

    def _writes_tools(self) -> bool:
        for self._no_words in (None, ""):  # templates of DeepSeek want the one, QwQ's the other
            text = self._tried(_PROBE, (_PROBE_TOOL,))
            if _PROBE_TOOL.name in text and _PROBE[-1].content in text:
                return True
        return False

    def _reads_parts_alone(self) -> bool:
        """Whether it writes contents that are lists of parts, and loses those that are texts, as those of
        many models that see do."""
        words = _QUESTION[-1].content
        if words in self._tried(_QUESTION):
            return False
        self._wants_parts = True
        return words in self._tried(_QUESTION)

    def _tried(self, turns: Sequence[Turn], tools: Sequence[Tool] = ()) -> str:
        """What it writes; "" where it cannot be used for that."""
        try:
            return self._guarded(self._values(turns, tools, _NO_OPTIONS))
        except (TemplateFailure, _Refusal):
            return ""

    def _values(
        self, turns: Sequence[Turn], tools: Sequence[Tool], options: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {
            **options,
            "messages": message_values(
                turns,
                self._plain,
                short_ids=_SHORT_IDS in self.source,
                thoughts=_THOUGHTS if _THOUGHTS in self.source else _USUAL_THOUGHTS,
                no_words=self._no_words,
                parts=self._wants_parts,
            ),
            "tools": tool_values(tools, self._plain) or None,
            "documents": None,
            "add_generation_prompt": True,
            **self._special,
        }

    def _guarded(self, values: dict[str, Any]) -> str:
        if len(self.source) > _LARGEST_TEMPLATE:
            raise TemplateFailure(f"it is {len(self.source)} characters long")
        size = sum(map(length_of, values["messages"]))
        if 2 * size >= self._slow_size and time.monotonic() < self._slow_until:
            raise TemplateFailure(_TOO_SLOW)
        try:
            with ExitStack() as limits:
                limits.enter_context(memory_limit(_MEMORY_LIMIT))
                limits.enter_context(time_limit(_RENDER_LIMIT_S))
                text = self._rendered(values)
        except (_Refusal, TemplateFailure):
            raise
        except TimeExceeded as error:
            # Others would wait for it again, at every request. A much shorter one may go well.
            self._slow_size, self._slow_until = size, time.monotonic() + _AVOIDED_S
            raise TemplateFailure(_TOO_SLOW) from error
        except Exception as error:
            raise TemplateFailure(_short(error)) from error
        if not text.strip():
            raise TemplateFailure("it wrote nothing")
        return text

    def _rendered(self, values: dict[str, Any]) -> str:
        # Compiling counts as running: it computes what is constant in the template.
        if self._compiled is None:
            self._compiled = _environment().from_string(self.source)
        pieces: list[str] = []
        length = 0
        for piece in self._compiled.generate(values):
            pieces.append(piece)
            length += len(piece)
            if length > _LARGEST_PROMPT:
                raise TemplateFailure("it writes without end")
        return "".join(pieces)


def render_chatml(turns: Sequence[Turn], plain: PlainText, tools: Sequence[Tool] = ()) -> str:
    """The common format for models whose own is missing or broken; see CHATML_STOPS.

    Raises: UsageError, for tools that are none."""
    turns = turns_with_tools(turns, tools)
    written = (f"<|im_start|>{turn.role}\n{plain.marked(turn.content)}<|im_end|>\n" for turn in turns)
    return "".join(written) + "<|im_start|>assistant\n"


def _short(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__)[:_LONGEST_REASON]


class _Generation(Extension):
    """`{% generation %}` marks answers for training; here it only holds its content."""

    tags = {"generation"}  # noqa: RUF012 - as jinja2 declares it

    def parse(self, parser: Parser) -> nodes.Node:
        line = next(parser.stream).lineno
        body = parser.parse_statements(("name:endgeneration",), drop_needle=True)
        return nodes.Scope(body, lineno=line)


class _Environment(ImmutableSandboxedEnvironment):
    """The sandbox, with operators that cannot make something huge out of something small."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        if operator == "**" or (operator == "%" and isinstance(left, str | bytes)):
            raise SecurityError(f"the operator {operator} is not allowed here")
        if operator == "*" and _product_size(left, right) > _LARGEST_PRODUCT:
            raise SecurityError("a product is too large")
        return super().call_binop(context, operator, left, right)


def _product_size(left: Any, right: Any) -> int:
    sizes = [len(side) if hasattr(side, "__len__") else 0 for side in (left, right)]
    counts = [side if isinstance(side, int) else 0 for side in (left, right)]
    repeated = max(sizes[0] * counts[1], sizes[1] * counts[0])
    bits = counts[0].bit_length() + counts[1].bit_length()
    return max(repeated, bits if all(counts) else 0)


def _environment() -> _Environment:
    made = _Environment(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols, _Generation])
    made.filters["tojson"] = _to_json
    made.globals.pop("lipsum", None)
    functions: dict[str, Callable[..., Any]] = {"raise_exception": _refuse, "strftime_now": _now}
    made.globals.update(functions)
    return made


def _to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    # jinja2's own escapes HTML, which no model expects. Escapes of `ensure_ascii` would hide marks.
    return json.dumps(value, ensure_ascii=False, indent=indent, separators=separators, sort_keys=sort_keys)


def _refuse(message: str) -> None:
    raise _Refusal(message)


def _now(pattern: str) -> str:
    return datetime.now().astimezone().strftime(pattern)
