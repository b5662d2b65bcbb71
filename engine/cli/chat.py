"""`deskside chat`: one answer from a model on this machine, or from an endpoint elsewhere."""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from engine.catalog.image_rule import ImageRule
from engine.catalog.model import InstalledModel
from engine.chat.conversation import AnswerStats
from engine.chat.image_file import MOST_BYTES, look_at_image
from engine.cli.context import Context
from engine.cli.layers import add_experts, add_layers
from engine.cli.output import Output, harmless
from engine.cli.remote import KEY_VARIABLE, hint, remote_model
from engine.cli.signals import ended_by_signals
from engine.errors import RemoteError, UsageError, WorkerError
from engine.events import (
    Event,
    GenerationFinished,
    LoadProgressed,
    ModelLoaded,
    Noticed,
    PromptProgressed,
    TokenDelta,
    new_job_id,
)
from engine.figures import Origin
from engine.host.client import HostClient
from engine.host.describing import describe
from engine.jobs.backends import Backends, wish_for
from engine.jobs.late import Late
from engine.jobs.runtime_link import RuntimeLink, events_until_end
from engine.jobs.threads import sentence_for
from engine.messages import english
from engine.remote.address import SOURCE
from engine.remote.backend import RemoteBackend
from engine.remote.keys import Keys
from engine.runtime.backend import Backend
from engine.runtime.values import IMAGE_MARK, GenerationRequest, LoadWish, Sampling, StopReason, Turn
from engine.settings import load_settings, save_settings

_CLOSE_S: Final = 3.0
_LONGEST_PROMPT: Final = 32 * 1024 * 1024  # characters
_LARGEST_SEED: Final = 2**32 - 1


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Answers one question. Without -p the question is read from standard input."
    parser.add_argument("-p", "--prompt", metavar="TEXT", help="the question")
    parser.add_argument(
        "--model", metavar="PATH|ID", default="", help="default: the last used, else the starter"
    )
    parser.add_argument(
        "--remote",
        metavar="URL|NAME",
        default="",
        help="ask that endpoint of OpenAI's protocol; --model is then the name of its model. Its key is"
        f" taken from the variable {KEY_VARIABLE}, else from the keyring",
    )
    parser.add_argument("--max-tokens", metavar="N", type=_positive, default=0)
    parser.add_argument(
        "--temperature",
        metavar="T",
        type=_temperature,
        help=f"default: {Sampling().temperature}, or what the endpoint has set for itself",
    )
    parser.add_argument("--seed", metavar="S", type=_seed, help="for an answer that can be repeated")
    parser.add_argument(
        "--image",
        metavar="FILE",
        action="append",
        default=[],
        help="shown with the question, to a model that sees; may be given several times",
    )
    parser.add_argument(
        "--draft-model",
        metavar="PATH|ID",
        default="",
        help="a smaller model of the same family that writes ahead; the answer is the same",
    )
    add_layers(parser)
    add_experts(parser)


def _positive(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:11]) <= 2**31 - 1:
        raise argparse.ArgumentTypeError("must be a whole number of at least 1")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text[:11]) > _LARGEST_SEED:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to {_LARGEST_SEED}")
    return int(text)


def _temperature(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 5:
        raise argparse.ArgumentTypeError("must be a number from 0 to 5")
    return value


@dataclass
class _Answer:
    text: list[str] = field(default_factory=list)
    reasoning: list[str] = field(default_factory=list)
    stats: AnswerStats | None = None
    reason: StopReason = StopReason.END


def run(arguments: argparse.Namespace, context: Context) -> int:
    prompt = arguments.prompt if arguments.prompt is not None else _read_prompt(context)
    if not prompt.strip():
        raise UsageError.of("prompt_empty")
    question = _question(prompt, arguments.image)
    library = context.library()
    settings = context.settings
    if arguments.model and not arguments.remote:
        settings = replace(settings, last_model=library.find(arguments.model).path)
    keys = Keys()
    link = RuntimeLink(lambda event: _show_notice(context.output, event))
    engine = HostClient(context.worker_command, link.on_event, context.paths)
    remote: Late[Backend] = Late(lambda: RemoteBackend(link.on_event, keys, str(context.paths.log)))
    backends = Backends(engine, remote, library)
    try:
        if arguments.remote:
            model = remote_model(context, keys, arguments.remote, arguments.model)
        else:
            model = backends.wanted(settings)
        sampling = _sampling(arguments.temperature, arguments.seed)
        request = GenerationRequest((question,), sampling, arguments.max_tokens)
        context.output.status(f"asking {model.name}")
        wish = wish_for(model, settings)
        if arguments.draft_model and not arguments.remote:
            wish = replace(wish, draft=library.find(arguments.draft_model).path)
        if arguments.gpu_layers is not None:
            wish = replace(wish, device_layers=arguments.gpu_layers)
        if arguments.experts is not None:
            wish = replace(wish, experts_in_ram=arguments.experts)
        backend = backends.of(model)
        if question.images and not arguments.remote:
            _load(context, backend, link, wish, question.images)
        answer = _generate(context, backend, link, request, wish)
    except RemoteError as error:
        if hint(error):
            context.output.note(hint(error))
        raise
    except WorkerError:
        if not arguments.remote:
            describe(model)  # a file that is damaged or unknown says so itself, with its own exit code
        raise
    finally:
        backends.close(_CLOSE_S)
    if arguments.model and not arguments.remote:
        _remember(context, model.path)
    _print_result(context.output, model, answer)
    return 0


def _question(prompt: str, paths: Sequence[str]) -> Turn:
    """Images stand in front of the words. Raises: UsageError, for what is no image that can be read."""
    images = tuple(_image(Path(path)) for path in paths)
    return Turn("user", IMAGE_MARK * len(images) + prompt.replace(IMAGE_MARK, ""), images=images)


def _image(path: Path) -> bytes:
    try:
        with path.expanduser().open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = (error.strerror if isinstance(error, OSError) else None) or str(error)
        raise UsageError.of("attachment_unreadable", name=path.name, reason=reason) from error
    look_at_image(data)
    return data


def _sampling(temperature: float | None, seed: int | None) -> Sampling:
    if temperature is None:
        return Sampling(seed=seed)
    return Sampling(temperature=temperature, seed=seed, chosen=("temperature",))


def _read_prompt(context: Context) -> str:
    if sys.stdin is None:  # closed by whoever started us
        return ""
    with ended_by_signals(context.token):
        return sys.stdin.read(_LONGEST_PROMPT)


def _remember(context: Context, path: str) -> None:
    """Over the settings as they are now: a window may have changed them since we started."""
    settings, _ = load_settings(context.paths.settings)
    try:
        save_settings(context.paths.settings, replace(settings, last_model=path))
    except OSError as error:
        context.output.note(english(sentence_for(error, str(context.paths.log))))


def _load(
    context: Context, backend: Backend, link: RuntimeLink, wish: LoadWish, images: Sequence[bytes]
) -> None:
    """Tells what images take of the context before they are sent, which only a loaded model knows.

    Raises: WorkerError, Cancelled.
    """
    job = new_job_id()
    with link.inbox(job) as inbox:
        backend.load(job, wish)
        for event in events_until_end(inbox, context.token, lambda: backend.cancel(job), WorkerError):
            if isinstance(event, ModelLoaded):
                context.output.end_status()
                _tell_images(context.output, event.facts.image_rule, images)
            elif isinstance(event, LoadProgressed):
                context.output.status(f"loading the model, {event.fraction:.0%}")
            elif event is not None:
                _show_notice(context.output, event)


def _tell_images(output: Output, rule: ImageRule | None, images: Sequence[bytes]) -> None:
    """Nothing, of a model that sees none, or whose way with them is not known."""
    if rule is None:
        return
    sizes = [look_at_image(image) for image in images]
    tokens = [rule.tokens(size.width, size.height) for size in sizes]
    output.record("images", tokens=tokens, origin=Origin.PLANNED)
    summands = f" ({' + '.join(map(str, tokens))})" if len(tokens) > 1 else ""
    verb = "the image takes" if len(tokens) == 1 else "the images take"
    output.note(f"{verb} {sum(tokens)} tokens{summands}, {Origin.PLANNED}")


def _generate(
    context: Context, backend: Backend, link: RuntimeLink, request: GenerationRequest, wish: LoadWish
) -> _Answer:
    """Streams one answer, from a model that is loaded if need be.

    Raises: WorkerError, RemoteError, Cancelled.
    """
    job = new_job_id()
    answer = _Answer()
    failure = RemoteError if wish.model.source == SOURCE else WorkerError
    with link.inbox(job) as inbox:
        backend.generate(job, request, wish)
        for event in events_until_end(inbox, context.token, lambda: backend.cancel(job), failure):
            if event is not None:
                _take(context.output, answer, event)
    return answer


def _take(output: Output, answer: _Answer, event: Event) -> None:
    if isinstance(event, TokenDelta):
        (answer.reasoning if event.reasoning else answer.text).append(event.text)
        output.record("token", text=event.text, reasoning=event.reasoning)
        output.text(harmless(event.text), end="")
    elif isinstance(event, PromptProgressed):
        output.record("prompt", done=event.done, total=event.total, reused=event.reused)
        output.status(f"reading {event.done} of {event.total} tokens")
    elif isinstance(event, LoadProgressed):
        output.status(f"loading the model, {event.fraction:.0%}")
    elif isinstance(event, ModelLoaded):
        output.end_status()
    elif isinstance(event, GenerationFinished):
        answer.stats, answer.reason = event.stats, event.reason
    else:
        _show_notice(output, event)


def _show_notice(output: Output, event: Event) -> None:
    if isinstance(event, Noticed):
        output.note(english(event.message))


def _whose(stats: AnswerStats) -> str:
    """Where the times come from."""
    if not stats.remote:
        return "measured"
    return f"told by {stats.remote}" if stats.remote_told else "measured here, with the way there and back"


def _print_result(output: Output, model: InstalledModel, answer: _Answer) -> None:
    output.text("")
    stats = answer.stats
    if stats is None:
        raise WorkerError.of("answer_without_figures")
    output.note(
        f"{stats.generated_tokens} tokens, {stats.generation_tps:.1f} tokens/s; prompt {stats.prompt_tokens} "
        f"tokens, {stats.prompt_tps:.0f} tokens/s; first token after {stats.time_to_first_token_s:.2f} s"
        f" ({_whose(stats)})"
    )
    if answer.reason in (StopReason.LENGTH, StopReason.CONTEXT_FULL):
        output.note("the answer was cut: " + answer.reason.value.replace("_", " "))
    output.record(
        "answer",
        text="".join(answer.text),
        reasoning="".join(answer.reasoning),
        model=model.name,
        remote=stats.remote or None,
        finish_reason=answer.reason,
        prompt_tokens=stats.prompt_tokens,
        reused_tokens=stats.reused_tokens,
        generated_tokens=stats.generated_tokens,
        prompt_tps=stats.prompt_tps,
        generation_tps=stats.generation_tps,
        time_to_first_token_s=stats.time_to_first_token_s,
    )
