"""The command line's front door: words in, an exit code out, never a traceback."""

from __future__ import annotations

import argparse
import importlib
import io
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType
from typing import Final, NoReturn, Protocol, cast

from engine import __version__
from engine.cancellation import CancelToken
from engine.cli.context import Context
from engine.cli.output import Output
from engine.download.network import use_network
from engine.errors import Cancelled, DesksideError, UsageError
from engine.jobs.proxy_login import ProxyLogin
from engine.jobs.threads import sentence_for
from engine.log_file import log_to_file
from engine.messages import Sentence, english
from engine.paths import Paths, prepare
from engine.settings import load_settings

log = logging.getLogger(__name__)


class _Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace, context: Context) -> int: ...


# Names of modules of this package. Each is imported when it is wanted: all of them take half a second.
_COMMANDS: Final[dict[str, str]] = {
    "check": "what this machine is, measured",
    "plan": "what runs on it, in how much memory, how fast",
    "calibrate": "how fast the processor computes, for narrower predictions",
    "bench": "one answer, predicted and measured",
    "tune": "the settings that are fastest for a model here, found by measuring",
    "connection": "whether the places that models come from are reached",
    "pull": "fetch a model, verified",
    "models": "what is installed",
    "chat": "one answer from a model",
    "chats": "the window's conversations: list, search, export, import",
    "serve": "the models for other programs, over HTTP",
    "worker": "lends this machine's devices to another one",
    "nodes": "other machines whose devices are used",
    "history": "how fast answers were, and what the machine did",
    "runtimes": "parts of the engine for graphics cards: fetch, choose, go back",
    "update": "whether there is a newer version, and its verified installer",
    "doctor": "what is wrong here, and a report of it without private data",
    "score": "how wrong predictions were, and what is predicted next",
    "terminal": "check, choose and chat without a window",
}

_EXIT_CANCELLED: Final = 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError.of("usage", problem=message, program=self.prog)


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="deskside",
        description="Large language models on your own machine. Without a command: the window.",
    )
    parser.add_argument("--version", action="version", version=f"deskside {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary in _COMMANDS.items():
        sub = commands.add_parser(name, help=summary)
        if name in words:
            _command(name).add_arguments(sub)
        if name != "terminal":  # which is for people
            sub.add_argument("--json", action="store_true", help="one JSON object a line on stdout")
    return parser


def _command(name: str) -> _Command:
    return cast(_Command, importlib.import_module(f"engine.cli.{name}"))


def main(words: Sequence[str], paths: Paths, worker_command: Sequence[str]) -> int:
    """Runs one command; returns its exit code (see engine.errors for their meaning)."""
    as_json = "--json" in words
    _print_anything(as_json)
    output = Output(as_json)
    token = CancelToken()
    _cancel_on_signals(token)
    try:
        arguments = _parser(words).parse_args(words)
        prepare(paths)
        log_to_file(paths)
        settings, remark = load_settings(paths.settings)
        if remark is not None:
            output.note(english(remark))
        login = ProxyLogin()
        settings = login.moved(paths.settings, settings)
        use_network(login.network(settings))
        return _command(arguments.command).run(
            arguments, Context(paths, settings, worker_command, output, token)
        )
    except Cancelled:
        output.note("cancelled")
        return _EXIT_CANCELLED
    except BrokenPipeError:
        # Whoever read our output has gone. Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except DesksideError as error:
        return _fail(output, error.message, error.exit_code)
    except Exception as error:  # noqa: BLE001  the boundary: a sentence, never a traceback
        return _fail(output, sentence_for(error, str(paths.log)), DesksideError.exit_code)


def _print_anything(as_json: bool) -> None:
    """File names may hold bytes that are no text: shown escaped, rather than failing the command. JSON is
    UTF-8 whatever the terminal has: in its place another encoding would write escapes that are no JSON."""
    for stream, errors in ((sys.stdin, "replace"), (sys.stdout, "backslashreplace")):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=errors)
    if as_json and isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")


def _fail(output: Output, message: Sentence, exit_code: int) -> int:
    output.note(english(message))
    try:
        output.record("error", code=message.code, message=english(message), exit_code=exit_code)
    except OSError:  # stdout itself is what failed: the note and the exit code have to do
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return exit_code


def _cancel_on_signals(token: CancelToken) -> None:
    """The first Ctrl+C (or SIGTERM) cancels, a second one ends the program at once."""

    def handle(number: int, frame: FrameType | None) -> None:
        if token.cancelled:
            os._exit(_EXIT_CANCELLED)
        token.cancel()

    signal.signal(signal.SIGINT, handle)
    signal.signal(signal.SIGTERM, handle)
