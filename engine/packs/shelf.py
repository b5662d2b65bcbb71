"""The packs on this machine, and which of them the next worker takes.

    <data>/runtimes/<abi>/NAME/        the modules of a pack, and pack.json
    <data>/runtimes/<abi>/choice.json  what was chosen, the newest choice first, and what was put aside
    <data>/runtimes/<abi>/trying-*     a worker is starting with a pack; see `attempt`
    <data>/runtimes/<abi>/crashed-NAME  a worker that computed with it has died; see `crashed`

Another build of llama.cpp has another <abi>, so a pack that does not fit is never seen (nor kept for ever:
outlived.py).
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import psutil

from engine.messages import Sentence, english, sentence
from engine.packs.manifest import BACKENDS, Pack, values_in
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

BUILT_IN: Final = ""  # what the program brings: llama.cpp's CPU parts
_STRIKES: Final = 2  # deaths of a worker that is starting; one may be a person's Ctrl+C
_MOST_CHOICES: Final = 10  # that are remembered, to go back to


@dataclass(frozen=True, slots=True)
class Choice:
    """`chosen`: names, the newest first. `aside`: packs that failed, and why."""

    chosen: tuple[str, ...] = ()
    aside: dict[str, Sentence] = field(default_factory=dict)


class Shelf:
    """One for each build of llama.cpp. Nothing is kept in memory: other processes change it, too."""

    def __init__(self, runtimes: Path, abi: str) -> None:
        self.folder = runtimes / (abi or "unknown")
        self.abi = abi

    def packs(self) -> tuple[Pack, ...]:
        """Those that are whole, the best backend first."""
        found = [pack for path in self.folder.glob("*/pack.json") if (pack := _read_pack(path)) is not None]
        return tuple(sorted(found, key=lambda pack: (BACKENDS.index(pack.backend), pack.name)))

    def place(self, name: str) -> Path:
        return self.folder / name

    def choice(self) -> Choice:
        try:
            stored = json.loads((self.folder / "choice.json").read_text("utf-8"))
            chosen, aside = stored["chosen"], stored["aside"]
            return Choice(tuple(map(str, chosen)), {str(name): _reason(why) for name, why in aside.items()})
        except FileNotFoundError:
            return Choice()
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.warning("the choice of runtimes cannot be read, so none counts: %s", error)
            return Choice()

    def in_use(self) -> str:
        """The pack that the next worker takes: the chosen one; where that was put aside, the next best."""
        choice, names = self.choice(), [pack.name for pack in self.packs()]
        good = [name for name in names if name not in choice.aside]
        if not choice.chosen or choice.chosen[0] == BUILT_IN:
            return BUILT_IN
        if choice.chosen[0] in good:
            return choice.chosen[0]
        return next(iter(good), BUILT_IN)

    def use(self, name: str) -> None:
        """From the next load on. A pack that was put aside gets another chance. Raises: OSError."""
        choice = self.choice()
        aside = {other: why for other, why in choice.aside.items() if other != name}
        others = [other for other in choice.chosen if other != name]
        self._write(Choice((name, *others)[:_MOST_CHOICES], aside))
        self._begin_anew(name)

    def roll_back(self) -> str:
        """Returns what is in use now: what was chosen before, as far as it is here and not put aside.
        Raises: OSError."""
        choice = self.choice()
        self._write(replace(choice, chosen=self._chosen_before(choice)))
        return self.in_use()

    def before(self) -> str:
        """What was used before the one that was chosen, as far as it still can be."""
        choice, names = self.choice(), [pack.name for pack in self.packs()]
        good = {BUILT_IN, *(name for name in names if name not in choice.aside)}
        return next((name for name in choice.chosen[1:] if name in good), BUILT_IN)

    def go_back(self, name: str, reason: Sentence) -> None:
        """Puts the pack that was chosen aside. In its place comes what was there before it, which need not be
        the next best. Raises: OSError."""
        log.warning("the runtime %s is left: %s", name, english(reason))
        choice = self.choice()
        self._write(Choice(self._chosen_before(choice), {**choice.aside, name: reason}))
        self._begin_anew(name)

    def _chosen_before(self, choice: Choice) -> tuple[str, ...]:
        before = self.before()
        return choice.chosen[choice.chosen.index(before, 1) :] if before in choice.chosen[1:] else ()

    def put_aside(self, name: str, reason: Sentence) -> None:
        """Raises: OSError."""
        log.warning("the runtime %s is put aside: %s", name, english(reason))
        choice = self.choice()
        self._write(replace(choice, aside={**choice.aside, name: reason}))
        self._begin_anew(name)

    def crashed(self, name: str) -> bool:
        """A worker has died with that pack. Whether one had before, without an answer since.

        Raises: OSError.
        """
        mark = self._mark_of_crash(name)
        again = mark.exists()
        mark.touch()
        return again

    def fared_well(self, name: str) -> None:
        """An answer was computed with it."""
        with contextlib.suppress(OSError):  # a mark too many costs a pack its second chance, no more
            self._mark_of_crash(name).unlink(missing_ok=True)

    def pardon(self, name: str) -> None:
        """It was put aside for what was not its fault. Raises: OSError."""
        choice = self.choice()
        aside = {other: why for other, why in choice.aside.items() if other != name}
        self._write(replace(choice, aside=aside))

    @contextlib.contextmanager
    def workbench(self) -> Iterator[Path]:
        """A folder on the same disk for a pack that is not whole yet. What dead ones left goes first.

        Raises: OSError.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(".fresh-*"):
            if not psutil.pid_exists(_pid_of(left)):
                shutil.rmtree(left, ignore_errors=True)
        prefix = f".fresh-{os.getpid()}-"
        with tempfile.TemporaryDirectory(prefix=prefix, dir=self.folder, ignore_cleanup_errors=True) as made:
            yield Path(made)

    def add(self, pack: Pack, unpacked: Path) -> None:
        """`unpacked`, a folder on the same disk, becomes the pack's; one of that name is replaced.

        Raises: OSError.
        """
        (unpacked / "pack.json").write_text(json.dumps(asdict(pack)), "utf-8")
        former = self.place(pack.name)
        if former.exists():  # on Windows fails while a worker has it loaded, with nothing changed
            former.rename(unpacked.with_suffix(".former"))
        unpacked.rename(former)
        shutil.rmtree(unpacked.with_suffix(".former"), ignore_errors=True)

    def remove(self, name: str) -> None:
        """As a whole or not at all. Raises: OSError, on Windows while a worker has it loaded."""
        with self.workbench() as work:
            self.place(name).rename(work / name)
        choice = self.choice()  # behind it, since it may be a full disk that makes somebody remove packs
        aside = {other: why for other, why in choice.aside.items() if other != name}
        self._write(Choice(tuple(other for other in choice.chosen if other != name), aside))
        self._begin_anew(name)

    @contextlib.contextmanager
    def attempt(self) -> Iterator[str]:
        """Around the start of a worker: the name of the pack to take.

        A driver can end the process or halt it, so that no code could say why. Its mark stays behind, and
        after two of them the pack is put aside by the next worker, which takes the next best.
        """
        name = self._settled()
        if name == BUILT_IN:
            yield name
            return
        with contextlib.suppress(OSError):  # a disk that is full must not keep a worker from starting
            (self.folder / f"trying-{os.getpid()}-{name}").touch()
        yield name
        self._forget_attempts(name)

    def _settled(self) -> str:
        for _ in range(len(self.packs()) + 1):
            name = self.in_use()
            dead = [mark for mark in self._attempts(name) if not psutil.pid_exists(_pid_of(mark))]
            if name == BUILT_IN or len(dead) < _STRIKES:
                return name
            try:
                self.put_aside(name, sentence("pack_ended_engine", name=name))
            except OSError as error:
                log.warning("the runtime %s cannot be put aside: %s", name, error)
                return BUILT_IN
        return BUILT_IN

    def _attempts(self, name: str) -> list[Path]:
        return [mark for mark in self.folder.glob("trying-*") if mark.name.split("-", 2)[2:] == [name]]

    def _mark_of_crash(self, name: str) -> Path:
        return self.folder / f"crashed-{name}"

    def _begin_anew(self, name: str) -> None:
        self._forget_attempts(name)
        self._mark_of_crash(name).unlink(missing_ok=True)

    def _forget_attempts(self, name: str) -> None:
        for mark in self._attempts(name):
            mark.unlink(missing_ok=True)

    def _write(self, choice: Choice) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        aside = {name: {"code": why.code, "values": dict(why.values)} for name, why in choice.aside.items()}
        stored = {"chosen": choice.chosen, "aside": aside}
        replace_file(self.folder / "choice.json", json.dumps(stored).encode())


def _reason(stored: Any) -> Sentence:
    """Why a pack was put aside; an older version kept it as a text. Raises: TypeError."""
    if isinstance(stored, str):
        return sentence("pack_aside", reason=stored)
    try:
        return sentence(stored["code"], **stored["values"])
    except (KeyError, ValueError):  # a sentence of another version
        return sentence("pack_aside", reason=str(stored["code"]) if "code" in stored else "?")


def _pid_of(mark: Path) -> int:
    """The process that made a mark or a folder, which stands behind the first dash of its name."""
    number = mark.name.split("-")[1]
    return int(number) if number.isdecimal() else 0


def _read_pack(path: Path) -> Pack | None:
    """None, where it makes no sense: it is then not a pack."""
    try:
        stored: Any = json.loads(path.read_text("utf-8"))
        pack = Pack(**values_in(stored))
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s is no pack: %s", path.parent, error)
        return None
    return pack if pack.name == path.parent.name and pack.backend in BACKENDS else None
