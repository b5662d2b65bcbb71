"""Names of GPUs: which of two names mean the same card, and its published bandwidth."""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass

import resources

_NOISE = re.compile(r"\([^)]*\)|\b(nvidia|amd|ati|intel|corporation|geforce|graphics|gpu|edition)\b")
_SIZE = re.compile(r"^\d+gb$")
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


def vendor_of(name: str) -> str:
    """ "NVIDIA", "AMD", "Intel", "Apple", or "" when the name does not tell."""
    lower = name.lower()
    return next((vendor for vendor, pattern in _VENDORS if pattern.search(lower)), "")


def words_of(name: str) -> frozenset[str]:
    """What tells a card from another: "NVIDIA GeForce RTX 4070 Ti" is {rtx, 4070, ti}."""
    plain = _NOISE.sub(" ", name.lower().replace("(tm)", "").replace("(r)", ""))
    plain = re.sub(r"(\d)\s+gb\b", r"\1gb", plain)
    return frozenset(re.findall(r"[a-z0-9+]+", plain))


def same_name(one: str, other: str) -> bool:
    """Whether two probes mean the same kind of card."""
    first, second = _without_size(words_of(one)), _without_size(words_of(other))
    return bool(first) and first == second


def similar_memory(one: float, other: float) -> bool:
    """Both in bytes; a card's total as two drivers tell it."""
    return abs(one - other) <= _MEMORY_TOLERANCE * max(one, other)


def published_bandwidth(name: str, memory_bytes: int) -> float | None:
    """Bytes per second from the catalogue; None for a card that is not in it.

    A "Laptop GPU" is another card than its desktop namesake and is not taken for it.
    """
    words = _without_size(words_of(name))
    for gpu in _catalogue():
        fits = gpu.memory_bytes is None or similar_memory(gpu.memory_bytes, memory_bytes)
        if fits and any(words == _without_size(known) for known in gpu.names):
            return gpu.bandwidth_bytes_per_second
    return None


@functools.cache
def _catalogue() -> tuple[CatalogueGpu, ...]:
    listed = json.loads(resources.path("catalog", "gpus.json").read_text("utf-8"))["gpus"]
    return tuple(
        CatalogueGpu(
            names=tuple(words_of(name) for name in (gpu["name"], *gpu["aliases"])),
            memory_bytes=gpu["memory_gib"] * 2**30 if gpu["memory_gib"] else None,
            bandwidth_bytes_per_second=gpu["bandwidth_gb_s"] * 1e9,
        )
        for gpu in listed
    )


def _without_size(words: frozenset[str]) -> frozenset[str]:
    return frozenset(word for word in words if not _SIZE.match(word))
