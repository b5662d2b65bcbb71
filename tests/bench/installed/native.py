"""llama-cpp-python compiled for this processor alone: the pinned source, with -march=native."""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.bench.engine.build import LOCKS, ROOT, build_tools, cache_folder

_FIXES = ROOT / "installer" / "fixes"  # without them neither side would live on a processor with AMX
_FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=ON",
    "-DGGML_RPC=ON",  # the program asks for it
    "-DCMAKE_INSTALL_BINDIR=llama_cpp/lib",
    "-DCMAKE_INSTALL_LIBDIR=llama_cpp/lib",
    "-DCMAKE_CXX_FLAGS=-includedeskside_amx_tiles.h",
)


def native_command() -> tuple[str, ...]:
    """Starts this checkout with that wheel in place of the environment's."""
    return ("/usr/bin/env", f"PYTHONPATH={native_wheel()}", sys.executable, str(ROOT / "deskside.py"))


def native_wheel() -> Path:
    """The folder it is unpacked in, built if need be. Raises: subprocess.CalledProcessError; its log is named
    on stderr."""
    folder = cache_folder() / f"native-{_key()}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build.") as work:
            _build(Path(work), folder.parent / "native.log").rename(folder)
    return folder


def _key() -> str:
    """Of the source, the flags, and what "native" means here."""
    fixes = b"".join(path.read_bytes() for path in sorted(_FIXES.iterdir()))
    words = " ".join((*_FLAGS, _processor(), platform.python_version()))
    return hashlib.sha256((LOCKS / "llama.lock").read_bytes() + fixes + words.encode()).hexdigest()[:12]


def _processor() -> str:
    """What the compiler would compile for."""
    asked = ["gcc", "-march=native", "-Q", "--help=target"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout


def _build(work: Path, log: Path) -> Path:
    print(
        f"bench: building llama-cpp-python for this processor once, some minutes (log: {log})",
        file=sys.stderr,
    )
    with log.open("wb") as output:
        tools = build_tools(work, output)
        pip = [tools / "python", "-m", "pip", "--disable-pip-version-check", "wheel", "-v", "--no-cache-dir"]
        options = ["--require-hashes", "--no-deps", "--no-build-isolation", "--no-binary", "llama-cpp-python"]
        words = [*pip, *options, "-r", LOCKS / "llama.lock", "-w", work / "wheel"]
        environment = {
            **os.environ,
            "PATH": f"{tools}{os.pathsep}{os.environ.get('PATH', '')}",
            "CPLUS_INCLUDE_PATH": str(_FIXES),
            "CMAKE_ARGS": " ".join(_FLAGS),
            "CMAKE_BUILD_PARALLEL_LEVEL": str(os.cpu_count() or 1),
        }
        subprocess.run(map(str, words), check=True, stdout=output, stderr=output, env=environment)
    (wheel,) = (work / "wheel").glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(work / "unpacked")
    shutil.rmtree(work / "unpacked" / "bin", ignore_errors=True)
    return work / "unpacked"
