"""What an answer looks like to a client: whole, or in chunks. One of these a request."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from engine import __version__
from engine.chat.conversation import AnswerStats
from engine.events import Event, GenerationFinished, Noticed, TokenDelta, ToolCalled
from engine.messages import Sentence, english
from engine.runtime.values import StopReason, TokenLogprob, ToolCall
from engine.server.figures import timings, usage
from engine.server.refusals import RequestError, json_bytes

_FINISH: Final = {
    StopReason.END: "stop",
    StopReason.STOP_STRING: "stop",
    StopReason.LENGTH: "length",
    StopReason.CONTEXT_FULL: "length",
    StopReason.TOOL_CALLS: "tool_calls",
    StopReason.CANCELLED: "stop",
}
_FINGERPRINT: Final = f"deskside-{__version__}"


@dataclass(slots=True)
class Choice:
    """One answer, as far as it has come."""

    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    calls: list[ToolCall] = field(default_factory=list)
    logprobs: list[TokenLogprob] = field(default_factory=list)
    warnings: list[Sentence] = field(default_factory=list)  # what the engine noticed
    finished: GenerationFinished | None = None

    def take(self, event: Event) -> None:
        match event:
            case TokenDelta(text=text, reasoning=reasoning, logprobs=logprobs):
                (self.reasoning if reasoning else self.text).append(text)
                self.logprobs.extend(logprobs)
            case ToolCalled(call=call):
                self.calls.append(call)
            case Noticed(message=message):
                self.warnings.append(message)
            case GenerationFinished():
                self.finished = event

    @property
    def stats(self) -> AnswerStats:
        """Raises: RequestError, while it has not ended."""
        if self.finished is None:
            raise RequestError.answered(500, "answer_without_figures")
        return self.finished.stats

    @property
    def finish_reason(self) -> str | None:
        return None if self.finished is None else _FINISH[self.finished.reason]


class Reply(Protocol):
    """The form of an endpoint's answers."""

    def whole(self, choices: Sequence[Choice]) -> dict[str, object]:
        """The body of an answer that is not streamed."""

    def chunks(self, number: int, events: Sequence[Event]) -> bytes:
        """Server-sent events for what happened to one choice."""

    def last(self, stats: Sequence[AnswerStats]) -> bytes:
        """What ends a stream: the usage, when asked for."""


def sse(value: object) -> bytes:
    return b"data: " + json_bytes(value) + b"\n\n"


SSE_END: Final = b"data: [DONE]\n\n"
SSE_ALIVE: Final = b": still at work\n\n"


def warned(messages: Sequence[Sentence]) -> dict[str, object]:
    """The field `warnings` of a body, each once; nothing where there are none."""
    shown = {english(message): message.code for message in messages}
    return {"warnings": [{"code": code, "message": text} for text, code in shown.items()]} if shown else {}


class _Head:
    """What every chunk of a stream says again, written once."""

    def __init__(self, prefix: str, kind: str, model: str) -> None:
        self.id = f"{prefix}-{secrets.token_hex(12)}"
        self.kind = kind
        self.values: dict[str, object] = {
            "created": int(time.time()),
            "model": model,
            "system_fingerprint": _FINGERPRINT,
        }

    def whole(
        self, kind: str, choices: Sequence[Choice], shown: list[object], answers: int
    ) -> dict[str, object]:
        stats = [choice.stats for choice in choices]
        body = {"id": self.id, "object": kind, **self.values, "choices": shown}
        body |= {"usage": usage(stats, answers), "timings": timings(stats[0])}
        return body | warned([message for choice in choices for message in choice.warnings])

    def chunk(self, choices: list[object], **more: object) -> bytes:
        return sse({"id": self.id, "object": self.kind, **self.values, "choices": choices, **more})

    def opening(self) -> bytes:
        """A chunk up to its one choice, for those that are written by hand."""
        text = json_bytes({"id": self.id, "object": self.kind, **self.values})
        return b"data: " + text[:-1] + b',"choices":['


class ChatReply:
    """/v1/chat/completions."""

    def __init__(self, model: str, answers: int, include_usage: bool, logprobs: bool) -> None:
        self._head = _Head("chatcmpl", "chat.completion.chunk", model)
        self._opening = self._head.opening()
        self._answers = answers
        self._include_usage = include_usage
        self._logprobs = logprobs
        self._begun: set[int] = set()
        self._warnings: defaultdict[int, list[Sentence]] = defaultdict(list)
        self._calls = [0] * answers

    def whole(self, choices: Sequence[Choice]) -> dict[str, object]:
        shown = [self._choice(number, choice) for number, choice in enumerate(choices)]
        return self._head.whole("chat.completion", choices, shown, self._answers)

    def _choice(self, number: int, choice: Choice) -> object:
        message: dict[str, object] = {"role": "assistant", "content": "".join(choice.text)}
        if choice.reasoning:
            message["reasoning_content"] = "".join(choice.reasoning)
        if choice.calls:
            message["content"] = "".join(choice.text) or None
            message["tool_calls"] = [_call(call) for call in choice.calls]
        return {
            "index": number,
            "message": message,
            "logprobs": _logprobs(choice.logprobs) if self._logprobs else None,
            "finish_reason": choice.finish_reason,
        }

    def chunks(self, number: int, events: Sequence[Event]) -> bytes:
        written = [self._one(number, event) for event in joined(events)]
        if any(written) and number not in self._begun:
            self._begun.add(number)
            role = {"role": "assistant", "content": ""}
            written.insert(0, self._delta(number, json_bytes(role)))
        return b"".join(written)

    def _one(self, number: int, event: Event) -> bytes:
        match event:
            case TokenDelta(text=text, reasoning=reasoning, logprobs=logprobs) if text or logprobs:
                # By hand: this is what is written for every token.
                name = b'{"reasoning_content":' if reasoning else b'{"content":'
                return self._delta(number, name + json_bytes(text) + b"}", logprobs)
            case ToolCalled(call=call):
                place = {"index": self._calls[number]}
                self._calls[number] += 1
                return self._delta(number, json_bytes({"tool_calls": [place | _call(call)]}))
            case Noticed(message=message):
                self._warnings[number].append(message)
            case GenerationFinished(stats=stats, reason=reason):
                choice = {"index": number, "delta": {}, "logprobs": None, "finish_reason": _FINISH[reason]}
                return self._head.chunk([choice], timings=timings(stats), **warned(self._warnings[number]))
        return b""

    def _delta(self, number: int, delta: bytes, logprobs: Sequence[TokenLogprob] = ()) -> bytes:
        shown = json_bytes(_logprobs(logprobs)) if logprobs else b"null"
        return b'%b{"index":%d,"delta":%b,"logprobs":%b,"finish_reason":null}]}\n\n' % (
            self._opening,
            number,
            delta,
            shown,
        )

    def last(self, stats: Sequence[AnswerStats]) -> bytes:
        if not self._include_usage:
            return b""
        return self._head.chunk([], usage=usage(stats, self._answers))


class CompletionReply:
    """/v1/completions."""

    def __init__(self, model: str, answers: int, include_usage: bool, logprobs: bool) -> None:
        self._head = _Head("cmpl", "text_completion", model)
        self._opening = self._head.opening()
        self._answers = answers
        self._include_usage = include_usage
        self._logprobs = logprobs
        self._offsets: dict[int, int] = {}  # characters of each choice so far
        self._warnings: defaultdict[int, list[Sentence]] = defaultdict(list)

    def whole(self, choices: Sequence[Choice]) -> dict[str, object]:
        shown: list[object] = [
            {
                "index": number,
                "text": "".join(choice.text),
                "logprobs": _old_logprobs(choice.logprobs, 0) if self._logprobs else None,
                "finish_reason": choice.finish_reason,
            }
            for number, choice in enumerate(choices)
        ]
        return self._head.whole("text_completion", choices, shown, self._answers)

    def chunks(self, number: int, events: Sequence[Event]) -> bytes:
        return b"".join(self._one(number, event) for event in joined(events))

    def _one(self, number: int, event: Event) -> bytes:
        match event:
            case TokenDelta(text=text, logprobs=logprobs) if text or logprobs:
                offset = self._offsets.get(number, 0)
                self._offsets[number] = offset + len(text)
                shown = json_bytes(_old_logprobs(logprobs, offset)) if logprobs else b"null"
                return b'%b{"index":%d,"text":%b,"logprobs":%b,"finish_reason":null}]}\n\n' % (
                    self._opening,
                    number,
                    json_bytes(text),
                    shown,
                )
            case Noticed(message=message):
                self._warnings[number].append(message)
            case GenerationFinished(stats=stats, reason=reason):
                choice = {"index": number, "text": "", "logprobs": None, "finish_reason": _FINISH[reason]}
                return self._head.chunk([choice], timings=timings(stats), **warned(self._warnings[number]))
        return b""

    def last(self, stats: Sequence[AnswerStats]) -> bytes:
        if not self._include_usage:
            return b""
        return self._head.chunk([], usage=usage(stats, self._answers))


def joined(events: Sequence[Event]) -> Iterator[Event]:
    """Deltas that came together go out together."""
    waiting: list[TokenDelta] = []
    for event in events:
        if waiting and not (isinstance(event, TokenDelta) and event.reasoning == waiting[0].reasoning):
            yield _one_delta(waiting)
            waiting = []
        if isinstance(event, TokenDelta):
            waiting.append(event)
        else:
            yield event
    if waiting:
        yield _one_delta(waiting)


def _one_delta(deltas: Sequence[TokenDelta]) -> TokenDelta:
    if len(deltas) == 1:
        return deltas[0]
    first = deltas[0]
    text = "".join(delta.text for delta in deltas)
    logprobs = tuple(token for delta in deltas for token in delta.logprobs)
    return TokenDelta(first.job, text, first.reasoning, sum(delta.tokens for delta in deltas), logprobs)


def _call(call: ToolCall) -> dict[str, object]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _logprobs(tokens: Sequence[TokenLogprob]) -> dict[str, object]:
    content = []
    for token in tokens:
        drawn, top = token.drawn, token.top
        rivals = [{"token": c.text, "logprob": _finite(c.logprob), "bytes": list(c.raw)} for c in top]
        entry = {"token": drawn.text, "logprob": _finite(drawn.logprob), "bytes": list(drawn.raw)}
        content.append({**entry, "top_logprobs": rivals})
    return {"content": content, "refusal": None}


def _old_logprobs(tokens: Sequence[TokenLogprob], offset: int) -> dict[str, object]:
    """As OpenAI's completions have them; `offset` counts characters from the answer's begin."""
    offsets = []
    for token in tokens:
        offsets.append(offset)
        offset += len(token.drawn.text)
    return {
        "tokens": [token.drawn.text for token in tokens],
        "token_logprobs": [_finite(token.drawn.logprob) for token in tokens],
        "top_logprobs": [{c.text: _finite(c.logprob) for c in token.top} for token in tokens],
        "text_offset": offsets,
    }


def _finite(logprob: float) -> float:
    """JSON has no infinity; OpenAI's stand-in for impossible tokens."""
    return max(round(logprob, 6), -9999.0)
