"""`deskside terminal`: the window's job without a window: check, choose, get, chat."""

from __future__ import annotations

import argparse
import queue
import sys
from dataclasses import replace
from typing import Final

from engine.cli.check import report_lines, run_check
from engine.cli.context import Context
from engine.cli.output import harmless
from engine.cli.plan import advice_lines
from engine.cli.pull import progress_text
from engine.cli.signals import ended_by_signals
from engine.errors import Cancelled, DesksideError
from engine.events import (
    DownloadProgressed,
    DownloadVerified,
    Event,
    JobCancelled,
    JobFailed,
    JobFinished,
    JobId,
    MessageAdded,
    Noticed,
    PromptProgressed,
    TokenDelta,
)
from engine.jobs.advising import advise
from engine.jobs.local_desk import LocalDesk
from engine.messages import english
from engine.planning.plan import RunPlan

_POLL_S: Final = 0.05
_PROMPT: Final = "\nyou> "


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Checks this machine, recommends a model, fetches it if you like, and chats."


def run(arguments: argparse.Namespace, context: Context) -> int:
    output = context.output
    events: queue.SimpleQueue[Event] = queue.SimpleQueue()
    desk = LocalDesk(events.put, context.paths, context.settings, context.worker_command, live=False)
    session = _Session(context, desk, events)
    try:
        if not context.settings.wizard_done:
            output.note("checking this machine, about 15 seconds")
            report = run_check(context)
            for line in report_lines(report):
                output.text(line)
            advice = advise(context.paths, report)
            output.text("")
            for line in advice_lines(advice):
                output.text(line)
            if not session.get_model(advice.plans):
                return 0
            desk.change_settings(replace(desk.settings, wizard_done=True))
        session.chat()
    finally:
        desk.close()
    return 0


class _Session:
    """One conversation over the desk, the terminal being its window."""

    def __init__(self, context: Context, desk: LocalDesk, events: queue.SimpleQueue[Event]) -> None:
        self._context = context
        self._output = context.output
        self._desk = desk
        self._events = events
        self._conversation_id: int | None = None
        self._ended = False  # standard input has

    def get_model(self, plans: tuple[RunPlan, ...]) -> bool:
        """Asks for a number of the table; Enter takes the starter model. May fetch it. False where nobody
        answers: the question is asked again at the next start."""
        while True:
            answer = self._ask(
                f"\nNumber of the model to fetch (1-{len(plans)}), Enter for the starter model: "
            )
            if not answer:
                return not self._ended
            if answer.isdecimal() and 1 <= int(answer) <= len(plans):
                break
            self._output.note(f"{answer!r} is not a number from 1 to {len(plans)}")
        job = self._desk.pull_plan(plans[int(answer) - 1])
        try:
            self._follow(job)
        except DesksideError as error:
            self._output.note(english(error.message))
            self._output.note("going on with the starter model")
        return True

    def chat(self) -> None:
        self._output.note("ask something; an empty line or Ctrl+D ends")
        while question := self._ask(_PROMPT):
            job = self._desk.send(self._conversation_id, question)
            try:
                self._follow(job)
            except DesksideError as error:
                self._output.note(english(error.message))
            self._output.text("")

    def _ask(self, prompt: str) -> str:
        """A line from the terminal, "" at its end. Raises: Cancelled."""
        if self._context.token.cancelled:
            raise Cancelled
        if sys.stdin is None:  # closed by whoever started us
            self._ended = True
            return ""
        if sys.stdin.isatty():
            self._output.text(prompt, end="")
        with ended_by_signals(self._context.token):
            line = sys.stdin.readline()
        self._ended = not line
        return line.strip()

    def _follow(self, job: JobId) -> None:
        """Shows a job's events until it ended. Raises: DesksideError, Cancelled."""
        while True:
            if self._context.token.cancelled:
                self._desk.cancel(job)
            try:
                event = self._events.get(timeout=_POLL_S)
            except queue.Empty:
                continue
            if isinstance(event, JobFailed) and event.job == job:
                raise DesksideError(event.message)
            if isinstance(event, JobCancelled) and event.job == job:
                raise Cancelled
            if isinstance(event, JobFinished) and event.job == job:
                return
            self._show(event)

    def _show(self, event: Event) -> None:
        if isinstance(event, TokenDelta):
            self._output.text(harmless(event.text), end="")
        elif isinstance(event, MessageAdded):
            self._conversation_id = event.conversation_id
        elif isinstance(event, PromptProgressed):
            self._output.status(f"reading {event.done} of {event.total} tokens")
        elif isinstance(event, DownloadProgressed):
            self._output.status(progress_text(event.progress))
        elif isinstance(event, DownloadVerified):
            self._desk.change_settings(replace(self._desk.settings, last_model=event.model.path))
        elif isinstance(event, Noticed):
            self._output.note(english(event.message))
