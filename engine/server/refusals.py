"""Why a request is refused, in OpenAI's form: {"error": {"message", "type", "param", "code"}}."""

from __future__ import annotations

import json
from typing import Final, Self

from engine.errors import DesksideError
from engine.messages import Sentence, Value, english, sentence

RETRY_AFTER_S: Final = 5  # what clients that come too early are told

# Kinds of errors as OpenAI's clients know them; llama-server's name for 503.
_TYPES: Final = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "server_error",
    503: "unavailable_error",
}
_OPENAI_CODES: Final = {
    "prompt_too_long": "context_length_exceeded",
    "api_model_unknown": "model_not_found",
    "installed_changed": "model_not_found",
    "installed_missing": "model_not_found",
    "api_key_missing": "invalid_api_key",
    "api_key_wrong": "invalid_api_key",
}
# What the engine says of an answer, where it is not the engine's own failure.
STATUS_BY_CODE: Final = {
    "queue_full": 429,
    "host_too_many_models": 429,
    "host_too_many_jobs": 429,
    **dict.fromkeys(
        (
            "prompt_too_long",
            "model_blind",
            "projector_refused",
            "projector_foreign",
            "image_unknown",
            "image_damaged",
            "image_bytes",
            "image_pixels",
            "image_tokens",
            "image_not_encoded",
            "image_many",
            "image_places",
            "conversation_empty",
            "bad_sampling",
            "grammar_bad",
            "schema_not_exact",
            "tool_not_exact",
            "tool_bad",
            "model_cannot_chat",
            "model_cannot_embed",
            "not_for_answers",
            "not_for_embedding",
            "nothing_to_embed",
            "text_empty",
            "text_too_long",
            "too_many_texts",
        ),
        400,
    ),
    "model_missing": 404,
    "model_file_missing": 404,
    "host_request_too_large": 413,
    **dict.fromkeys(
        (
            "runtime_closed",
            "no_model_loaded",
            "image_memory",
            "model_memory",
            "fit_none",
            "host_not_started",
            "host_silent",
            "host_lost",
            "host_other_version",
            "host_ends",
            "host_gave_up",
        ),
        503,
    ),
}


class RequestError(DesksideError):
    """A request that gets no answer. `param` names the field at fault, "" for none."""

    def __init__(self, message: Sentence, status: int = 400, param: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.param = param

    @classmethod
    def about(cls, param: str, code: str, **values: Value) -> Self:
        """A field that cannot be used (400). The sentence is given the field's name as `field`."""
        return cls(sentence(code, field=param or "the request", **values), 400, param)

    @classmethod
    def answered(cls, status: int, code: str, **values: Value) -> Self:
        return cls(sentence(code, **values), status)


def engine_refusal(message: Sentence) -> RequestError:
    """For what the engine said when a job failed."""
    return RequestError(message, STATUS_BY_CODE.get(message.code, 500))


def error_object(error: RequestError) -> dict[str, object]:
    """The body of a refusal, and of an error in mid-stream."""
    code = error.message.code
    return {
        "error": {
            "message": english(error.message),
            "type": _TYPES.get(error.status, "invalid_request_error"),
            "param": error.param or None,
            "code": _OPENAI_CODES.get(code, code),
        }
    }


def json_bytes(value: object) -> bytes:
    """Compact JSON. Lone surrogates, which clients can send and UTF-8 has not, become "?"."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
