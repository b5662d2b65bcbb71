"""llama.cpp's C interface: found, loaded, asked for its devices."""

from __future__ import annotations

import ctypes
import importlib
import os
import platform
import re
import sys
from pathlib import Path
from typing import Any

from engine.errors import LoadError
from engine.hardware.report import DeviceFacts
from engine.messages import Sentence, sentence
from engine.runtime.worker.nativelog import NativeLog

_LIBRARIES = (".so", ".dll", ".dylib")
_KINDS = {0: "cpu", 1: "gpu", 2: "igpu", 3: "accel"}  # ggml_backend_dev_type


class Native:
    """The bindings with their back ends loaded. Made once in a worker.

    Raises: LoadError, when the library is missing or has no part for this processor.
    """

    def __init__(self, avoided: frozenset[str] = frozenset(), pack: Path | None = None) -> None:
        """`avoided`: variants of the CPU part that must not be taken, "sapphirerapids" say.
        `pack`: a folder with further parts, or with others for the CPU (engine/packs)."""
        self.llama = _import_bindings()
        self.version: str = importlib.import_module("llama_cpp").__version__
        self.log = NativeLog(self.llama)
        self.nodes: dict[str, int] = {}  # endpoints that are registered, and ggml's pointer to each
        self.folder = Path(os.fspath(self.llama._base_path))
        # Only this folder: llama.cpp's own search would also look in the current one.
        self.function("ggml_backend_load_all_from_path", None, ctypes.c_char_p)(os.fsencode(self.folder))
        if _cpu_variant(self.log.lines) in avoided:
            self._take_another_cpu(self.folder, avoided)
        self.refusal: Sentence | None = None  # why the pack is not used: everything else works without it
        if pack is not None:
            self.refusal = self._add_pack(pack, avoided)
        self.pack = pack.name if pack is not None and self.refusal is None else ""
        self.llama.llama_backend_init()
        self.cpu_variant = _cpu_variant(self.log.lines)
        if not any(device.kind == "cpu" for device in self.devices()):
            processor = platform.processor() or platform.machine()
            raise LoadError.of("cpu_unsupported", folder=str(self.folder), processor=processor)

    def _add_pack(self, folder: Path, avoided: frozenset[str]) -> Sentence | None:
        """Why a part of it cannot be loaded: a library or a driver is missing, say."""
        self._take_another_cpu(folder, avoided)
        load = self.function("ggml_backend_load", ctypes.c_void_p, ctypes.c_char_p)
        for part in sorted(folder.glob("*ggml-*")):
            if part.suffix in _LIBRARIES and "ggml-cpu-" not in part.name and not load(os.fsencode(part)):
                return sentence("pack_refused", name=part.name, reason=_why_not(part))
        return None

    def _take_another_cpu(self, folder: Path, avoided: frozenset[str]) -> None:
        """Loads the best CPU part of that folder, if one fits, in place of the one that is loaded."""
        pointer = ctypes.c_void_p
        chosen = self.function("ggml_backend_reg_by_name", pointer, ctypes.c_char_p)(b"CPU")
        scores = {path: _score(path) for path in folder.glob("*ggml-cpu-*") if path.suffix in _LIBRARIES}
        fitting = {path: score for path, score in scores.items() if _variant_of(path.name) not in avoided}
        best = max(fitting, key=lambda path: fitting[path], default=None)
        if best is None or fitting[best] == 0:
            return  # a processor that knows nothing else: better that one than none
        self.function("ggml_backend_unload", None, pointer)(chosen)
        if not self.function("ggml_backend_load", pointer, ctypes.c_char_p)(os.fsencode(best)):
            raise LoadError.of("engine_missing", reason=f"{best.name} cannot be loaded")

    def devices(self) -> tuple[DeviceFacts, ...]:
        """What ggml can compute on, with memory as ggml reports it."""
        count = self.function("ggml_backend_dev_count", ctypes.c_size_t)()
        get = self.function("ggml_backend_dev_get", ctypes.c_void_p, ctypes.c_size_t)
        return tuple(self._device(get(index)) for index in range(count))

    def device_named(self, name: str) -> int | None:
        """ggml's pointer to it; None where there is none of that name."""
        named = self.function("ggml_backend_dev_by_name", ctypes.c_void_p, ctypes.c_char_p)
        found = named(name.encode("utf-8"))
        return int(found) if found else None

    def node_function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A function of ggml's part for devices of other machines, which is loaded as a module.

        Raises: LoadError, when the engine was built without it.
        """
        registry = self.function("ggml_backend_reg_by_name", ctypes.c_void_p, ctypes.c_char_p)(b"RPC")
        address = None
        if registry:
            find = "ggml_backend_reg_get_proc_address"
            address = self.function(find, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_char_p)(
                registry, name.encode("ascii")
            )
        if not address:
            raise LoadError.of("engine_missing", reason=f"no {name} in {self.folder}")
        return ctypes.CFUNCTYPE(result, *arguments)(address)

    def _device(self, device: int) -> DeviceFacts:
        name = self.function("ggml_backend_dev_name", ctypes.c_char_p, ctypes.c_void_p)(device)
        about = self.function("ggml_backend_dev_description", ctypes.c_char_p, ctypes.c_void_p)(device)
        kind = self.function("ggml_backend_dev_type", ctypes.c_int, ctypes.c_void_p)(device)
        size = ctypes.POINTER(ctypes.c_size_t)
        free, total = ctypes.c_size_t(), ctypes.c_size_t()
        memory = self.function("ggml_backend_dev_memory", None, ctypes.c_void_p, size, size)
        memory(device, ctypes.byref(free), ctypes.byref(total))
        return DeviceFacts(
            name=(name or b"").decode("utf-8", "replace"),
            description=(about or b"").decode("utf-8", "replace"),
            kind=_KINDS.get(kind, "accel"),
            memory_free_bytes=free.value,
            memory_total_bytes=total.value,
        )

    def function(self, name: str, result: Any, *arguments: Any) -> Any:
        """A function of ggml, which the bindings do not declare."""
        found = getattr(self._library_of(name), name)
        found.restype, found.argtypes = result, list(arguments)
        return found

    def _library_of(self, name: str) -> Any:
        # Except on Windows, a library's handle also finds what it depends on.
        files = ("ggml.dll", "ggml-base.dll") if sys.platform == "win32" else ()
        candidates = (self.llama._lib, *(ctypes.CDLL(str(self.folder / file)) for file in files))
        for library in candidates:
            if hasattr(library, name):
                return library
        raise LoadError.of("engine_missing", reason=f"no {name} in {self.folder}")


def _import_bindings() -> Any:
    try:
        return importlib.import_module("llama_cpp.llama_cpp")
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        # AttributeError: a library of another version lacks a function that the bindings declare.
        raise LoadError.of("engine_missing", reason=str(error)) from error


def _cpu_variant(lines: list[str]) -> str:
    """ "zen4" of ".../libggml-cpu-zen4.so"; "" for a build with one variant only."""
    named = [_variant_of(line) for line in lines]
    return next((name for name in reversed(named) if name), "")


def _variant_of(name: str) -> str:
    found = re.search(r"ggml-cpu-(\w+)\.\w+$", name)
    return found[1] if found else ""


def _why_not(path: Path) -> str:
    """What the system's loader says of that library; ggml tells it to the debugging log only."""
    try:
        ctypes.CDLL(str(path))
    except OSError as error:
        return str(error)
    return "it does not fit this build of the engine"


def _score(path: Path) -> int:
    """How well that CPU part fits this processor, by its own account; 0: not at all."""
    try:
        return int(ctypes.CDLL(str(path)).ggml_backend_score())
    except (OSError, AttributeError):
        return 0
