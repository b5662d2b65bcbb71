"""Reads price lists: the one that is shipped, and a person's own over it. Format: docs/cli.md."""

from __future__ import annotations

import difflib
import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import NoReturn, cast

import resources
from engine.errors import UsageError
from engine.hardware.cpu_names import nearest_cpus, published_cpu
from engine.hardware.described_json import description_from_json
from engine.hardware.gpu_names import nearest_names, published_gpu
from engine.planning.prices import CNY, MOST_PRICE, MOST_WATTS, Part, PartKind, PriceList, Sourced, merged

MOST_FILE_BYTES = 2**20
MOST_PARTS = 64  # every pairing of them is planned
MOST_SLOTS = 8
_MOST_TEXT = 300
_CURRENCIES = (CNY, "USD")
_DATE = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?")
_TOP = ("schema", "about", "parts", "cny_per_usd")
_RATE = ("rate", "date", "source")
_PART = (
    *("name", "kind", "used", "price", "currency", "date", "source"),
    *("watts", "watts_source", "watts_date", "hardware", "slots"),
    *("size_gib", "read_gb_s"),
)


def price_list(own: Path | None) -> PriceList:
    """The shipped prices, and those of `own` over them. Raises: UsageError."""
    shipped = _load(resources.path("catalog", "prices.json"), PriceList(()))
    return merged(shipped, _load(own, shipped)) if own else shipped


def _load(path: Path, shipped: PriceList) -> PriceList:
    try:
        with path.open("rb") as file:
            content = file.read(MOST_FILE_BYTES + 1)
        if len(content) > MOST_FILE_BYTES:
            raise ValueError(f"it is larger than {MOST_FILE_BYTES} bytes")
        data = json.loads(content.decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error)[:200]
        raise UsageError.of("prices_unreadable", path=str(path), reason=reason) from error
    return prices_from_json(data, shipped)


def prices_from_json(data: object, shipped: PriceList) -> PriceList:
    """`shipped` knows parts of which the list need say only what differs. Raises: UsageError."""
    top = _object(data, "the file", _TOP)
    items = top.get("parts", [])
    if not isinstance(items, list) or len(items) > MOST_PARTS:
        _refuse("parts", f"is not a list of at most {MOST_PARTS}")
    known = {part.name.casefold(): part for part in shipped.parts}
    parts = tuple(_part(item, f"parts[{index}]", known) for index, item in enumerate(items))
    if len({part.name.casefold() for part in parts}) != len(parts):
        _refuse("parts", "names one part twice")
    rate = None
    if top.get("cny_per_usd") is not None:
        given = _object(top["cny_per_usd"], "cny_per_usd", _RATE)
        value = _number(given.get("rate"), "cny_per_usd.rate", 0.01, 1000)
        rate = _sourced((value, value), given, "cny_per_usd.", "source", "date")
    return PriceList(parts, rate)


def _part(data: object, at: str, known: Mapping[str, Part]) -> Part:
    entry = _object(data, at, _PART)
    name = _text(entry.get("name"), f"{at}.name")
    part = known.get(name.casefold()) or _new_part(entry, name, at)
    if entry.get("kind") not in (None, part.kind):
        _refuse(f"{at}.kind", f"is not {part.kind}, which the part of that name is")
    if entry.get("price") is not None:
        currency = entry.get("currency", CNY)
        if not isinstance(currency, str) or currency not in _CURRENCIES:
            _refuse(f"{at}.currency", "is neither CNY nor USD")
        bounds = _bounds(entry["price"], f"{at}.price")
        price = _sourced(bounds, entry, f"{at}.", "source", "date")
        part = replace(part, price=price, currency=currency)
    if entry.get("watts") is not None:
        watts = _number(entry["watts"], f"{at}.watts", 1, MOST_WATTS)
        own = "watts_source" in entry
        names = ("watts_source", "watts_date") if own else ("source", "date")
        part = replace(part, watts=_sourced((watts, watts), entry, f"{at}.", *names))
    if entry.get("slots") is not None:
        slots = entry["slots"]
        if type(slots) is not int or not 0 <= slots <= MOST_SLOTS:
            _refuse(f"{at}.slots", f"is not a whole number from 0 to {MOST_SLOTS}")
        part = replace(part, slots=slots)
    if entry.get("size_gib") is not None:
        part = replace(part, size=int(_number(entry["size_gib"], f"{at}.size_gib", 1, 16384) * 2**30))
    if entry.get("read_gb_s") is not None:
        part = replace(part, rate=_number(entry["read_gb_s"], f"{at}.read_gb_s", 0.01, 100) * 1e9)
    if entry.get("hardware") is not None:
        part = replace(part, hardware=description_from_json(entry["hardware"]))
    if "used" in entry:
        used = entry["used"]
        if not isinstance(used, bool):
            _refuse(f"{at}.used", "is neither true nor false")
        part = replace(part, used=used)
    if part.kind is PartKind.COMPUTER and part.hardware is None:
        _refuse(f"{at}.hardware", "is missing: what a computer consists of, as in a hardware file")
    if part.kind is PartKind.MEMORY and not part.size:
        _refuse(f"{at}.size_gib", "is missing: how much memory it is")
    if part.kind is PartKind.DISK and not part.rate:
        _refuse(f"{at}.read_gb_s", "is missing: how fast the disk reads")
    return part


def _new_part(entry: Mapping[str, object], name: str, at: str) -> Part:
    kinds = [str(kind) for kind in PartKind]
    kind = entry.get("kind")
    if not isinstance(kind, str) or kind not in kinds:
        _refuse(f"{at}.kind", f"is none of {', '.join(kinds)}")
    if kind == PartKind.CARD and published_gpu(name) is None:
        nearest = "; ".join(nearest_names(name))
        _refuse(f"{at}.name", f"is no card that the catalogue knows ({name[:60]}); the nearest are {nearest}")
    if kind == PartKind.PROCESSOR and published_cpu(name) is None:
        nearest = "; ".join(nearest_cpus(name))
        what = "is no processor that the catalogue knows"
        _refuse(f"{at}.name", f"{what} ({name[:60]}); the nearest are {nearest}")
    return Part(name, PartKind(kind), None)


def _sourced(
    bounds: tuple[float, float], entry: Mapping[str, object], at: str, source: str, day: str
) -> Sourced:
    """A figure without a source or a date is nobody's word. Raises: UsageError."""
    return Sourced(*bounds, _text(entry.get(source), f"{at}{source}"), _date(entry.get(day), f"{at}{day}"))


def _bounds(value: object, at: str) -> tuple[float, float]:
    ends = value if isinstance(value, list) else [value, value]
    if len(ends) != 2:
        _refuse(at, "is neither a number nor the lowest and the highest")
    low, high = (_number(end, at, 0, MOST_PRICE) for end in ends)
    if low > high:
        _refuse(at, "has its lowest above its highest")
    return low, high


def _date(value: object, at: str) -> str:
    found = _DATE.fullmatch(value) if isinstance(value, str) else None
    try:
        if found:
            date(int(found[1]), int(found[2]), int(found[3] or 1))
    except ValueError:
        found = None
    if found is None:
        _refuse(at, 'is no date like "2026-11" or "2026-11-27"')
    return found[0]


def _text(value: object, at: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST_TEXT or not value.isprintable():
        _refuse(at, f"is not a text of 1 to {_MOST_TEXT} characters")
    return value


def _number(value: object, at: str, least: float, most: float) -> float:
    if type(value) not in (int, float):
        _refuse(at, "is not a number")
    number = cast("int | float", value)
    if not least <= number <= most or not math.isfinite(number):
        _refuse(at, f"is not from {least:g} to {most:g}")
    return float(number)


def _object(data: object, at: str, known: tuple[str, ...]) -> Mapping[str, object]:
    if not isinstance(data, dict):
        _refuse(at, "is not a JSON object")
    for name in data:
        if name not in known:
            near = difflib.get_close_matches(str(name)[:60], known, 1, 0.0)[0]
            _refuse(f"{at}.{str(name)[:60]}", f"is not known; the nearest known field is {near}")
    return cast("Mapping[str, object]", data)


def _refuse(field: str, reason: str) -> NoReturn:
    raise UsageError.of("prices_invalid", field=field, reason=reason)
