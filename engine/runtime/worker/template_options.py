"""What a request wants of a chat template beyond its conversation: how much to think, and switches of
the template's own."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.runtime.values import GenerationRequest
from engine.runtime.worker.answer_format import AnswerFormat
from engine.runtime.worker.plain_text import PlainText

_SWITCHES = ("enable_thinking", "thinking")  # by the names of Qwen, GLM ... and of DeepSeek
_EFFORT = "reasoning_effort"
# gpt-oss was trained on three words, and cannot be kept from thinking.
_OF_HARMONY = {"none": "low", "minimal": "low", "xhigh": "high", "max": "high"}


@dataclass(frozen=True, slots=True)
class TemplateOptions:
    values: Mapping[str, Any]
    unknown: tuple[str, ...]  # asked for, and not in this template


def template_options(
    request: GenerationRequest, source: str, form: AnswerFormat, plain: PlainText
) -> TemplateOptions:
    """`source` is the template's. Texts are marked (plain_text.py)."""

    def known(name: str) -> bool:
        return re.search(rf"\b{re.escape(name)}\b", source) is not None

    values: dict[str, Any] = {}
    unknown: list[str] = []
    thinking, effort = request.thinking, request.effort
    if effort:
        if known(_EFFORT):
            values[_EFFORT] = plain.marked(_OF_HARMONY.get(effort, effort) if form.harmony else effort)
        elif not any(map(known, _SWITCHES)):
            unknown.append(_EFFORT)
        thinking = effort != "none" if thinking is None else thinking
    if thinking is not None:
        values |= dict.fromkeys(_SWITCHES, thinking)
    given = json.loads(request.template_arguments or "{}")
    # Programs set the usual switch for every model that they know of.
    unknown += [name for name in given if name != _SWITCHES[0] and not known(name)]
    return TemplateOptions(values | plain.marked_in(given), tuple(unknown))
