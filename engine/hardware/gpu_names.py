"""Names of GPUs: which of two names mean the same card, and its published bandwidth."""

from __future__ import annotations

import difflib
import functools
import json
import re
from dataclasses import dataclass
from typing import Any

import resources

_NOISE = re.compile(r"\([^)]*\)|\b(nvidia|amd|ati|intel|corporation|geforce|graphics|gpu|edition)\b")
_SIZE = re.compile(r"^\d+gb$")
_SIZES = re.compile(r"\b(\d{1,3})\s*(?:gib|gb|g)\b")  # "24 GB", "80G", "16GiB"
_STUCK = re.compile(r"\b(rtx|gtx|rx)(\d)")  # "RTX4090"
_VENDORS = (
    ("NVIDIA", re.compile(r"nvidia|geforce|quadro|tesla|\brtx\b|\bgtx\b")),
    ("AMD", re.compile(r"\bamd\b|radeon|instinct|\bgfx\d")),
    ("Intel", re.compile(r"intel|\barc\b|iris")),
    ("Apple", re.compile(r"apple")),
)
# Two figures of one card's memory differ by what its driver keeps to itself.
_MEMORY_TOLERANCE = 0.12


@dataclass(frozen=True, slots=True)
class CatalogueGpu:
    """A line of resources/catalog/gpus.json, where its source stands too."""

    names: tuple[frozenset[str], ...]  # words of its name and of its aliases
    memory_bytes: float | None  # None for unified memory
    bandwidth_bytes_per_second: float
    vendor: str = ""
    unified: bool = False
    architecture: str = ""  # "ada", "rdna3", "apple", ...
    units: int = 0  # multiprocessors, compute units, Xe or GPU cores; 0 unknown
    clock_hz: float = 0.0  # boost clock of the units


_INTEGRATED = re.compile(
    r"\b(uhd|hd graphics|iris|adreno|mali|videocore|v3d)\b"
    r"|\bradeon\W*(graphics\W*)?\d{3}m\b"  # 780M; cards of notebooks have RX and four digits
    r"|\bvega\W*([3-9]|1[01])\b"  # of Ryzen 2000 to 5000; cards are 56 and 64
    r"|^\W*(amd\W+)?radeon\W*(graphics\W*)?$"
    r"|\barc\W*(graphics\W*)?(\d{2,3}[tv]\b|$)"  # of Core Ultra: 140V, or nothing but the series
    r"|\bradeon\W*r[2-7]\W*graphics\b"
    r"|^\W*intel\W*graphics\W*$"
)
_IN_BRACKETS = re.compile(r"\([^)]*\)")


def vendor_of(name: str) -> str:
    """ "NVIDIA", "AMD", "Intel", "Apple", or "" when the name does not tell."""
    lower = name.lower()
    return next((vendor for vendor, pattern in _VENDORS if pattern.search(lower)), "")


def words_of(name: str) -> frozenset[str]:
    """What tells a card from another: "NVIDIA GeForce RTX 4070 Ti" is {rtx, 4070, ti}."""
    plain = _NOISE.sub(" ", name.lower().replace("(tm)", "").replace("(r)", ""))
    plain = _STUCK.sub(r"\1 \2", _SIZES.sub(r"\1gb", plain))
    return frozenset(re.findall(r"[a-z0-9+]+", plain))


def same_name(one: str, other: str) -> bool:
    """Whether two probes mean the same kind of card."""
    first, second = _without_size(words_of(one)), _without_size(words_of(other))
    return bool(first) and first == second


def is_integrated(name: str) -> bool:
    """Whether a graphics processor of that name has no memory of its own, and reads main memory no faster
    than the processor beside it. Those that do are in the catalogue: see `shares_memory`."""
    return published_gpu(name) is None and bool(_INTEGRATED.search(_IN_BRACKETS.sub(" ", name.lower())))


def shares_memory(name: str) -> bool:
    """Whether it computes in main memory, which it reads faster than the processor does (Apple, GB10)."""
    known = published_gpu(name)
    return vendor_of(name) == "Apple" or (known is not None and known.unified)


def similar_memory(one: float, other: float) -> bool:
    """Both in bytes; a card's total as two drivers tell it."""
    return abs(one - other) <= _MEMORY_TOLERANCE * max(one, other)


@functools.cache
def known_names() -> tuple[str, ...]:
    """Of all cards of the catalogue, as people read them."""
    return tuple(gpu["name"] for gpu in _listed())


def nearest_names(name: str) -> list[str]:
    """Up to three cards of the catalogue, compared as people write them."""
    plain = {known.removeprefix("GeForce ").removeprefix("Radeon ").lower(): known for known in known_names()}
    return [plain[near] for near in difflib.get_close_matches(name[:60].lower(), plain, 3, 0.0)]


def published_bandwidth(name: str, memory_bytes: int) -> float | None:
    """Bytes per second from the catalogue; None for a card that is not in it.

    A "Laptop GPU" is another card than its desktop namesake and is not taken for it.
    """
    words = _without_size(words_of(name))
    for gpu in _catalogue():
        if _fits(gpu, memory_bytes) and any(words == _without_size(known) for known in gpu.names):
            return gpu.bandwidth_bytes_per_second
    return None


def published_gpu(name: str, memory_bytes: float | None = None) -> CatalogueGpu | None:
    """The card of the catalogue that is meant by a name as people write it ("4090 24GB", "M2 Ultra
    76-core"). The size in the name counts where `memory_bytes` is not told; without either it is the
    first, usual size. A card whose link is not named (PCIe, SXM) is taken for the slowest.
    """
    named = words_of(_JOINED.sub(r"\1 \2", _STUCK.sub(r"\1 \2", name.lower())))
    size = memory_bytes or _size_of(named)
    words = _telling(named)
    fitting = [gpu for gpu in _catalogue() if _fits(gpu, size)]
    for ignored in (frozenset[str](), _LINKS):
        found = [(known - ignored, gpu) for gpu in fitting for known in map(_telling, gpu.names)]
        exact = [gpu for known, gpu in found if known == words]
        if exact:
            return exact[0] if not ignored else min(exact, key=lambda gpu: gpu.bandwidth_bytes_per_second)
        near = [(len(known), gpu) for known, gpu in found if _within(known, words)]
        if near:
            return max(near, key=lambda pair: pair[0])[1]
    return None


_JOINED = re.compile(r"\b(\d{4})(ti|d|xt|xtx|gre|super)\b")  # "4090D", "3080Ti"
# Words that people leave out, and that no two cards differ by alone.
_SERIES = frozenset(
    {"rtx", "gtx", "rx", "radeon", "arc", "tesla", "instinct", "apple"}
    | {"blackwell", "generation", "mac", "studio"}
)
# Words that make another card of a name: they must stand on both sides or on none.
_MODIFIERS = frozenset(
    {"ti", "super", "laptop", "mobile", "d", "v2", "max", "q", "xt", "xtx", "gre", "x", "pro", "ultra"}
    | {"sxm", "pcie", "nvl", "ada", "se", "quadro"}
)
_LINKS = frozenset(["pcie", "sxm"])
_SXM = re.compile(r"^sxm\d$")


def _telling(words: frozenset[str]) -> frozenset[str]:
    """What is left of a name; an "A100 SXM" is an A100 SXM4, since there is no other."""
    return frozenset(_SXM.sub("sxm", word) for word in _without_size(words)) - _SERIES


def _within(known: frozenset[str], words: frozenset[str]) -> bool:
    return bool(known) and known <= words and not (words - known) & _MODIFIERS


def _fits(gpu: CatalogueGpu, size: float | None) -> bool:
    return size is None or gpu.memory_bytes is None or similar_memory(gpu.memory_bytes, size)


def _size_of(words: frozenset[str]) -> float | None:
    return next((int(word[:-2]) * 2.0**30 for word in words if _SIZE.match(word)), None)


@functools.cache
def _catalogue() -> tuple[CatalogueGpu, ...]:
    return tuple(
        CatalogueGpu(
            names=tuple(words_of(name) for name in (gpu["name"], *gpu["aliases"])),
            memory_bytes=gpu["memory_gib"] * 2**30 if gpu["memory_gib"] else None,
            bandwidth_bytes_per_second=gpu["bandwidth_gb_s"] * 1e9,
            vendor=gpu["vendor"],
            unified=gpu["unified"],
            architecture=gpu.get("architecture", ""),
            units=gpu.get("units", 0),
            clock_hz=gpu.get("clock_ghz", 0.0) * 1e9,
        )
        for gpu in _listed()
    )


def _listed() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(resources.path("catalog", "gpus.json").read_text("utf-8"))[
        "gpus"
    ]
    return listed


def _without_size(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if not _SIZE.match(word))
