"""The list of packs that somebody offers: believed only when a key that is trusted here has signed it."""

from __future__ import annotations

import json
import platform
import re
import sys
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any, Final

from engine.errors import PackError
from engine.signatures import is_signed, keys_in

MANIFEST: Final = "manifest.json"
SIGNATURE: Final = "manifest.json.sig"  # base64 of the 64 bytes
LARGEST_MANIFEST: Final = 1 << 20
_LARGEST_PACK: Final = 4 << 30
_MOST_PACKS: Final = 200
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,60}", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_DRIVER: Final = re.compile(r"(\d{1,6}(\.\d{1,6}){0,4})?", re.ASCII)
_REVISION: Final = re.compile(r"(.+)-(\d{1,9})", re.ASCII)
BACKENDS: Final = ("cuda", "hip", "metal", "vulkan", "cpu")  # the best first; "cpu": other CPU parts


@dataclass(frozen=True, slots=True)
class Pack:
    """One archive. Sizes in bytes."""

    name: str  # "vulkan-0.3.36-1", also the name of its folder
    backend: str  # one of BACKENDS
    system: str  # as `sys.platform` has it
    machine: str  # as `platform.machine` has it, in lower case
    abi: str  # the build of llama.cpp that it belongs to: "0.3.36"
    file: str  # beside the manifest
    size: int
    unpacked: int
    sha256: str
    driver: str = ""  # of NVIDIA, the oldest that it works with: "525.60.13"; "" for any

    @property
    def line(self) -> str:
        """Packs that replace each other: "vulkan-0.3.36"."""
        return self._parts[0]

    @property
    def revision(self) -> int:
        """Which of its line: 1; 0 for a name without a number at its end."""
        return int(self._parts[1] or 0)

    @property
    def _parts(self) -> tuple[str, str]:
        found = _REVISION.fullmatch(self.name)
        return (found[1], found[2]) if found else (self.name, "")

    @property
    def fits_system(self) -> bool:
        return self.system == sys.platform and self.machine == platform.machine().lower()


def trusted_keys(*files: Path) -> tuple[bytes, ...]:
    """Those of all files (engine/signatures.py). Raises: PackError, for a line that is no key."""
    keys: list[bytes] = []
    for file in files:
        try:
            keys += keys_in(file)
        except (OSError, ValueError) as error:
            raise PackError.of("pack_key_unusable", path=str(file), reason=str(error)) from error
    return tuple(keys)


def read_manifest(body: bytes, signature: bytes, keys: Sequence[bytes]) -> tuple[Pack, ...]:
    """Raises: PackError, when no trusted key has signed these very bytes, or they make no sense."""
    if not is_signed(body, signature, keys):
        raise PackError.of("pack_unsigned")
    try:
        entries = json.loads(body)["packs"]
        if not isinstance(entries, list) or len(entries) > _MOST_PACKS:
            raise ValueError("no list of packs")
        return tuple(_parse(entry) for entry in entries)
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise PackError.of("pack_manifest_damaged", reason=str(error)) from error


def values_in(entry: Any) -> dict[str, Any]:
    """A pack as it was written down; lists of earlier versions lack what came later.

    Raises: KeyError, TypeError.
    """
    given = {
        each.name: entry[each.name] for each in fields(Pack) if each.name in entry or each.default is MISSING
    }
    return {each.name: each.default for each in fields(Pack) if each.default is not MISSING} | given


def _parse(entry: Any) -> Pack:
    """Unknown fields are left for later versions. Raises: ValueError, KeyError, TypeError."""
    values = values_in(entry)
    numbers = ("size", "unpacked")
    for name, value in values.items():
        if type(value) is not (int if name in numbers else str):
            raise ValueError(f"{name} is {value!r}")
    if not all(_NAME.fullmatch(values[name]) for name in ("name", "file")):
        raise ValueError("a name that could leave its folder")
    if not _DRIVER.fullmatch(values["driver"]):
        raise ValueError("a driver without a number")
    if values["backend"] not in BACKENDS or not _SHA256.fullmatch(values["sha256"]):
        raise ValueError("an unknown backend, or no checksum")
    if not all(0 < values[name] <= _LARGEST_PACK for name in numbers):
        raise ValueError("a size beyond reason")
    return Pack(**values)
