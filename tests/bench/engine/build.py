"""llama-bench, llama-batched-bench and llama-server, built from the source of our own wheel.

The source is the one inside the pinned sdist (installer/locks/llama.lock, checked by hash). The
tools take the flags of installer/setup.sh, but load the CPU modules of the installed wheel in
place of modules of their own: the arithmetic is then the very same machine code on both sides,
and the build takes 6 minutes in place of 25. It is kept under `cache_folder()`.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
LOCKS = ROOT / "installer" / "locks"
TOOLS = ("llama-bench", "llama-batched-bench", "llama-server")
FLAGS = (
    "-DCMAKE_BUILD_TYPE=Release",
    "-DGGML_NATIVE=OFF",
    "-DGGML_BACKEND_DL=ON",
    "-DGGML_CPU=OFF",  # the wheel's modules are put beside the tools
    "-DBUILD_SHARED_LIBS=ON",
    "-DCMAKE_BUILD_WITH_INSTALL_RPATH=ON",
    "-DCMAKE_INSTALL_RPATH=$ORIGIN",
    "-DLLAMA_OPENSSL=OFF",
    "-DLLAMA_BUILD_UI=OFF",
    "-DLLAMA_USE_PREBUILT_UI=OFF",
    "-DLLAMA_BUILD_TESTS=OFF",
    "-DLLAMA_BUILD_EXAMPLES=OFF",
    "-DLLAMA_BUILD_APP=OFF",
)


def cache_folder() -> Path:
    """Where the tools and the generated models are kept."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "deskside" / "bench"


def peers() -> Path:
    """The folder of the tools, built if need be. Raises: subprocess.CalledProcessError, its log is named
    on stderr."""
    digest = hashlib.sha256((LOCKS / "llama.lock").read_bytes() + "\0".join(FLAGS).encode()).hexdigest()
    folder = cache_folder() / f"tools-{digest[:12]}"
    if not all((folder / tool).exists() for tool in TOOLS):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="build.") as work:
            made = _build(Path(work), folder.parent / "build.log")
            shutil.rmtree(folder, ignore_errors=True)
            made.rename(folder)
    _link_cpu_modules(folder)
    return folder


def _build(work: Path, log: Path) -> Path:
    _say(f"building {', '.join(TOOLS)} once, some minutes (log: {log})")
    with log.open("wb") as output:
        tools = build_tools(work, output)
        source = _source(work, tools, output)
        _run([tools / "cmake", "-S", source, "-B", work / "out", "-G", "Ninja", *FLAGS], tools, output)
        count = str(os.cpu_count() or 1)
        _run([tools / "cmake", "--build", work / "out", "-j", count, "--target", *TOOLS], tools, output)
    return work / "out" / "bin"


def build_tools(work: Path, output: object) -> Path:
    """cmake and ninja of installer/locks/build.lock, in an environment of their own."""
    venv.create(work / "venv", with_pip=True)
    tools = work / "venv" / "bin"
    install = ["install", "--require-hashes", "-r", LOCKS / "build.lock"]
    _run([tools / "python", "-m", "pip", "--disable-pip-version-check", *install], tools, output)
    return tools


def _source(work: Path, tools: Path, output: object) -> Path:
    """The llama.cpp folder of the sdist. pip asks the package for its metadata, which compiles nothing."""
    options = ["--no-deps", "--no-build-isolation", "--no-binary", "llama-cpp-python", "--require-hashes"]
    download = ["download", *options, "-r", LOCKS / "llama.lock", "-d", work]
    _run([tools / "python", "-m", "pip", "--disable-pip-version-check", *download], tools, output)
    with tarfile.open(next(work.glob("*.tar.gz"))) as archive:
        archive.extractall(work / "source", filter="data")
    return next((work / "source").glob("*/vendor/llama.cpp"))


def _run(command: list[object], tools: Path, output: object) -> None:
    path = f"{tools}{os.pathsep}{os.environ.get('PATH', '')}"
    words = [str(word) for word in command]
    subprocess.run(words, check=True, stdout=output, stderr=output, env={**os.environ, "PATH": path})  # type: ignore[call-overload]


def _link_cpu_modules(folder: Path) -> None:
    """Beside the tools, where ggml looks for them; the links follow the environment in use."""
    spec = importlib.util.find_spec("llama_cpp")
    assert spec is not None and spec.submodule_search_locations
    modules = list((Path(spec.submodule_search_locations[0]) / "lib").glob("libggml-cpu-*.so"))
    assert modules, "the installed wheel has no CPU modules"
    for module in modules:
        link = folder / module.name
        if not (link.is_symlink() and link.readlink() == module):
            link.unlink(missing_ok=True)
            link.symlink_to(module)


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)
