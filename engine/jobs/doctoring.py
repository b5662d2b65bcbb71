"""What is wrong here, and a bundle for somebody who helps: without private data, never sent by itself."""

from __future__ import annotations

import getpass
import json
import os
import platform
import re
import socket
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

from engine import __version__
from engine.crashes import crash_folder
from engine.download.library import Library
from engine.download.partfile import free_bytes
from engine.download.sizes import size_text
from engine.errors import DesksideError
from engine.host.start import host_runs
from engine.jobs.checking import last_report
from engine.jobs.runtimes import Runtimes
from engine.messages import english
from engine.packs.abi import engine_abi
from engine.paths import Paths
from engine.runtime.probe import list_devices
from engine.settings import Settings

_MOST_OF_A_LOG: Final = 256 * 1024  # bytes, from its end
_LOGS: Final = ("deskside.log", "engine.log", "worker.log", "probe.log", "serve.log")
_LITTLE_ROOM: Final = 2 << 30
_SHORTEST_NAME: Final = 3  # of a user or a machine: shorter ones would tear words apart

_SECRETS: Final = (
    (re.compile(r"\b(hf_|sk-|ghp_)[\w-]{8,}"), r"\1[removed]"),
    (
        re.compile(
            r"(?i)\b(bearer|authorization:?|api[_-]?key\W{1,3}|token\W{1,3}|password\W{1,3})\s*[^\s\"',}]{4,}"
        ),
        r"\1 [removed]",
    ),
    (re.compile(r"//[^/\s@\"']{1,200}@"), "//[removed]@"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}\b"), "[address removed]"),
    (re.compile(r"\b(?!127\.)(?:\d{1,3}\.){3}\d{1,3}\b"), "[ip removed]"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    good: bool
    text: str


def examine(paths: Paths, settings: Settings, command: Sequence[str]) -> Iterator[Finding]:
    """One after the other, as they are found. Asks nothing of the network."""
    yield Finding(True, f"Deskside {__version__}, Python {platform.python_version()}, {platform.platform()}")
    yield Finding(bool(engine_abi()), f"llama.cpp's bindings: {engine_abi() or 'not found'}")
    for name, folder in (("data", paths.data), ("settings", paths.config), ("state", paths.state)):
        yield Finding(os.access(folder, os.W_OK), f"{name} in {folder}")
    free = free_bytes(paths.models)
    yield Finding(free >= _LITTLE_ROOM, f"free for models: {size_text(free)}")
    yield from _engine(paths, command)
    models = Library(paths.models, paths.state).installed()
    yield Finding(bool(models), f"models that can be loaded: {len(models)}")
    reports = sorted(crash_folder(paths.state).glob("crash-*.txt"))
    yield Finding(
        not reports, f"crash reports: {len(reports)}" + (f", in {reports[-1].parent}" if reports else "")
    )
    if settings.proxy or settings.certificates:
        yield Finding(True, "a proxy or certificates are set; `deskside connection` tries them")


def _engine(paths: Paths, command: Sequence[str]) -> Iterator[Finding]:
    yield Finding(True, f"the engine {'runs' if host_runs(paths) else 'does not run now'}")
    for state in Runtimes(paths, command).here():
        if state.aside is not None:
            yield Finding(False, f"runtime {state.name} was put aside: {english(state.aside)}")
        elif state.in_use:
            yield Finding(True, f"runtime in use: {state.name or 'built-in'}")
    try:
        devices = list_devices(command, log_path=paths.state / "probe.log")
    except DesksideError as error:
        yield Finding(False, english(error.message))
    else:
        yield Finding(
            True, "computes on " + ", ".join(f"{each.name} ({each.description})" for each in devices)
        )


def write_bundle(paths: Paths, settings: Settings, findings: Sequence[Finding], target: Path) -> None:
    """Writes a zip for a person to look through and to send. Chats, models and keys are not in it, and
    names of the person, the machine, folders above home, addresses and tokens are removed.

    Raises: OSError.
    """
    redact = redactor()
    contents = {
        "findings.txt": "\n".join(f"{'ok  ' if each.good else 'BAD '} {each.text}" for each in findings),
        "settings.json": json.dumps(asdict(_without_places(settings)), indent=1),
        "about.json": json.dumps(
            {"version": __version__, "frozen": hasattr(sys, "frozen"), "abi": engine_abi()}
        ),
    }
    report = last_report(paths)
    if report is not None:
        contents["hardware.txt"] = repr(report)
    for path in (
        *(paths.state / name for name in _LOGS),
        *sorted(crash_folder(paths.state).glob("crash-*.txt")),
    ):
        if path.is_file():
            with path.open("rb") as file:
                file.seek(max(0, path.stat().st_size - _MOST_OF_A_LOG))
                contents[path.name] = file.read(_MOST_OF_A_LOG).decode("utf-8", "replace")
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, text in contents.items():
            bundle.writestr(name, redact(text))


def redactor() -> Callable[[str], str]:
    """Takes names of this person and machine, addresses and secrets out of a text."""
    home = str(Path.home())
    names = [name for name in (_user(), socket.gethostname()) if len(name) >= _SHORTEST_NAME]

    def redact(text: str) -> str:
        if len(home) > 1:
            text = text.replace(home, "~")
        for name in names:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", "[name removed]", text)
        for pattern, instead in _SECRETS:
            text = pattern.sub(instead, text)
        return text

    return redact


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, in a container
        return ""


def _without_places(settings: Settings) -> Settings:
    """Endpoints and mirrors may name a company's machines."""
    return replace(
        settings,
        remotes=(),
        mirrors=(),
        last_model=Path(settings.last_model).name,
        proxy="[set]" if settings.proxy else "",
    )
