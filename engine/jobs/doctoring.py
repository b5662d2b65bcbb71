"""What is wrong here, and a bundle for somebody who helps: without private data, never sent by itself."""

from __future__ import annotations

import json
import os
import platform
import sys
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
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
from engine.jobs.redacting import redactor
from engine.jobs.runtimes import Runtimes
from engine.messages import english
from engine.packs.abi import engine_abi
from engine.paths import Paths
from engine.runtime.probe import list_devices
from engine.settings import Settings

_MOST_OF_A_LOG: Final = 256 * 1024  # bytes, from its end
_LOGS: Final = ("deskside.log", "engine.log", "worker.log", "probe.log", "serve.log")
_LITTLE_ROOM: Final = 2 << 30
# Of the settings, those whose texts name no place and no person.
_PLAIN: Final = ("language", "theme", "contrast", "motion", "currency")
_FIGURES: Final = ("overrides", "shortcuts")


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
    redact = redactor(paths, settings)
    contents = {
        "findings.txt": "\n".join(f"{'ok  ' if each.good else 'BAD '} {each.text}" for each in findings),
        "settings.json": json.dumps(_without_places(settings), indent=1),
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


def _without_places(settings: Settings) -> dict[str, object]:
    """Texts that a person gave name machines, folders and people: of those it is told that they are set, and
    of lists how long they are. What a later version adds is kept back, too."""
    usual, told = Settings(), dict[str, object]()
    for name, value in asdict(settings).items():
        if isinstance(value, str) and name not in _PLAIN and value not in ("direct", getattr(usual, name)):
            told[name] = "[set]"
        elif isinstance(value, tuple) and name not in _FIGURES:
            told[name] = f"[{len(value)}]"
        else:
            told[name] = value
    return told | {"last_model": Path(settings.last_model).name}
