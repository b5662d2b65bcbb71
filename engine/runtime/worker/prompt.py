"""From the turns of a conversation to the text that the model goes on from."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.reasoning import CLOSE_TAG, OPEN_TAG, Phase
from engine.messages import Sentence, sentence
from engine.runtime.values import GenerationRequest
from engine.runtime.worker.templates import CHATML_STOPS, ChatTemplate, TemplateFailure, render_chatml


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str
    phase: Phase  # where in an answer the model goes on
    stops: tuple[str, ...]  # that belong to the format
    notice: Sentence | None = None


def write_prompt(template: ChatTemplate | None, request: GenerationRequest, model: str) -> Prompt:
    """The rendered turns, and behind them the answer so far."""
    notice: Sentence | None = None
    stops: tuple[str, ...] = ()
    if template is None:
        notice = sentence("no_chat_template", model=model)
    else:
        try:
            text = template.render(request.turns)
        except TemplateFailure as error:
            notice = sentence("template_failed", model=model, reason=str(error))
    if notice is not None:
        text, stops = render_chatml(request.turns), CHATML_STOPS
    opened = text.rstrip().endswith(OPEN_TAG)
    written, phase = _so_far(request, opened)
    return Prompt(text + written, phase, stops, notice)


def _so_far(request: GenerationRequest, opened: bool) -> tuple[str, Phase]:
    """What was answered already, in the layout of the R1 and Qwen3 families."""
    thought, answer = request.reasoning_so_far, request.answer_so_far
    begin = "" if opened else f"{OPEN_TAG}\n"
    if thought and answer:
        return f"{begin}{thought}\n{CLOSE_TAG}\n\n{answer}", Phase.ANSWER
    if thought:
        return f"{begin}{thought}", Phase.REASONING
    if answer:
        return (f"\n{CLOSE_TAG}\n\n{answer}" if opened else answer), Phase.ANSWER
    return "", Phase.OPENED if opened else Phase.UNDECIDED
