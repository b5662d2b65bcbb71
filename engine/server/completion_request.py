"""The body of POST /v1/completions: prompts that are continued as they are, without a template."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from engine.runtime.values import GenerationRequest, Sampling
from engine.server.chat_request import MOST_ANSWERS, read_include_usage
from engine.server.fields import Fields
from engine.server.refusals import RequestError
from engine.server.sampling_fields import MOST_LOGPROBS, read_max_tokens, read_sampling

MOST_PROMPTS: Final = 16
_USUAL_MAX_TOKENS: Final = 16  # OpenAI's default here


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    model: str
    generations: tuple[GenerationRequest, ...]  # one a prompt
    answers: int  # to each prompt
    stream: bool
    include_usage: bool
    logprobs: bool


def read_completion_request(body: object) -> CompletionRequest:
    """Raises: RequestError, naming the field that is wrong."""
    fields = Fields(body)
    _refuse_what_is_not_here(fields)
    sampling = read_sampling(fields, fields.whole("logprobs", -1, 0, MOST_LOGPROBS))
    given = fields.has("max_tokens")
    most = read_max_tokens(fields, "max_tokens") if given else _USUAL_MAX_TOKENS
    generations = tuple(_continuation(prompt, sampling, most) for prompt in _read_prompts(fields))
    answers = fields.whole("n", 1, 1, MOST_ANSWERS)
    if len(generations) * answers > MOST_ANSWERS:
        raise RequestError.about("n", "request_many", count=len(generations) * answers, most=MOST_ANSWERS)
    return CompletionRequest(
        model=fields.text("model"),
        generations=generations,
        answers=answers,
        stream=fields.flag("stream"),
        include_usage=read_include_usage(fields),
        logprobs=sampling.top_logprobs >= 0,
    )


def _continuation(prompt: str, sampling: Sampling, max_tokens: int) -> GenerationRequest:
    return GenerationRequest((), sampling, max_tokens, prompt=prompt)


def _read_prompts(fields: Fields) -> tuple[str, ...]:
    if not fields.has("prompt"):
        raise RequestError.about("prompt", "request_missing")
    value = fields.raw("prompt")
    if isinstance(value, list) and value and isinstance(value[0], int | list):
        fields.refuse("prompt", "numbers of tokens are not taken; send the text")
    prompts = fields.texts("prompt", MOST_PROMPTS)
    if not prompts:
        raise RequestError.about("prompt", "request_missing")
    return prompts


def _refuse_what_is_not_here(fields: Fields) -> None:
    if fields.text("suffix"):
        fields.refuse("suffix", "filling in a gap is not done; send what comes before it as the prompt")
    if fields.flag("echo"):
        fields.refuse("echo", "the prompt is not repeated; put it before the answer yourself")
    if fields.whole("best_of", 1, 1, 1_000) > fields.whole("n", 1, 1, MOST_ANSWERS):
        fields.refuse("best_of", "every answer that is made is given; send n")
