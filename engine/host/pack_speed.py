"""Whether a runtime pack made answers slower than what was there before it; then that comes back.

Speeds of answers are kept by runtime, one a line, for this machine only. They are compared where nothing
else differs: the same file, threads, type of cache, and about as much context. What somebody else slowed,
answers in a batch and drafted ones never count (host/scoring.py).
"""

from __future__ import annotations

import logging
import math
import statistics
import threading
import time
from collections import defaultdict, deque
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from engine.catalog.model import InstalledModel
from engine.messages import Sentence, sentence
from engine.packs.abi import engine_abi
from engine.packs.shelf import BUILT_IN, Shelf
from engine.paths import Paths
from engine.runtime.values import LoadRequest, ModelFacts
from engine.runtime.wire import Codec, WireError
from engine.telemetry.history import KEPT_DAYS, Quantity, ScoreRecord
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

SLOWER: Final = 0.9  # of the speed before
LEAST: Final = 5  # answers with each
_MOST: Final = 15  # of each, the newest
_MOST_KEPT: Final = 1_000  # lines, once there are twice as many
_MOST_BYTES: Final = 4 << 20  # that are read, from the end
_LEAST_DEPTH, _MOST_DEPTH = 64, 65_536  # tokens, of answers that can be compared
_ALONE: Final = 1.05  # answers in a batch, in the mean
_DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Timed:
    """One answer, computed alone on a quiet machine."""

    at: float  # since the epoch
    pack: str  # "" for what the program brings
    machine: str  # and which engine; see host/knowing.py
    model: str  # what tells its file from others
    threads: int
    kv_type: str
    band: int  # of the context: each twice as deep as the one below
    tps: float

    @property
    def case(self) -> tuple[str, str, int, str, int]:
        """What must be the same for two speeds to be compared."""
        return self.machine, self.model, self.threads, self.kv_type, self.band


_CODEC: Final = Codec((Timed,))


class PackSpeed:
    """One for the host. Thread-safe."""

    def __init__(self, paths: Paths, shelf: Shelf | None = None) -> None:
        self._path = paths.state / "pack-speed.jsonl"
        self._shelf = shelf or Shelf(paths.runtimes, engine_abi())
        self._lock = threading.Lock()
        self._known: defaultdict[tuple[object, ...], deque[Timed]] | None = None

    def answered(
        self, model: InstalledModel, request: LoadRequest, facts: ModelFacts, records: Iterable[ScoreRecord]
    ) -> Sentence | None:
        """After every answer. A sentence, where the pack was left because of it: from the next load on
        the model runs with what was there before."""
        record = next((each for each in records if _tells(each)), None)
        if record is None:
            return None
        timed = Timed(
            record.at,
            facts.pack,
            record.machine,
            model.sha256 or f"{Path(model.path).name} {model.size_bytes}",
            request.threads,
            request.kv_type,
            int(math.log2(record.depth)),
            record.measured,
        )
        with self._lock:
            try:
                if timed.pack != BUILT_IN and self._shelf.in_use() != timed.pack:
                    return None  # it was left already, or something else was chosen meanwhile
                self._keep(timed)
                return self._judge(timed, model.name)
            except OSError as error:
                log.warning("speeds of runtimes cannot be kept: %s", error)
                return None

    def _judge(self, timed: Timed, model: str) -> Sentence | None:
        """Raises: OSError."""
        if timed.pack == BUILT_IN:
            return None
        before = self._shelf.before()
        speeds = self._speeds(timed.case, timed.pack), self._speeds(timed.case, before)
        if not is_slower(*speeds):
            return None
        now, then = (f"{statistics.median(each):.1f}" for each in speeds)
        values = {"name": timed.pack, "model": model, "now": now, "before": then}
        reason = (
            sentence("pack_slower", other=before, **values)
            if before != BUILT_IN
            else sentence("pack_slower_than_own", **values)
        )
        self._shelf.go_back(timed.pack, reason)
        self._forget(timed.pack)  # who chooses it again begins anew
        return reason

    def _speeds(self, case: tuple[object, ...], pack: str) -> list[float]:
        return [each.tps for each in self._all()[(*case, pack)]]

    def _keep(self, timed: Timed) -> None:
        """Raises: OSError."""
        self._all()[(*timed.case, timed.pack)].append(timed)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._path.open("ab") as file:
            file.write(_CODEC.encode(timed) + b"\n")

    def _forget(self, pack: str) -> None:
        """Raises: OSError."""
        known = self._all()
        for key in [key for key, kept in known.items() if kept and kept[0].pack == pack]:
            del known[key]
        self._write()

    def _all(self) -> defaultdict[tuple[object, ...], deque[Timed]]:
        if self._known is None:
            self._known = defaultdict(lambda: deque(maxlen=_MOST))
            lines = _lines_of(self._path)
            for timed in _timed(lines):
                self._known[(*timed.case, timed.pack)].append(timed)
            if len(lines) > 2 * _MOST_KEPT:
                self._write()
        return self._known

    def _write(self) -> None:
        """Only what still counts. Raises: OSError."""
        kept = sorted((each for one in self._all().values() for each in one), key=lambda each: each.at)
        replace_file(self._path, b"".join(_CODEC.encode(each) + b"\n" for each in kept[-_MOST_KEPT:]))


def is_slower(now: list[float], before: list[float]) -> bool:
    """Clearly: by the medians, and not for a few slow answers among others."""
    if min(len(now), len(before)) < LEAST:
        return False
    apart = statistics.quantiles(now, n=4)[2] < statistics.quantiles(before, n=4)[0]
    return apart and statistics.median(now) < SLOWER * statistics.median(before)


def _tells(record: ScoreRecord) -> bool:
    return (
        record.quantity == Quantity.GENERATION
        and bool(record.quiet)
        and record.streams <= _ALONE
        and _LEAST_DEPTH <= record.depth <= _MOST_DEPTH
        and record.measured > 0
    )


def _lines_of(path: Path) -> list[bytes]:
    """Raises: OSError."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, 2) - _MOST_BYTES))
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def _timed(lines: list[bytes]) -> Iterable[Timed]:
    """Those that can be believed and are not too old."""
    since = time.time() - KEPT_DAYS * _DAY_S
    for line in lines:
        try:
            timed = cast(Timed, _CODEC.decode(line))
        except WireError as error:
            log.warning("a speed of a runtime cannot be read: %s", error)
            continue
        if timed.at >= since and timed.tps > 0:
            yield timed
