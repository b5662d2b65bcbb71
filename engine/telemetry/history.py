"""What answers and the machine did, kept in a small database: figures, never text.

One row for each answer, one a minute for each device while a model is loaded, and one for each figure
that was predicted and then measured. The oldest rows go after `KEPT_DAYS`, scores also when there are more
than `MOST_SCORES`. The engine's host writes, and a measured run now and then; any number may read.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Final, TypeVar

from engine.chat.codec import storable
from engine.errors import StoreError
from engine.write_ahead import write_ahead

KEPT_DAYS: Final = 90
MOST_SCORES: Final = 20_000
_MOST_LESSONS: Final = 500
_ALONE: Final = 1.05  # answers in a batch, in the mean
_SCHEMA: Final = 2  # 1 had no scores
_BUSY_S: Final = 10.0  # that others may hold a reader or the writer up, on a slow disk


@dataclass(frozen=True, slots=True)
class AnswerRecord:
    """One answer, measured. Times in seconds."""

    at: float  # since the epoch, when it ended
    model: str
    quantization: str
    prompt_tokens: int
    reused_tokens: int
    restored_tokens: int
    evaluated_tokens: int
    generated_tokens: int
    reasoning_tokens: int
    queue_s: float
    prompt_s: float
    first_token_s: float
    generation_s: float
    prompt_tps: float
    generation_tps: float
    batch_width: float


@dataclass(frozen=True, slots=True)
class DeviceRecord:
    """One minute of one device, means and largest values. Bytes, watts, degrees Celsius."""

    at: float  # since the epoch, when the minute began
    device: str  # "RAM", or the name of a graphics card with its number
    used_bytes: int  # by everything, largest
    total_bytes: int
    model_bytes: int  # by the models, largest
    utilisation: float  # 0 to 1, mean; of all processor cores for "RAM"
    utilisation_most: float
    power_w: float | None  # mean
    temperature_c: float | None  # largest


class Quantity(StrEnum):
    """What is predicted, and in which unit."""

    GENERATION = "generation_tps"  # of one answer
    PROMPT = "prompt_tps"
    FIRST_TOKEN = "first_token_s"  # after waiting for others
    LOAD = "load_s"
    RESERVED = "memory_reserved_bytes"
    RESIDENT = "memory_resident_bytes"  # right after the load


@dataclass(frozen=True, slots=True)
class ScoreRecord:
    """One figure of a load or an answer, as it was predicted and as it was measured."""

    at: float  # since the epoch
    machine: str  # that it was measured on, and by which engine; see engine/host/knowing.py
    basis: str  # what predictions rested on beside runs
    model: str
    quantization: str
    build: str  # models that are equally fast have the same
    quantity: str  # a Quantity
    depth: int  # tokens before, in the mean
    streams: float  # answers in a batch, in the mean
    predicted: float
    measured: float
    plain: float  # what would have been predicted had nothing been learnt from runs
    quiet: int  # 1: other programs left the machine alone
    # parts of `plain` where that is generation: seconds of a step
    vram_s: float = 0.0
    ram_s: float = 0.0
    compute_s: float = 0.0
    ssd_s: float = 0.0
    pcie_s: float = 0.0
    cache_s: float = 0.0


Record = AnswerRecord | DeviceRecord | ScoreRecord
_TABLES: Final[dict[str, type[Record]]] = {
    "answers": AnswerRecord,
    "devices": DeviceRecord,
    "scores": ScoreRecord,
}
_KINDS: Final = {"float": "REAL", "int": "INTEGER", "str": "TEXT", "float | None": "REAL"}
_Record = TypeVar("_Record", AnswerRecord, DeviceRecord, ScoreRecord)


class History:
    """The writer. For one thread. Raises: StoreError, from every method."""

    def __init__(self, path: Path) -> None:
        with _as_store_error():
            path.parent.mkdir(parents=True, exist_ok=True)
            self._database = _open(path)

    def add(self, records: Iterable[Record]) -> None:
        with _as_store_error(), self._database:
            scored = False
            for record in records:
                table = next(name for name, kind in _TABLES.items() if isinstance(record, kind))
                marks = ", ".join("?" * len(fields(record)))
                values = [storable(value) if isinstance(value, str) else value for value in astuple(record)]
                self._database.execute(f"INSERT INTO {table} VALUES ({marks})", values)
                scored = scored or table == "scores"
            if scored:
                oldest = "(SELECT max(rowid) FROM scores) - ?"
                self._database.execute(f"DELETE FROM scores WHERE rowid <= {oldest}", (MOST_SCORES,))

    def forget_before(self, at: float) -> None:
        """Strikes out what is older; `at` in seconds since the epoch."""
        with _as_store_error(), self._database:
            for table in _TABLES:
                self._database.execute(f"DELETE FROM {table} WHERE at < ?", (at,))

    def close(self) -> None:
        with _as_store_error():
            self._database.close()


def read_answers(path: Path, since: float) -> tuple[AnswerRecord, ...]:
    """Oldest first; none where nothing was ever kept. Raises: StoreError."""
    return _read(path, "answers", AnswerRecord, since)


def read_devices(path: Path, since: float) -> tuple[DeviceRecord, ...]:
    """As `read_answers`."""
    return _read(path, "devices", DeviceRecord, since)


def read_scores(path: Path, since: float) -> tuple[ScoreRecord, ...]:
    """As `read_answers`."""
    return _read(path, "scores", ScoreRecord, since)


def read_lessons(path: Path, since: float) -> tuple[ScoreRecord, ...]:
    """The newest speeds of answers that were computed alone and undisturbed, oldest first.
    Raises: StoreError."""
    if not path.exists():
        return ()
    alone = "quiet AND streams <= ? AND quantity IN (?, ?)"
    newest = f"SELECT * FROM scores WHERE {alone} AND at >= ? ORDER BY at DESC LIMIT ?"
    values = (_ALONE, Quantity.GENERATION.value, Quantity.PROMPT.value, since, _MOST_LESSONS)
    with _as_store_error(), contextlib.closing(_open(path)) as database:
        rows = database.execute(newest, values).fetchall()
        return tuple(ScoreRecord(*row) for row in reversed(rows))


def _read(path: Path, table: str, kind: type[_Record], since: float) -> tuple[_Record, ...]:
    if not path.exists():
        return ()
    with _as_store_error(), contextlib.closing(_open(path)) as database:
        rows = database.execute(f"SELECT * FROM {table} WHERE at >= ? ORDER BY at", (since,))
        return tuple(kind(*row) for row in rows)


def _open(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=_BUSY_S)
    try:
        write_ahead(database, _BUSY_S)
        database.execute("PRAGMA synchronous=NORMAL")
        (version,) = database.execute("PRAGMA user_version").fetchone()
        if not 0 <= version <= _SCHEMA:
            raise sqlite3.DatabaseError(f"it has schema {version}; this program knows {_SCHEMA}")
        if version < _SCHEMA:
            _make(database)
    except BaseException:
        database.close()
        raise
    return database


def _make(database: sqlite3.Connection) -> None:
    with database:
        for table, kind in _TABLES.items():
            columns = ", ".join(f"{field.name} {_KINDS[str(field.type)]}" for field in fields(kind))
            database.execute(f"CREATE TABLE IF NOT EXISTS {table} ({columns}) STRICT")
            database.execute(f"CREATE INDEX IF NOT EXISTS {table}_at ON {table} (at)")
        database.execute(f"PRAGMA user_version = {_SCHEMA}")


@contextlib.contextmanager
def _as_store_error() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise StoreError.of("history_unusable", reason=str(error)) from error
