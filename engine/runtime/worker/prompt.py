"""From the turns of a conversation to the text that the model goes on from."""

from __future__ import annotations

from dataclasses import dataclass

from engine.chat.reasoning import Phase
from engine.messages import Sentence, sentence
from engine.runtime.values import GenerationRequest
from engine.runtime.worker.answer_format import THINK, AnswerFormat
from engine.runtime.worker.harmony import messages_so_far
from engine.runtime.worker.plain_text import PlainText
from engine.runtime.worker.template_options import template_options
from engine.runtime.worker.templates import CHATML_STOPS, ChatTemplate, TemplateFailure, render_chatml


@dataclass(frozen=True, slots=True)
class Prompt:
    text: str  # with marks (plain_text.py)
    phase: Phase  # where in an answer the model goes on
    form: AnswerFormat = THINK
    stops: tuple[str, ...] = ()  # that belong to the format
    notice: Sentence | None = None
    unknown: tuple[str, ...] = ()  # options that the template does not know


def write_prompt(
    template: ChatTemplate | None, plain: PlainText, request: GenerationRequest, model: str
) -> Prompt:
    """The rendered turns, and behind them the answer so far; or the raw prompt, which may hold
    control tokens. Raises: UsageError, for tools that are none."""
    if request.prompt is not None:
        return Prompt(request.prompt + request.answer_so_far, Phase.ANSWER)
    notice: Sentence | None = None
    stops: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    tools = () if request.tool_choice == "none" else request.tools
    if template is None:
        notice = sentence("no_chat_template", model=model)
    else:
        try:
            options = template_options(request, template.source, template.format, plain)
            text = template.render(request.turns, tools, options.values)
            unknown = options.unknown
        except TemplateFailure as error:
            notice = sentence("template_failed", model=model, reason=str(error))
    if notice is not None:
        text, stops = render_chatml(request.turns, plain, tools), CHATML_STOPS
    form = template.format if template and notice is None else THINK
    thought, answer = plain.marked(request.reasoning_so_far), plain.marked(request.answer_so_far)
    if form.harmony:
        written, phase = messages_so_far(thought, answer)
    else:
        opened = text.rstrip().endswith(form.open_tag)
        written, phase = _so_far(thought, answer, form, opened)
    return Prompt(text + written, phase, form, stops, notice, unknown)


def _so_far(thought: str, answer: str, form: AnswerFormat, opened: bool) -> tuple[str, Phase]:
    """What was answered already, in the layout of the R1 and Qwen3 families."""
    begin = "" if opened else f"{form.open_tag}\n"
    if thought and answer:
        return f"{begin}{thought}\n{form.close_tag}\n\n{answer}", Phase.ANSWER
    if thought:
        return f"{begin}{thought}", Phase.REASONING
    if answer:
        return (f"\n{form.close_tag}\n\n{answer}" if opened else answer), Phase.ANSWER
    return "", Phase.OPENED if opened else Phase.UNDECIDED
