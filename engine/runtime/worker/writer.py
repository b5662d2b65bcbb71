"""Turns a request into a stream: template, tokens, sampler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from engine.errors import UsageError
from engine.events import JobId
from engine.messages import sentence
from engine.runtime.protocol import Notice
from engine.runtime.values import GenerationRequest, Tool, Turn, WhenFull
from engine.runtime.worker.answer_format import THINK
from engine.runtime.worker.answer_text import AnswerText
from engine.runtime.worker.choice import Choice
from engine.runtime.worker.form import Forms
from engine.runtime.worker.load import LoadedModel
from engine.runtime.worker.native import Native
from engine.runtime.worker.outbox import Outbox
from engine.runtime.worker.prompt import Prompt, write_prompt
from engine.runtime.worker.sampling import Sampler, check_sampling
from engine.runtime.worker.shortening import shortened
from engine.runtime.worker.speculation import first_look
from engine.runtime.worker.stream import Stream
from engine.runtime.worker.template_values import parameters_of
from engine.runtime.worker.vision.marks import Seen, see
from engine.runtime.worker.written import Written

_LEAST_ROOM_SHARE = 8  # an eighth of the context for the answer, before oldest turns are left out


class Writer:
    """Knows the model; keeps nothing of a request but how its text was written in tokens."""

    def __init__(self, native: Native, model: LoadedModel, outbox: Outbox) -> None:
        self._native = native
        self._model = model
        self._outbox = outbox
        self._forms = Forms(model.vocabulary, model.template.format if model.template else THINK)
        self._written = Written()
        self._noticed = False  # a worker says only once that the template is of no use

    def stream(self, job: JobId, request: GenerationRequest) -> Stream:
        """Raises: UsageError, when it cannot be answered in this context or with these settings."""
        check_sampling(request.sampling)
        if not request.turns and not request.prompt:
            raise UsageError.of("conversation_empty")
        request, seen = self._see(request)
        request, prompt, tokens = self._fitting(job, request, seen)
        self._notice(job, prompt)
        # Nothing is drawn that stands for a picture.
        words = [token for token in tokens if token >= 0] if seen else tokens
        choice = self._choice(job, request, prompt, words)
        tools = _callable(request)
        schemas = {tool.name: parameters_of(tool) for tool in tools}
        strict = frozenset(tool.name for tool in tools if tool.strict and not self._forms.must_call(request))
        stops = (*request.sampling.stop, *prompt.stops)
        text = AnswerText(prompt.phase, stops, prompt.form, schemas, strict)
        stream = Stream(job, tokens, request.max_tokens, choice, text, self._outbox, request.conversation)
        stream.when_written = partial(self._keep, prompt.text)
        stream.sight = seen.sight(tokens) if seen else None
        # A recurrent state cannot go back; pictures cannot be drafted.
        if request.drafts and not self._model.context.recurrent and not stream.sight:
            stream.drafting = first_look(len(tokens))
        return stream

    def _see(self, request: GenerationRequest) -> tuple[GenerationRequest, Seen | None]:
        """Raises: UsageError, for images that cannot be read, by this model or at all."""
        model = self._model
        if model.projector is None and not any(turn.images for turn in request.turns):
            return request, None
        if model.projector is None:
            raise UsageError(model.blind or sentence("model_blind", model=model.facts.name))
        return see(request, model.projector)  # a text without images too: it may pretend to have some

    def _fitting(
        self, job: JobId, request: GenerationRequest, seen: Seen | None
    ) -> tuple[GenerationRequest, Prompt, list[int]]:
        """The request, shortened if need be and wanted, and its prompt. Raises: UsageError."""
        length = self._model.context.length
        prompt, tokens = self._prompt(request, seen)
        room = min(request.max_tokens or length, length // _LEAST_ROOM_SHARE)
        if len(tokens) + room > length and request.when_full is WhenFull.CUT:
            turns = shortened(request.turns, length, lambda turns: self._length(request, turns, seen))
            if turns is not None:
                count = len(request.turns) - len(turns)
                request = replace(request, turns=tuple(turns))
                prompt, tokens = self._prompt(request, seen)
                if len(tokens) < length:
                    self._outbox.put(Notice(job, sentence("turns_left_out", count=count, length=length)))
        if not tokens:
            raise UsageError.of("conversation_empty")
        if len(tokens) >= length:
            raise UsageError.of("prompt_too_long", needed=len(tokens), available=length - 1)
        return request, prompt, tokens

    def _prompt(self, request: GenerationRequest, seen: Seen | None) -> tuple[Prompt, list[int]]:
        """Raises: UsageError."""
        vocabulary = self._model.vocabulary
        prompt = write_prompt(self._model.template, vocabulary.plain, request, self._model.facts.name)
        if seen:
            return prompt, seen.tokens(prompt.text, vocabulary, self._written)
        known, rest = self._written.beginning(prompt.text)
        tokens = vocabulary.tokenize_rest(rest) if known else None
        if tokens is None:
            return prompt, vocabulary.tokenize_prompt(prompt.text)
        return prompt, known + tokens

    def _keep(self, prompt: str, stream: Stream, answer: bytes) -> None:
        """For the next prompt of that conversation."""
        try:
            text = answer.decode("utf-8")
        except UnicodeDecodeError:
            return  # cut inside a character: what is shown of it is another text
        text = prompt + self._model.vocabulary.plain.marked(text)
        self._written.keep(text, stream.tokens, stream.conversation)

    def forget(self, conversation: str) -> None:
        """Keeps nothing of that conversation's text."""
        self._written.forget(conversation)

    def _length(self, request: GenerationRequest, turns: Sequence[Turn], seen: Seen | None) -> int:
        return len(self._prompt(replace(request, turns=tuple(turns)), seen)[1])

    def native_reason(self) -> str:
        """What llama.cpp last said about a failure."""
        return self._native.log.reason()

    def _choice(
        self, job: JobId, request: GenerationRequest, prompt: Prompt, tokens: Sequence[int]
    ) -> Choice:
        """Raises: UsageError."""
        vocabulary, sampling = self._model.vocabulary, request.sampling
        form = self._forms.form(request)
        if form.loosened:
            self._outbox.put(Notice(job, sentence("schema_loosened", keywords=", ".join(form.loosened))))
        sampler = Sampler(self._native.llama, vocabulary, sampling, tokens)
        top, llama = sampling.top_logprobs, self._native.llama
        return Choice(llama, vocabulary, sampler, form.constraint, top, prompt.form)

    def _notice(self, job: JobId, prompt: Prompt) -> None:
        if prompt.notice is not None and not self._noticed:
            self._noticed = True
            self._outbox.put(Notice(job, prompt.notice))
        if prompt.unknown:
            model, names = self._model.facts.name, ", ".join(prompt.unknown)
            self._outbox.put(Notice(job, sentence("template_options_unknown", model=model, names=names)))


def _callable(request: GenerationRequest) -> tuple[Tool, ...]:
    return () if request.tool_choice == "none" or request.prompt is not None else request.tools
