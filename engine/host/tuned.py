"""What tuning found for a model on this machine, and whether it still holds.

A file of one line a model. A line counts for the same file and the same machine with the same engine only;
what cannot be believed is passed over, and the model is loaded as it is planned.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from engine.catalog.model import InstalledModel
from engine.host.knowing import MachineKey, is_of
from engine.paths import Paths
from engine.runtime.values import DeviceLayers, LoadRequest
from engine.runtime.wire import Codec, WireError
from engine.telemetry.history import Quantity, ScoreRecord
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

_MOST_LINES = 256
_MOST_BYTES = 2**20
_SLOWER = 0.9  # of the speed without tuning: below it, tuned settings are of no use any more
_SLOW_ANSWERS = 3  # in a row
_LEAST_DEPTH, _MOST_DEPTH = 64, 4096  # of answers that can be compared
_lock = threading.Lock()


@dataclass(frozen=True, slots=True)
class Tuned:
    """Where a load differs from its plan; 0, "" and None leave the plan as it is."""

    threads: int = 0
    batch: int = 0  # tokens
    kv_type: str = ""
    flash: bool | None = None
    plain: bool = False  # without a copy of the weights
    placed: bool = False  # as the following says, while that fits
    devices: tuple[DeviceLayers, ...] = ()
    experts_away: tuple[int, ...] = ()
    pipelined: bool = True

    def of(self, request: LoadRequest) -> LoadRequest:
        """The load with what does not change its memory."""
        smaller = min(self.batch, request.n_batch) if self.batch else request.n_batch
        fits = self.flash is not False or request.kv_type == "f16"
        return replace(
            request,
            threads=self.threads or request.threads,
            n_batch=smaller,
            flash=self.flash if fits else None,
        )


@dataclass(frozen=True, slots=True)
class TunedModel:
    """Speeds were measured one beside the other, in turns."""

    name: str  # of the file
    size_bytes: int
    machine: str  # host/knowing.py: key_text
    basis: str  # of predictions, when it was tuned
    at: float  # since the epoch
    tuned: Tuned
    default_tps: float
    tuned_tps: float
    default_prompt_tps: float
    tuned_prompt_tps: float
    floor: float = 0.0  # untuned speed / what is predicted for the tuned load
    rolled_back: bool = False

    def is_for(self, model: InstalledModel, machine: MachineKey) -> bool:
        same = self.name == Path(model.path).name and self.size_bytes == model.size_bytes
        return same and is_of(self.machine, machine)


_CODEC = Codec((TunedModel,))


def load_tuned(paths: Paths) -> tuple[TunedModel, ...]:
    """All lines that can be believed, oldest first."""
    try:
        with (paths.state / "tuned.jsonl").open("rb") as file:
            lines = file.read(_MOST_BYTES).splitlines()
    except FileNotFoundError:
        return ()
    except OSError as error:
        log.warning("what was tuned cannot be read: %s", error)
        return ()
    found = []
    for line in lines[-_MOST_LINES:]:
        try:
            found.append(_checked(cast(TunedModel, _CODEC.decode(line))))
        except WireError as error:
            log.warning("a line of what was tuned cannot be read: %s", error)
    return tuple(found)


def tuned_for(paths: Paths, model: InstalledModel, machine: MachineKey) -> TunedModel | None:
    """What holds for a load now; None where nothing was tuned, or no longer helps."""
    found = [one for one in load_tuned(paths) if one.is_for(model, machine)]
    return found[-1] if found and not found[-1].rolled_back else None


def keep_tuned(paths: Paths, entry: TunedModel) -> None:
    """In place of what was kept for that file. Raises: OSError."""
    with _lock:
        same = (entry.name, entry.size_bytes, entry.machine)
        kept = [one for one in load_tuned(paths) if (one.name, one.size_bytes, one.machine) != same]
        _write(paths, [*kept, entry])


def roll_back(paths: Paths, entry: TunedModel) -> None:
    """From the next load on the model is loaded as it is planned."""
    try:
        keep_tuned(paths, replace(entry, rolled_back=True))
    except OSError as error:
        log.warning("what was tuned cannot be rolled back: %s", error)


def forget_tuned(paths: Paths, model: InstalledModel) -> bool:
    """Whether there was anything. Raises: OSError."""
    with _lock:
        before = load_tuned(paths)
        same = (Path(model.path).name, model.size_bytes)
        kept = [one for one in before if (one.name, one.size_bytes) != same]
        if len(kept) < len(before):
            _write(paths, kept)
        return len(kept) < len(before)


def _write(paths: Paths, entries: list[TunedModel]) -> None:
    paths.state.mkdir(parents=True, exist_ok=True)
    lines = b"".join(_CODEC.encode(entry) + b"\n" for entry in entries[-_MOST_LINES:])
    replace_file(paths.state / "tuned.jsonl", lines)


def _checked(entry: TunedModel) -> TunedModel:
    """Raises: WireError, for what no load takes."""
    tuned = entry.tuned
    right = (
        0 <= tuned.threads <= 512
        and (tuned.batch == 0 or 32 <= tuned.batch <= 65_536)
        and tuned.kv_type in ("", "f16", "q8_0", "q4_0")
        and all(0 <= each.layers <= 100_000 for each in tuned.devices)
        and all(0 <= number <= 100_000 for number in tuned.experts_away)
    )
    if not right:
        raise WireError("settings that no load takes")
    return entry


class Watch:
    """Looks whether a tuned load has become slower than one without would be. Thread-safe."""

    def __init__(self, entry: TunedModel) -> None:
        self.entry = entry
        self._slow = 0
        self._over = False
        self._lock = threading.Lock()

    def says_slow(self, records: tuple[ScoreRecord, ...]) -> bool:
        """True once: when so many answers in a row were too slow, with nothing else to blame."""
        with self._lock:
            for record in records:
                if self._tells(record):
                    slow = record.measured < _SLOWER * self.entry.floor * record.plain
                    self._slow = self._slow + 1 if slow else 0
            if self._slow < _SLOW_ANSWERS or self._over:
                return False
            self._over = True
            return True

    def _tells(self, record: ScoreRecord) -> bool:
        return (
            record.quantity == Quantity.GENERATION
            and bool(record.quiet)
            and record.streams <= 1.05
            and record.plain > 0
            and record.basis == self.entry.basis
            and _LEAST_DEPTH <= record.depth <= _MOST_DEPTH
        )
