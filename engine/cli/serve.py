"""`deskside serve`: the models of this machine for other programs, over HTTP."""

from __future__ import annotations

import argparse
import asyncio
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.cli.context import Context
from engine.cli.parent import end_with_parent
from engine.errors import LoadError, UsageError
from engine.host.client import HostClient
from engine.messages import english, sentence
from engine.server.app import Api
from engine.server.bridge import EventBridge
from engine.server.gate import Rules, rules
from engine.server.keys import OWN_KEY, ApiKey, given_key, own_key
from engine.server.listening import Listening, is_loopback, listen
from engine.server.models import ServedModels
from engine.server.refusals import RequestError
from engine.server.service import Service
from engine.settings import Loading, load_settings, usable_loading

_LOOK_S: Final = 0.25  # how often an end is looked for
_LARGEST_CONTEXT: Final = 16_777_216


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Answers other programs in OpenAI's protocol, at http://127.0.0.1:8437/v1 unless told otherwise."
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; 0.0.0.0 is everywhere")
    parser.add_argument("--port", type=_port, help="0 picks a free one")
    parser.add_argument("--model", metavar="PATH|ID", default="", help="loaded at once, and the default")
    parser.add_argument(
        "--draft-model", metavar="PATH|ID", default="", help="a smaller one that writes ahead for --model"
    )
    parser.add_argument("--context", metavar="N", type=_context, default=0, help="tokens")
    parser.add_argument("--api-key-file", metavar="FILE", type=Path, help="or set DESKSIDE_API_KEY")
    parser.add_argument("--allow-host", metavar="NAME", action="append", default=[], help="may be repeated")
    parser.add_argument(
        "--allow-origin", metavar="ORIGIN", action="append", default=[], help="may be repeated"
    )
    parser.add_argument(
        "--with-parent", "--parent-pipe", action="store_true", help="ends when standard input does"
    )


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def _context(text: str) -> int:
    return _whole(text, 1, _LARGEST_CONTEXT)


def _whole(text: str, low: int, high: int) -> int:
    if not text.isdecimal() or not low <= int(text[:11]) <= high:
        raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}")
    return int(text)


@dataclass(frozen=True, slots=True)
class _Plan:
    listening: Listening
    key: ApiKey | None
    rules: Rules
    model: InstalledModel | None  # of --model
    draft: str  # path of --draft-model
    context_length: int
    with_parent: bool


def run(arguments: argparse.Namespace, context: Context) -> int:
    plan = _plan(arguments, context)
    if plan.with_parent:
        end_with_parent(context.token, "deskside serve")
    try:
        asyncio.run(_serve(plan, context))
    finally:
        for each in plan.listening.sockets:
            each.close()
    return 0


def _plan(arguments: argparse.Namespace, context: Context) -> _Plan:
    library = context.library()
    model = library.find(arguments.model) if arguments.model else None
    if arguments.draft_model and model is None:
        raise UsageError.of("usage", problem="--draft-model needs --model", program="deskside serve")
    draft = library.find(arguments.draft_model).path if arguments.draft_model else ""
    loopback = is_loopback(arguments.host)
    key = given_key(arguments.api_key_file, os.environ)
    if key is None and not loopback:
        key = own_key(context.paths.config / OWN_KEY)
    allowed = rules(arguments.host, arguments.allow_host, arguments.allow_origin, key.text if key else "")
    port = context.settings.serve_port if arguments.port is None else arguments.port
    listening = listen(arguments.host, port)
    if key is not None and key.made and not arguments.with_parent:  # who writes our words into a log
        context.output.note(english(sentence("serve_key_made", key=key.text, path=str(key.path))))
    if not loopback:
        context.output.note(english(sentence("serve_in_clear")))
    length = arguments.context or context.settings.context_length
    return _Plan(listening, key, allowed, model, draft, length, arguments.with_parent)


async def _serve(plan: _Plan, context: Context) -> None:
    """Until the token is cancelled. Raises: LoadError, for the model of --model."""
    bridge = EventBridge()
    backend = HostClient(context.worker_command, bridge.emit, context.paths)
    models = ServedModels(
        context.library(),
        lambda: _last_model(context),
        plan.model,
        plan.context_length,
        plan.draft,
        lambda: _loading(context),
    )
    await models.listed()  # what people chose counts for the first load too
    api = Api(backend, bridge, models, plan.rules)
    service = Service(api, plan.listening)
    await service.start()
    try:
        if plan.model is None or await _loaded(api, plan.model, context):
            _announce(plan, context)
            await _until_cancelled(context.token, asyncio.ensure_future(service.ended()))
    finally:
        await service.stop()
        await asyncio.to_thread(backend.close)


def _loading(context: Context) -> tuple[Loading, ...]:
    """What people chose for single models, as the settings are now."""
    settings, _ = load_settings(context.paths.settings)
    return tuple(usable_loading(settings, each.path) for each in settings.loading)


def _last_model(context: Context) -> str:
    """As the settings are now: a window may have changed them since we started."""
    return load_settings(context.paths.settings)[0].last_model


async def _loaded(api: Api, model: InstalledModel, context: Context) -> bool:
    """False when it was cancelled. Raises: LoadError."""
    context.output.status(f"loading {model.name}")
    loading = asyncio.ensure_future(api.load(model))
    await _until_cancelled(context.token, loading)
    context.output.end_status()
    if not loading.done():
        loading.cancel()
        return False
    try:
        await loading
    except RequestError as error:
        raise LoadError(error.message) from error
    return True


async def _until_cancelled(token: CancelToken, work: asyncio.Future[None]) -> None:
    """Or until the work is done."""
    while not token.cancelled and not work.done():
        await asyncio.wait([work], timeout=_LOOK_S)


def _announce(plan: _Plan, context: Context) -> None:
    address = plan.listening.address
    more: dict[str, object] = {}
    if plan.key is not None and plan.with_parent:
        more["key"] = plan.key.text  # through a pipe that only our parent reads
    if plan.key is not None and plan.key.path is not None:
        more["key_file"] = str(plan.key.path)
    if elsewhere := plan.listening.elsewhere:
        more["elsewhere"] = list(elsewhere)
    context.output.record(
        "serving", address=address, host=plan.listening.host, port=plan.listening.port, **more
    )
    context.output.text(f"Serving at {address} (Ctrl+C ends it)")
