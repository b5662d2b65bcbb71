"""The body of POST /v1/chat/completions, read into a frozen value. Hostile until then."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from engine.runtime.values import IMAGE_MARK, GenerationRequest, Tool, ToolCall, Turn
from engine.server.fields import Fields
from engine.server.image_parts import read_image
from engine.server.refusals import RequestError
from engine.server.sampling_fields import MOST_LOGPROBS, json_text, read_max_tokens, read_sampling

MOST_MESSAGES: Final = 20_000
MOST_PARTS: Final = 1_000  # of one message
MOST_TOOLS: Final = 128
MOST_CALLS: Final = 128  # in one message
MOST_ANSWERS: Final = 16  # to one request
_ROLES: Final = ("system", "developer", "user", "assistant", "tool")
_LONGEST_NAME: Final = 256  # characters
_REPLACEMENT: Final = "\ufffd"
EFFORTS: Final = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
MOST_ARGUMENTS: Final = 32  # of a chat template
_LONGEST_ARGUMENTS: Final = 16 * 1024  # characters of JSON
_ARGUMENT: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# What the template is given by us, or what would change what it is.
_OURS: Final = frozenset(
    {"messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "bos_token"}
    | {"eos_token", "raise_exception", "strftime_now", "chat_template", "tokenize", "conversation"}
)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    model: str  # as the client wrote it; "" for none
    generation: GenerationRequest
    answers: int  # how many
    stream: bool
    include_usage: bool  # in a last chunk of a stream
    logprobs: bool
    one_call: bool  # at most one call of a tool


def read_chat_request(body: object) -> ChatRequest:
    """Raises: RequestError, naming the field that is wrong."""
    fields = Fields(body)
    _refuse_what_is_not_here(fields)
    logprobs = fields.flag("logprobs")
    turns, begun = _read_conversation(fields)
    tools = _read_tools(fields)
    generation = GenerationRequest(
        turns=turns,
        sampling=read_sampling(fields, _read_top_logprobs(fields, logprobs)),
        max_tokens=read_max_tokens(fields, "max_completion_tokens", "max_tokens"),
        answer_so_far=begun.content,
        reasoning_so_far=begun.reasoning,
        thinking=_read_thinking(fields),
        effort=fields.choice("reasoning_effort", EFFORTS, "") if fields.has("reasoning_effort") else "",
        template_arguments=_read_template_arguments(fields),
        tools=tools,
        tool_choice=_read_tool_choice(fields, tools),
    )
    return ChatRequest(
        model=fields.text("model"),
        generation=generation,
        answers=fields.whole("n", 1, 1, MOST_ANSWERS),
        stream=fields.flag("stream"),
        include_usage=read_include_usage(fields),
        logprobs=logprobs,
        one_call=not fields.flag("parallel_tool_calls", True),
    )


def read_include_usage(fields: Fields) -> bool:
    options = fields.child("stream_options")
    return options is not None and options.flag("include_usage")


def _refuse_what_is_not_here(fields: Fields) -> None:
    for name in ("functions", "function_call"):
        if fields.has(name):
            fields.refuse(name, "it is OpenAI's former form; send tools and tool_choice")
    for name in ("audio", "web_search_options"):
        if fields.has(name):
            fields.refuse(name, "models on this machine answer in text")
    if any(kind != "text" for kind in fields.texts("modalities", 10)):
        fields.refuse("modalities", "models on this machine answer in text")


def _read_top_logprobs(fields: Fields, logprobs: bool) -> int:
    count = fields.whole("top_logprobs", 0, 0, MOST_LOGPROBS)
    if count and not logprobs:
        fields.refuse("top_logprobs", "it needs logprobs to be true")
    return count if logprobs else -1


def _read_template_arguments(fields: Fields) -> str:
    """llama-server's and vLLM's field, as the text of a JSON object; "" for none."""
    given = fields.child("chat_template_kwargs")
    if given is None:
        return ""
    names = list(given.names())
    if len(names) > MOST_ARGUMENTS:
        name = fields.name("chat_template_kwargs")
        raise RequestError.about(name, "request_many", count=len(names), most=MOST_ARGUMENTS)
    for name in names:
        if name in _OURS or not _ARGUMENT.fullmatch(name):
            given.refuse(name, "it cannot be set by requests")
    text = json_text(fields.name("chat_template_kwargs"), {name: given.raw(name) for name in names})
    if len(text) > _LONGEST_ARGUMENTS:
        raise RequestError.about(
            fields.name("chat_template_kwargs"), "request_many", count=len(text), most=_LONGEST_ARGUMENTS
        )
    return text if names else ""


def _read_thinking(fields: Fields) -> bool | None:
    """The switch that most templates have; None leaves it to the model."""
    switches = fields.child("chat_template_kwargs")
    if switches is None or not switches.has("enable_thinking"):
        return None
    return switches.flag("enable_thinking")


# messages
def _read_conversation(fields: Fields) -> tuple[tuple[Turn, ...], Turn]:
    """The turns, and the beginning of the answer: an assistant's message at the end is gone on with."""
    if not fields.has("messages"):
        raise RequestError.about("messages", "request_missing")
    entries = fields.items("messages", MOST_MESSAGES)
    turns = tuple(_read_turn(Fields(entry, name)) for name, entry in entries)
    if not turns:
        raise RequestError.about("messages", "request_missing")
    last = turns[-1]
    if last.role == "assistant" and not last.tool_calls:
        if len(turns) == 1:
            fields.refuse("messages", "there is nothing to answer but the answer's own beginning")
        return turns[:-1], last
    return turns, Turn("assistant", "")


def _read_turn(message: Fields) -> Turn:
    if not message.has("role"):
        raise RequestError.about(message.name("role"), "request_missing")
    role = message.choice("role", _ROLES, "")
    if role == "assistant":
        thought = message.text("reasoning_content") or message.text("reasoning")
        return Turn(role, _read_text(message), _read_calls(message), reasoning=thought)
    if not message.has("content"):
        raise RequestError.about(message.name("content"), "request_missing")
    if role == "tool":
        return Turn(role, _read_text(message), tool_call_id=message.required_text("tool_call_id"))
    if role == "user":
        parts = _read_parts(message)
        images = tuple(part for part in parts if isinstance(part, bytes))
        return Turn(role, _joined(parts), images=images)
    return Turn("system" if role == "developer" else role, _read_text(message))


def _read_text(message: Fields) -> str:
    """Text, or parts that are all text."""
    parts = _read_parts(message)
    if any(isinstance(part, bytes) for part in parts):
        message.refuse("content", "images are taken in messages of the user only")
    return _joined(parts)


def _joined(parts: Sequence[str | bytes]) -> str:
    """Texts in lines of their own; a mark at the place of each image."""
    if not any(isinstance(part, bytes) for part in parts):
        return "\n".join(part for part in parts if isinstance(part, str))
    joined = ""
    for part in parts:
        if isinstance(part, bytes):
            joined += IMAGE_MARK
        else:
            between = "\n" if joined and not joined.endswith(IMAGE_MARK) else ""
            joined += between + part.replace(IMAGE_MARK, _REPLACEMENT)
    return joined


def _read_parts(message: Fields) -> tuple[str | bytes, ...]:
    """Texts, and the files of images."""
    content = message.raw("content")
    if content is None or isinstance(content, str):
        return (content or "",)
    if not isinstance(content, list):
        message.refuse_kind("content", "text, or a list of parts")
    entries = message.items("content", MOST_PARTS)
    return tuple(_read_part(Fields(entry, name)) for name, entry in entries)


def _read_part(part: Fields) -> str | bytes:
    kind = part.required_text("type")
    if kind in ("text", "refusal"):
        return part.text(kind)
    if kind in ("image_url", "input_image"):
        return read_image(part)
    if kind in ("input_audio", "file", "video_url"):
        noun = {"input_audio": "sound", "file": "a file", "video_url": "a film"}[kind]
        raise RequestError.about(part.name("type"), "request_media", kind=noun)
    raise RequestError.about(part.name("type"), "request_choice", choices="text, image_url")


def _read_calls(message: Fields) -> tuple[ToolCall, ...]:
    return tuple(_read_call(Fields(entry, name)) for name, entry in message.items("tool_calls", MOST_CALLS))


def _read_call(call: Fields) -> ToolCall:
    call.choice("type", ("function",), "function")
    function = call.required_child("function")
    arguments = function.raw("arguments")
    # Text by the protocol; some clients send the object itself.
    text = json_text(function.name("arguments"), arguments) if isinstance(arguments, dict) else ""
    return ToolCall(call.text("id"), _read_name(function), text or function.text("arguments", "{}") or "{}")


# tools
def _read_tools(fields: Fields) -> tuple[Tool, ...]:
    tools = tuple(_read_tool(Fields(entry, name)) for name, entry in fields.items("tools", MOST_TOOLS))
    if len({tool.name for tool in tools}) != len(tools):
        fields.refuse("tools", "two of them have the same name")
    return tools


def _read_tool(tool: Fields) -> Tool:
    tool.choice("type", ("function",), "function")
    function = tool.required_child("function")
    parameters = "{}"
    if function.child("parameters") is not None:
        parameters = json_text(function.name("parameters"), function.raw("parameters"))
    strict = function.flag("strict") or tool.flag("strict")
    return Tool(_read_name(function), function.text("description"), parameters, strict)


def _read_name(function: Fields) -> str:
    name = function.required_text("name")
    if len(name) > _LONGEST_NAME or not name.replace("_", "").replace("-", "").replace(".", "").isalnum():
        function.refuse_kind("name", "letters, digits, points, dashes and underscores")
    return name


def _read_tool_choice(fields: Fields, tools: tuple[Tool, ...]) -> str:
    value = fields.raw("tool_choice")
    if isinstance(value, dict):
        choice = Fields(value, fields.name("tool_choice"))
        choice.choice("type", ("function",), "function")
        wanted = _read_name(choice.required_child("function"))
        if wanted not in {tool.name for tool in tools}:
            fields.refuse("tool_choice", "there is no such tool among tools")
        return wanted
    wanted = fields.choice("tool_choice", ("auto", "none", "required"), "auto")
    if wanted == "required" and not tools:
        fields.refuse("tool_choice", "it needs tools")
    return wanted
