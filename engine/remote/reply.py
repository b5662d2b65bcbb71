"""The chunks of an answer -> pieces of text, calls of tools, how it ended, and its figures. No I/O.

Every chunk is hostile: types, sizes and numbers are checked, what is not known is left alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from engine.chat.reasoning import Phase, ReasoningSplitter
from engine.errors import RemoteError
from engine.remote.failures import failure_in_stream, printable
from engine.remote.figures import Figures
from engine.remote.logprobs import logprobs_of
from engine.runtime.values import StopReason, TokenLogprob, ToolCall

DONE: Final = "[DONE]"
_LARGEST_TEXT: Final = 64 << 20  # characters of an answer
_FEW_TOKENS: Final = 8  # a server may stop so many before the end of the context
_MOST_CALLS: Final = 256
_LARGEST_CALL: Final = 4 << 20  # characters of a call's arguments
_REASONS: Final = {
    "stop": StopReason.END,
    "eos": StopReason.END,
    "end_turn": StopReason.END,
    "content_filter": StopReason.END,
    "length": StopReason.LENGTH,
    "max_tokens": StopReason.LENGTH,
    "tool_calls": StopReason.TOOL_CALLS,
    "function_call": StopReason.TOOL_CALLS,
}


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer."""

    text: str
    reasoning: bool
    logprobs: tuple[TokenLogprob, ...] = ()


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    arguments: list[str] = field(default_factory=list)
    size: int = 0


class Reply:
    """One answer as its chunks arrive. `context_length` in tokens, 0 where it is not known."""

    def __init__(self, host: str, model: str, phase: Phase, context_length: int = 0) -> None:
        self._host = host
        self._model = model
        self._context_length = context_length
        self._splitter = ReasoningSplitter(phase)
        self._calls: dict[int, _Call] = {}
        self._size = 0
        self._finish = ""
        self._done = False
        self.figures = Figures()

    @property
    def ended(self) -> bool:
        """The endpoint has said that nothing follows."""
        return self._done

    @property
    def filtered(self) -> bool:
        return self._finish == "content_filter"

    def take(self, data: str) -> list[Delta]:
        """One event of the stream. Raises: RemoteError, for nonsense, too much, or an error it tells."""
        if data.strip() == DONE:
            self._done = True
            return self.finish()
        return self.take_chunk(self._parsed(data))

    def take_chunk(self, chunk: Any) -> list[Delta]:
        """As `take`, of parsed JSON: a chunk, or an answer that is not a stream."""
        if not isinstance(chunk, Mapping):
            raise self._nonsense("a chunk is no object")
        if chunk.get("error"):
            raise failure_in_stream(chunk["error"], self._host, self._model)
        self.figures.take(chunk)
        choices = chunk.get("choices")
        if choices is None or choices == []:
            return []  # only figures
        if not isinstance(choices, list) or not isinstance(choices[0], Mapping):
            raise self._nonsense("its choices are no objects")
        return self._take_choice(choices[0])

    def finish(self) -> list[Delta]:
        """What the splitter held back."""
        return [Delta(piece.text, piece.is_reasoning) for piece in self._splitter.finish()]

    def calls(self) -> tuple[ToolCall, ...]:
        """The calls of tools, whole, in order."""
        whole = [call for _, call in sorted(self._calls.items()) if call.name]
        return tuple(
            ToolCall(call.id or f"call_{at}", call.name, "".join(call.arguments) or "{}")
            for at, call in enumerate(whole)
        )

    def reason(self) -> StopReason | None:
        """Why the answer ended; None if the endpoint has not said that it did."""
        if self._calls and self._finish not in ("length", "max_tokens") and (self._finish or self._done):
            return StopReason.TOOL_CALLS
        if not self._finish:
            return StopReason.END if self._done else None
        reason = _REASONS.get(self._finish, StopReason.END)
        return StopReason.CONTEXT_FULL if reason is StopReason.LENGTH and self._full() else reason

    def _full(self) -> bool:
        """Endpoints say "length" of their limit of tokens and of a full context alike."""
        held = self.figures.prompt_tokens + self.figures.generated_tokens
        return 0 < self._context_length <= held + _FEW_TOKENS

    def _parsed(self, data: str) -> Any:
        try:
            return json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._nonsense("a chunk is no JSON") from error

    def _take_choice(self, choice: Mapping[str, Any]) -> list[Delta]:
        finish = choice.get("finish_reason")
        if isinstance(finish, str) and finish:
            self._finish = finish[:40]
        message = choice.get("delta") or choice.get("message")
        if not isinstance(message, Mapping):
            message = {"content": choice.get("text")}  # of /completions
        deltas: list[Delta] = []
        # DeepSeek, SGLang and llama-server call it reasoning_content; newer vLLM calls it reasoning.
        thought = self._text(message.get("reasoning_content") or message.get("reasoning"))
        if thought:
            self._splitter = ReasoningSplitter(Phase.ANSWER)  # it was split already
            deltas.append(Delta(thought, True))
        text = self._text(message.get("content"))
        if text:
            deltas += [Delta(piece.text, piece.is_reasoning) for piece in self._splitter.feed(text)]
        self._take_calls(message.get("tool_calls"))
        if thought or text:
            self.figures.count(1, reasoning=any(delta.reasoning for delta in deltas))
        found = logprobs_of(choice.get("logprobs"))
        if found and deltas:
            deltas[-1] = Delta(deltas[-1].text, deltas[-1].reasoning, found)
        return deltas

    def _text(self, value: Any) -> str:
        """Storable text. Raises: RemoteError, beyond the limit."""
        if not isinstance(value, str) or not value:
            return ""
        self._size += len(value)
        if self._size > _LARGEST_TEXT:
            raise RemoteError.of(
                "remote_too_large", host=self._host, detail=f"over {_LARGEST_TEXT >> 20} MiB of text"
            )
        return value.encode("utf-8", "replace").decode("utf-8")  # lone surrogates are no text

    def _take_calls(self, entries: Any) -> None:
        if not isinstance(entries, list):
            return
        for place, entry in enumerate(entries):
            if isinstance(entry, Mapping):
                self._take_call(entry, place)

    def _take_call(self, entry: Mapping[str, Any], place: int) -> None:
        index = entry.get("index")
        index = index if isinstance(index, int) and 0 <= index < 1 << 31 else place
        if index not in self._calls and len(self._calls) >= _MOST_CALLS:
            raise RemoteError.of("remote_too_large", host=self._host, detail=f"over {_MOST_CALLS} calls")
        call = self._calls.setdefault(index, _Call())
        function = entry.get("function")
        function = function if isinstance(function, Mapping) else {}
        call.id = call.id or self._text(entry.get("id"))[:200]
        call.name = call.name or self._text(function.get("name"))[:200]
        arguments = function.get("arguments")
        if isinstance(arguments, Mapping):
            arguments = json.dumps(arguments)  # some servers send the object itself
        piece = self._text(arguments)
        call.size += len(piece)
        if call.size > _LARGEST_CALL:
            raise RemoteError.of("remote_too_large", host=self._host, detail="the arguments of a call")
        call.arguments.append(piece)

    def _nonsense(self, detail: str) -> RemoteError:
        return RemoteError.of("remote_nonsense", host=self._host, detail=printable(detail))


def phase_of(answer_so_far: str, reasoning_so_far: str) -> Phase:
    """Where in the answer the stream begins."""
    if answer_so_far:
        return Phase.ANSWER
    return Phase.REASONING if reasoning_so_far else Phase.UNDECIDED
