"""`deskside models`: what is installed, kept in order; with --search, what the hub has."""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

from engine.cli.context import Context
from engine.cli.output import harmless, range_text
from engine.cli.plan import VERDICTS, plan_record
from engine.download.library_values import KnownModel, LibraryEntry, Standing
from engine.download.sizes import size_text
from engine.download.trash import trashed
from engine.errors import UsageError
from engine.events import (
    Event,
    ModelMoved,
    ModelRead,
    ModelRemoved,
    ModelsSeen,
    Noticed,
    TrashEmptied,
    new_job_id,
)
from engine.jobs.keeping import Keeping
from engine.jobs.searching import SearchResult, last_machine, search
from engine.messages import english

_ACTIONS: Final = ("list", "verify", "move", "remove", "restore", "import", "empty-trash")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Lists the models on this machine (list), reads them whole and compares their checksums (verify),"
        " moves them to another folder or disk (move), deletes them (remove) with a week to think again"
        " (restore, empty-trash), uses what LM Studio, Ollama, the Hugging Face cache or a folder hold"
        " without copying it (import), or searches the hub (--search)."
    )
    parser.add_argument("action", nargs="?", choices=_ACTIONS, default="list", metavar="ACTION")
    parser.add_argument("names", nargs="*", metavar="NAME", help="as in the list, with :QUANT where needed")
    parser.add_argument("--all", action="store_true", help="verify or import: every model")
    parser.add_argument("--to", metavar="FOLDER", default="", help="move: where to")
    parser.add_argument("--from", metavar="FOLDER", default="", dest="source", help="import: where from")
    parser.add_argument(
        "--search", metavar="WORDS", default="", help="asks the hub, the only time it is asked"
    )


def run(arguments: argparse.Namespace, context: Context) -> int:
    if arguments.search.strip():
        return _search(arguments.search, context)
    return _Command(arguments, context).run()


class _Command:
    """One action on the library."""

    def __init__(self, arguments: argparse.Namespace, context: Context) -> None:
        self._arguments = arguments
        self._context = context
        self._output = context.output
        self._library = context.library()
        self._keeping = Keeping(self._library, self._show)
        self._seen: ModelsSeen | None = None

    def run(self) -> int:
        actions: dict[str, Callable[[], None]] = {
            "list": self._list,
            "verify": self._verify,
            "move": self._move,
            "remove": self._remove,
            "restore": self._restore,
            "import": self._import,
            "empty-trash": lambda: self._keeping.empty_trash(new_job_id()),
        }
        actions[self._arguments.action]()
        return 0

    def _list(self) -> None:
        entries = {entry.model.path: entry for entry in self._library.entries()}
        ready = [model for model in self._library.installed() if model.path not in entries]
        for model in ready:  # the starter
            self._line(model.name, model.quantization, model.size_bytes, "came with Deskside", model.path)
        for entry in entries.values():
            model = entry.model
            self._line(model.name, model.quantization, model.size_bytes, _standing(entry), model.path)
        waste = trashed(self._library.folders())
        if waste:
            size = size_text(sum(model.size_bytes for model in waste))
            self._output.note(f"the trash holds {size}; deskside models restore, or empty-trash")
        starters = [asdict(model) | {"standing": "ready", "verified_at": 0.0} for model in ready]
        self._output.record(
            "models", models=[*starters, *(_record(entry) for entry in entries.values())], trash=waste
        )

    def _line(self, name: str, quantization: str, size: int, standing: str, path: str) -> None:
        told = f"{harmless(name):<40} {quantization:<10} {size_text(size):>10}  {standing:<20} "
        self._output.text(told + harmless(path))

    def _verify(self) -> None:
        chosen = self._library.entries() if self._arguments.all else self._chosen()
        if not chosen:
            self._output.note("nothing to verify: the starter model was verified when it came")
            self._output.record("verified", path=None)
        for entry in chosen:
            self._keeping.verify(new_job_id(), self._context.token, entry.model.path)
            self._output.text(f"{harmless(entry.model.name)}: every checksum is right")
            self._output.record("verified", path=entry.model.path)

    def _move(self) -> None:
        if not self._arguments.to:
            raise UsageError.of("usage", problem="move needs --to FOLDER", program="deskside models")
        folder = os.path.abspath(Path(self._arguments.to).expanduser())  # noqa: PTH100
        for entry in self._chosen():
            self._keeping.move(new_job_id(), self._context.token, entry.model.path, folder)

    def _remove(self) -> None:
        for entry in self._chosen():
            self._keeping.remove(new_job_id(), entry.model.path)

    def _restore(self) -> None:
        waste = trashed(self._library.folders())
        names = self._arguments.names or [model.name for model in waste[:1]]
        if not names:
            self._output.note("the trash is empty")
            self._output.record("restored", name=None)
        for name in names:
            called = [m for m in waste if name.casefold() in (m.name.casefold(), _called(m).casefold())]
            if not called:
                raise UsageError.of("trash_unknown", key=name)
            self._keeping.restore(called[0].key)
            self._output.text(f"restored {_called(called[0])}")
            self._output.record("restored", name=called[0].name)

    def _import(self) -> None:
        source = self._arguments.source
        self._keeping.look(new_job_id(), self._context.token, source)
        assert self._seen is not None
        found, names = self._seen.look.found, {name.casefold() for name in self._arguments.names}
        wanted = [model for model in found if self._arguments.all or _names(model) & names]
        for refusal in self._seen.look.refused:
            self._output.note(english(refusal))
        unknown = names - {name for model in found for name in _names(model)}
        if unknown:
            choices = ", ".join(_called(model) for model in found)
            raise UsageError.of("installed_unknown", text=min(unknown), choices=choices)
        self._keeping.take_in(tuple(wanted))
        for model in wanted or found:
            self._line(model.name, model.quantization, model.size_bytes, model.source, model.path)
        if found and not wanted:
            self._output.note("name those that are to be used where they lie, or say --all")
        self._output.record("imported" if wanted else "found", models=wanted or found)

    def _chosen(self) -> tuple[LibraryEntry, ...]:
        """Raises: UsageError."""
        if not self._arguments.names:
            problem = f"{self._arguments.action} needs the name of a model"
            raise UsageError.of("usage", problem=problem, program="deskside models")
        return tuple(self._library.find_entry(name) for name in self._arguments.names)

    def _show(self, event: Event) -> None:
        output = self._output
        match event:
            case ModelsSeen():
                self._seen = event
            case ModelRead(path=path, done_bytes=done, total_bytes=total, copying=copying):
                output.record("progress", path=path, done_bytes=done, total_bytes=total, copying=copying)
                share = done / total if total else 1.0
                word = "copying" if copying else "comparing checksums"
                output.status(f"{share:4.0%}  {size_text(done)} of {size_text(total)}  {word}")
            case ModelMoved(old_path=old, new_path=new):
                output.record("moved", old_path=old, path=new)
                output.text(harmless(new))
            case ModelRemoved(path=path, name=name, trashed=trash):
                output.record("removed", path=path, trashed=trash)
                kept = "in the trash for a week" if trash else "off the list; its files were not touched"
                output.text(f"{harmless(name)} is {kept}")
            case TrashEmptied(freed_bytes=freed):
                output.record("emptied", freed_bytes=freed)
                output.text(f"{size_text(freed)} came free")
            case Noticed(message=message):
                output.record("warning", message=message)
                output.note(english(message))
            case _:
                pass


def _standing(entry: LibraryEntry) -> str:
    if entry.standing is not Standing.READY:
        return {Standing.CHANGED: "changed", Standing.MISSING: "missing"}[entry.standing]
    if not entry.model.verified:
        return "not verified"
    day = time.strftime("%Y-%m-%d", time.localtime(entry.verified_at)) if entry.verified_at else ""
    return f"verified {day}".rstrip()


def _record(entry: LibraryEntry) -> dict[str, Any]:
    return asdict(entry.model) | {
        "standing": entry.standing.value,
        "verified_at": entry.verified_at,
        "folder": entry.folder,
        "files": entry.files,
    }


def _called(model: Any) -> str:
    return f"{model.name}:{model.quantization}".rstrip(":")


def _names(model: KnownModel) -> set[str]:
    return {name.casefold() for name in (model.name, _called(model), model.path)}


def _search(words: str, context: Context) -> int:
    machine = last_machine(context.paths)
    if machine is None:
        context.output.note("without verdicts, as this machine was not checked yet (deskside check)")
    results = search(context.settings.endpoint, words, machine)
    for result in results:
        context.output.text(_line(result))
    if not results:
        context.output.note("the hub has no GGUF model for these words")
    context.output.record("found", models=[_found_record(result) for result in results])
    return 0


def _line(result: SearchResult) -> str:
    model, plan = result.model, result.plan
    told = f"{model.repository[:56]:<56} {model.downloads:>10,} downloads"
    if plan is None:
        return told
    mark = "" if plan.quantization.exact else "about "
    size = f"{mark}{size_text(plan.quantization.size_bytes)}"
    speed = f"{range_text(plan.speed.generation_tps)} tokens/s"
    return f"{told}  {plan.quantization.name:<10} {size:>16}  {VERDICTS[plan.verdict]}, {speed}"


def _found_record(result: SearchResult) -> dict[str, Any]:
    """As docs/cli.md describes it."""
    model = result.model
    return {
        "repository": model.repository,
        "downloads": model.downloads,
        "gated": model.gated,
        "architecture": model.architecture,
        "parameters": model.parameters,
        "context_length": model.context_length,
        "quantizations": model.quantizations,
        "plan": plan_record(result.plan) if result.plan else None,
    }
