"""What makers state of CPUs, found by a name as people and systems write it."""

from __future__ import annotations

import difflib
import functools
import json
import re
from dataclasses import dataclass

import resources

# "@ 2.60GHz", "CPU", "Processor", "16-Core", "(R)": what names have beside the model
_NOISE = re.compile(
    r"\([^)]*\)|@.*|\b\d+-core\b|\b(amd|intel|core|cpu|processor|with|gen|genuine|scalable|radeon.*|\d+(st|nd|rd|th))\b"
)

# Model numbers of desktops with what their makers add: an "i5-12400F" is an i5-12400 without graphics, and an
# "i9-13900KF" or a Ryzen "9900X3D" differs from its namesake in nothing that planning looks at.
_VARIANT = re.compile(r"(\d{4,5})(?:kf|ks|k|f|t|x3d|xt|x|ge|g)?")
_INTEL = frozenset({"i3", "i5", "i7", "i9", "ultra"})
_JOINED_VERSION = re.compile(r"\b(\d{4})(v\d)\b")  # "E5-2680v4"


@dataclass(frozen=True, slots=True)
class CatalogueCpu:
    """A line of resources/catalog/cpus.json: one socket."""

    name: str
    cores: int
    performance_cores: int
    channels: int
    memory: str  # "DDR5"
    transfers_per_second: float  # of one channel
    bus_bytes: int  # of one channel and transfer
    instruction_sets: tuple[str, ...]
    clock_hz: float  # with all cores at work
    fabric_bytes_per_second: float | None  # reads no more than this; None: no less than the memory
    kernel_share: float  # of what a core of that clock usually gets through

    @property
    def arm(self) -> bool:
        return "neon" in self.instruction_sets


def published_cpu(name: str) -> CatalogueCpu | None:
    """The CPU whose words all stand in `name`; of several the one with the most words."""
    words = words_of(name)
    bases = frozenset(found[1] for word in words if (found := _VARIANT.fullmatch(word)))
    end = "k" if words & _INTEL else "x"
    return _within(words) or _within(words | bases) or _within(words | {base + end for base in bases})


def _within(words: frozenset[str]) -> CatalogueCpu | None:
    found = [(len(known), cpu) for known, cpu in _catalogue() if known and known <= words]
    return max(found, key=lambda pair: pair[0])[1] if found else None


def cpu_called(name: str) -> CatalogueCpu | None:
    """As people write it, "9950X" or "i9-13900K" too: then the only one that has all those words."""
    words = words_of(name)
    found = {cpu.name: cpu for known, cpu in _catalogue() if words and words <= known}
    return published_cpu(name) or (next(iter(found.values())) if len(found) == 1 else None)


@functools.cache
def known_cpus() -> tuple[str, ...]:
    """Of all processors of the catalogue, as people read them."""
    return tuple(dict.fromkeys(cpu.name for _, cpu in _catalogue()))


def nearest_cpus(name: str) -> list[str]:
    """Up to three processors of the catalogue, compared as people write them."""
    plain = {known.lower(): known for known in known_cpus()}
    return [plain[near] for near in difflib.get_close_matches(name[:60].lower(), plain, 3, 0.0)]


def words_of(name: str) -> frozenset[str]:
    """ "AMD EPYC 9654 96-Core Processor" is {epyc, 9654}."""
    plain = _NOISE.sub(" ", name.lower().replace("(tm)", "").replace("(r)", ""))
    return frozenset(re.findall(r"[a-z0-9+]+", _JOINED_VERSION.sub(r"\1 \2", plain)))


@functools.cache
def _catalogue() -> tuple[tuple[frozenset[str], CatalogueCpu], ...]:
    listed = json.loads(resources.path("catalog", "cpus.json").read_text("utf-8"))["cpus"]
    return tuple(
        (words_of(name), _cpu(entry)) for entry in listed for name in (entry["name"], *entry["aliases"])
    )


def _cpu(entry: dict[str, object]) -> CatalogueCpu:
    fabric = entry["fabric_gb_s"]
    return CatalogueCpu(
        name=str(entry["name"]),
        cores=_whole(entry["cores"]),
        performance_cores=_whole(entry["performance_cores"]),
        channels=_whole(entry["channels"]),
        memory=str(entry["memory"]),
        transfers_per_second=_number(entry["mt_s"]) * 1e6,
        bus_bytes=_whole(entry.get("bus_bytes", 8)),
        instruction_sets=tuple(str(name) for name in _items(entry["instruction_sets"])),
        clock_hz=_number(entry["clock_ghz"]) * 1e9,
        fabric_bytes_per_second=None if fabric is None else _number(fabric) * 1e9,
        kernel_share=_number(entry.get("kernel_share", 1.0)),
    )


def _whole(value: object) -> int:
    assert isinstance(value, int)
    return value


def _number(value: object) -> float:
    assert isinstance(value, int | float)
    return float(value)


def _items(value: object) -> list[object]:
    assert isinstance(value, list)
    return value
