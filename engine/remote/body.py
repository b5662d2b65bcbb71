"""GenerationRequest -> the JSON of a request, in the words that vLLM, SGLang and llama-server share.

Of the sampling only what somebody chose is sent: what differs from our defaults, or is named in
`Sampling.chosen`. Whoever runs the endpoint has set defaults that fit its models, and a strict server
(a temperature that is fixed, a top_k that is not known) has nothing to refuse.
"""

from __future__ import annotations

import base64
import json
from typing import Any, Final

from engine.chat.image_file import look_at_image
from engine.chat.reasoning import CLOSE_TAG, OPEN_TAG
from engine.errors import RemoteError
from engine.runtime.values import IMAGE_MARK, GenerationRequest, Sampling, Tool, Turn

_DEFAULTS: Final = Sampling()
_CHOICES: Final = (
    "temperature", "top_p", "top_k", "min_p", "repeat_penalty", "frequency_penalty", "presence_penalty",
    "grammar",
)  # fmt: skip


def chat_body(request: GenerationRequest, model: str) -> dict[str, Any]:
    """For /chat/completions. Raises: RemoteError, for a schema that is no JSON object."""
    messages = [_message(turn) for turn in request.turns]
    body = _common(request, model)
    so_far = _so_far(request)
    if so_far:
        messages.append({"role": "assistant", "content": so_far})
        # vLLM and SGLang ask for this; llama-server goes on from a last assistant message by itself.
        body |= {"continue_final_message": True, "add_generation_prompt": False}
    body["messages"] = messages
    if request.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
        body["tool_choice"] = _tool_choice(request.tool_choice)
    if request.thinking is not None:
        body["chat_template_kwargs"] = {"enable_thinking": request.thinking}
    sampling = request.sampling
    if sampling.top_logprobs >= 0:
        body |= {"logprobs": True, "top_logprobs": sampling.top_logprobs}
    if sampling.json_schema:
        body["response_format"] = _response_format(sampling.json_schema)
    return body


def completion_body(request: GenerationRequest, model: str) -> dict[str, Any]:
    """For /completions: a prompt as it is."""
    body = _common(request, model)
    body["prompt"] = (request.prompt or "") + request.answer_so_far
    return body


def _common(request: GenerationRequest, model: str) -> dict[str, Any]:
    sampling = request.sampling
    body: dict[str, Any] = {
        "model": model,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if request.max_tokens:
        body["max_tokens"] = request.max_tokens
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.seed is not None:
        body["seed"] = sampling.seed
    if sampling.logit_bias:
        body["logit_bias"] = {str(entry.token): entry.bias for entry in sampling.logit_bias}
    if sampling.ignore_end:
        body["ignore_eos"] = True
    for name in _CHOICES:
        value = getattr(sampling, name)
        if name in sampling.chosen or value != getattr(_DEFAULTS, name):
            body[name] = value
    if "repeat_penalty" in body:  # llama-server's name; this is that of vLLM and SGLang
        body["repetition_penalty"] = sampling.repeat_penalty
    return body


def _so_far(request: GenerationRequest) -> str:
    """What an answer that is carried on holds already, as the models of the R1 family write it."""
    if not request.reasoning_so_far:
        return request.answer_so_far
    thought = f"{OPEN_TAG}\n{request.reasoning_so_far}"
    return f"{thought}\n{CLOSE_TAG}\n\n{request.answer_so_far}" if request.answer_so_far else thought


def _message(turn: Turn) -> dict[str, Any]:
    message: dict[str, Any] = {"role": turn.role, "content": _content(turn)}
    if turn.tool_calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in turn.tool_calls
        ]
    if turn.tool_call_id:
        message["tool_call_id"] = turn.tool_call_id
    return message


def _content(turn: Turn) -> str | list[dict[str, Any]]:
    """Text; or parts, where there are images."""
    if not turn.images:
        return turn.content
    first, *others = turn.content.split(IMAGE_MARK)
    parts = [_text_part(first)] if first else []
    for image, text in zip(turn.images, others, strict=True):
        kind = look_at_image(image).kind
        address = f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"
        parts.append({"type": "image_url", "image_url": {"url": address}})
        if text:
            parts.append(_text_part(text))
    return parts


def _text_part(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


def _tool(tool: Tool) -> dict[str, Any]:
    parameters = _object(tool.parameters, tool.name) if tool.parameters else {}
    function = {"name": tool.name, "description": tool.description, "parameters": parameters}
    return {"type": "function", "function": function}


def _tool_choice(choice: str) -> Any:
    if choice in ("auto", "none", "required"):
        return choice
    return {"type": "function", "function": {"name": choice}}


def _response_format(schema: str) -> dict[str, Any]:
    parsed = _object(schema, "json_schema")
    if not parsed:
        return {"type": "json_object"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "schema": parsed, "strict": True}}


def _object(text: str, name: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RemoteError.of("remote_request_unreadable", name=name, reason=str(error)[:120]) from error
    if not isinstance(parsed, dict):
        raise RemoteError.of("remote_request_unreadable", name=name, reason="it is something else")
    return parsed
