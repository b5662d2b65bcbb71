"""Runtime packs from end to end: built, signed, fetched, tried and used by the real worker.

The pack is made of the CPU parts that the engine has anyway, as they exist wherever the tests run.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import psutil
import pytest

from engine.hardware.report import GpuInfo
from engine.hardware.report_json import save_report
from engine.host.surroundings import report_path
from engine.packs.abi import engine_abi
from engine.packs.manifest import MANIFEST
from engine.paths import Paths
from tests.e2e.starter import starter
from tests.gui import samples

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / "installer" / "runtimes"

pytestmark = pytest.mark.timeout(900)  # compressing a pack alone takes minutes on a busy machine

Found = TypeVar("Found")


class Home:
    """A person's folders."""

    def __init__(self, base: Path) -> None:
        self.state = base / "state" / "deskside"
        self.config = base / "config" / "deskside"
        self.packs = base / "data" / "deskside" / "runtimes" / engine_abi()
        self._folders = {f"XDG_{name.upper()}_HOME": str(base / name) for name in ("data", "config", "state")}

    def deskside(self, *words: str | Path, inside: Sequence[str] = ()) -> subprocess.CompletedProcess[str]:
        """`inside`: a command that starts it in surroundings of its own."""
        return subprocess.run(
            [*inside, sys.executable, str(ROOT / "deskside.py"), *map(str, words)],
            env={**os.environ, **self._folders},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    def start(self, *words: str | Path) -> subprocess.Popen[bytes]:
        command = [sys.executable, str(ROOT / "deskside.py"), *map(str, words)]
        return subprocess.Popen(
            command, env={**os.environ, **self._folders}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )

    def in_use(self) -> str:
        last = json.loads(self.deskside("runtimes", "--json").stdout.splitlines()[-1])
        return next(str(each["name"]) for each in last["runtimes"] if each["in_use"])


def tool(name: str, *words: str | Path) -> str:
    done = subprocess.run(
        [sys.executable, TOOLS / name, *map(str, words)],
        capture_output=True,
        text=True,
        timeout=600,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


@pytest.fixture
def key(tmp_path: Path, home: Home) -> Path:
    """A private key whose public half this person trusts."""
    home.config.mkdir(parents=True)
    (home.config / "runtime-keys.txt").write_text(tool("sign.py", "new", tmp_path / "key"))
    return tmp_path / "key"


@pytest.fixture
def place(tmp_path: Path, key: Path) -> Path:
    """A folder that offers a pack of CPU parts."""
    modules, folder = folders(tmp_path, "modules", "place")
    take_parts("*ggml-cpu-*", modules)
    offer(modules, folder, key)
    return folder


def folders(base: Path, name: str, place: str = "") -> tuple[Path, Path]:
    """For parts of the engine, and for the place that offers them."""
    modules, folder = base / name, base / (place or f"{name}-place")
    modules.mkdir()
    folder.mkdir()
    return modules, folder


def own_parts() -> Path:
    """The folder of those that the program brings."""
    found = importlib.util.find_spec("llama_cpp")
    assert found is not None and found.origin is not None
    return Path(found.origin).parent / "lib"


def take_parts(pattern: str, modules: Path) -> None:
    """Of the wheel that is installed."""
    parts = list(own_parts().glob(pattern))
    assert parts, pattern
    for part in parts:
        shutil.copy(part, modules)


def compile_part(module: Path, crime: str) -> None:
    """One that does that as it is loaded."""
    source = module.with_suffix(".c")
    source.write_text(
        "#include <stdio.h>\n#include <unistd.h>\n"
        f"__attribute__((constructor)) static void start(void) {{ {crime} }}\n"
    )
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", str(module), str(source)], check=True, timeout=200)
    source.unlink()


def offer(modules: Path, folder: Path, key: Path, backend: str = "cpu", abi: str = "") -> None:
    tool("pack.py", modules, folder, f"{backend}-test-1", backend, abi or engine_abi())
    tool("sign.py", key, folder)


def answer(home: Home) -> str:
    done = home.deskside("chat", "-p", "Say yes.", "--max-tokens", "4", "--model", starter())
    assert done.returncode == 0, done.stderr
    return (home.state / "worker.log").read_text("utf-8", "replace")


def test_a_pack_is_installed_used_left_and_removed(home: Home, place: Path) -> None:
    done = home.deskside("runtimes", "install", "cpu", "--from", place)
    assert done.returncode == 0, done.stderr
    assert home.in_use() == "cpu-test-1"
    assert f"{home.packs}/cpu-test-1/libggml-cpu-" in answer(home)
    assert home.deskside("runtimes", "rollback").returncode == 0
    assert home.in_use() == ""
    assert home.deskside("runtimes", "use", "cpu-test-1").returncode == 0
    assert home.in_use() == "cpu-test-1"
    assert home.deskside("runtimes", "remove", "cpu-test-1").returncode == 0
    assert home.in_use() == ""
    assert not (home.packs / "cpu-test-1").exists()
    assert home.deskside("runtimes", "use", "cpu-test-1").returncode == 14


@pytest.fixture
def served(place: Path) -> Iterator[str]:
    """The same over HTTP, from a server that knows no ranges."""
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(place))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_a_pack_comes_over_the_network(home: Home, served: str) -> None:
    done = home.deskside("runtimes", "install", "cpu-test-1", "--from", served)
    assert done.returncode == 0, done.stderr
    assert home.in_use() == "cpu-test-1"


def refused(home: Home, place: Path, name: str = "cpu") -> str:
    """The sentence of an install that changes nothing."""
    done = home.deskside("runtimes", "install", name, "--from", place)
    assert done.returncode != 0
    assert "Traceback" not in done.stderr
    assert home.in_use() == ""
    assert not list(home.packs.glob("*/pack.json"))
    assert not list(home.packs.glob(".fresh-*")), "something was left behind"
    return done.stderr


def test_what_is_not_as_it_was_signed_is_refused(home: Home, place: Path) -> None:
    (archive,) = place.glob("*.tar.xz")
    whole = archive.read_bytes()
    archive.write_bytes(whole[:-1000])
    refused(home, place)
    archive.write_bytes(bytes([*whole[:5000], whole[5000] ^ 1, *whole[5001:]]))
    assert "checksum" in refused(home, place)
    archive.unlink()
    refused(home, place)
    manifest = place / MANIFEST
    manifest.write_text(manifest.read_text().replace("cpu-test-1", "cpu-test-2"))
    assert "not signed" in refused(home, place)
    (home.config / "runtime-keys.txt").unlink()
    assert "not signed" in refused(home, place)


def test_a_pack_of_another_build_is_not_offered(home: Home, place: Path, key: Path, tmp_path: Path) -> None:
    shutil.rmtree(place)
    place.mkdir()
    offer(tmp_path / "modules", place, key, abi="0.0.1")
    assert "no runtime cpu for this machine and this version" in refused(home, place)


def test_a_part_that_cannot_be_loaded_is_refused_with_its_reason(
    home: Home, key: Path, tmp_path: Path
) -> None:
    modules, folder = folders(tmp_path, "broken")
    (modules / "libggml-vulkan.so").write_bytes(b"\x7fELF and nothing more")
    offer(modules, folder, key, "vulkan")
    said = refused(home, folder, "vulkan")
    assert "failed its trial" in said and "libggml-vulkan.so" in said


def checked(home: Home, *gpus: GpuInfo) -> None:
    """As if a check of this machine had found these cards."""
    home.state.mkdir(parents=True, exist_ok=True)
    paths = Paths(home.packs.parent.parent, home.config, home.state)
    save_report(report_path(paths), replace(samples.report(), gpus=gpus))


def test_the_best_is_chosen_for_the_cards_that_the_check_found(home: Home, key: Path, tmp_path: Path) -> None:
    modules, folder = folders(tmp_path, "none", "several")
    (modules / "libggml-x.so").write_bytes(b"\x7fELF and nothing more")
    for backend, driver in (("hip", ""), ("cuda", "999.1")):
        tool("pack.py", modules, folder, f"{backend}-test-1", backend, engine_abi(), driver)
    tool("sign.py", key, folder)
    checked(home, replace(samples.GPU, vendor="Intel"))
    assert "None of the runtimes" in refused(home, folder, "best")
    nvidia = replace(samples.GPU, driver="nvidia", driver_version="550.54")
    checked(home, nvidia)
    said = refused(home, folder, "best")
    assert "cuda-test-1 needs version 999.1" in said and "550.54 is installed" in said
    assert "999.1" in refused(home, folder, "cuda-test-1")
    assert not (home.packs / "fetched").exists(), "it was fetched in vain"
    checked(home, replace(samples.GPU, vendor="AMD"))
    assert "hip-test-1 failed its trial" in refused(home, folder, "best")
    tool("pack.py", modules, folder, "vulkan-test-1", "vulkan", engine_abi())
    tool("sign.py", key, folder)
    checked(home, nvidia)
    said = refused(home, folder, "best")
    assert "999.1" in said, "why the better one was passed over"
    assert "vulkan-test-1 failed its trial" in said


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
@pytest.mark.parametrize("crime", ["__builtin_trap();", "for (;;) pause();"])
def test_a_part_that_crashes_or_hangs_harms_only_its_trial(
    home: Home, key: Path, tmp_path: Path, crime: str
) -> None:
    folder = offer_crime(tmp_path, key, crime)
    assert "failed its trial" in refused(home, folder, "vulkan")
    assert "built-in" in home.deskside("runtimes").stdout


def offer_crime(tmp_path: Path, key: Path, crime: str) -> Path:
    """A folder that offers a driver's part which does that as it is loaded."""
    modules, folder = folders(tmp_path, "bad")
    compile_part(modules / "libggml-vulkan.so", crime)
    offer(modules, folder, key, "vulkan")
    return folder


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
def test_an_installation_that_is_killed_changes_nothing_and_leaves_no_process(
    home: Home, place: Path, key: Path, tmp_path: Path
) -> None:
    reached = tmp_path / "reached"
    folder = offer_crime(tmp_path, key, f'fclose(fopen("{reached}", "w")); for (;;) pause();')
    assert home.deskside("runtimes", "install", "cpu", "--from", place).returncode == 0
    kill_in_trial(home, folder, lambda trial: trial.suspend())  # before it has seen to its own end
    reached.unlink(missing_ok=True)
    kill_in_trial(home, folder, lambda trial: wait_for("the driver", reached.exists))
    assert home.in_use() == "cpu-test-1"
    answer(home)
    assert home.deskside("runtimes", "install", "cpu", "--from", place).returncode == 0
    assert not list(home.packs.glob(".fresh-*")), "what it left is still there"


def kill_in_trial(home: Home, folder: Path, moment: Callable[[psutil.Process], object]) -> None:
    """Kills an installation in its trial, after `moment`, and waits for the end of the process that tries."""
    installing = home.start("runtimes", "install", "vulkan", "--from", folder)
    trial = wait_for("the trial", lambda: trial_of(installing))
    try:
        moment(trial)
        installing.kill()
        installing.wait()
        with contextlib.suppress(psutil.NoSuchProcess):
            trial.resume()
        wait_for("the end of the trial", lambda: has_ended(trial))
    finally:
        for process in (installing, trial):
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()


def trial_of(installing: subprocess.Popen[bytes]) -> psutil.Process | None:
    assert installing.poll() is None
    for child in psutil.Process(installing.pid).children():
        with contextlib.suppress(psutil.Error):
            if "_pack" in child.cmdline():
                return child
    return None


def has_ended(process: psutil.Process) -> bool:
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def wait_for(what: str, look: Callable[[], Found]) -> Found:
    """What `look` finds at last."""
    deadline = time.monotonic() + 600
    while not (found := look()):
        assert time.monotonic() < deadline, f"{what} does not come"
        time.sleep(0.005)
    return found


@pytest.mark.parametrize(
    ("disk", "said"),
    [("size=300m", "disk"), ("size=16m", "free"), ("ro", "ead-only")],
    ids=["fills up", "too small", "read-only"],
)
def test_a_disk_that_takes_no_pack_is_said(
    home: Home, key: Path, tmp_path: Path, disk: str, said: str
) -> None:
    """256 MB of a disk are left to others by downloads: the first one fills up as the pack is unpacked."""
    modules, folder = folders(tmp_path, "large")
    with (modules / "libggml-vulkan.so").open("wb") as file:
        file.truncate(400 << 20)
    offer(modules, folder, key, "vulkan")
    runtimes = home.packs.parent
    runtimes.mkdir(parents=True)
    inside = ["unshare", "-rm", "sh", "-c", f'mount -t tmpfs -o {disk} none "$0" && exec "$@"', str(runtimes)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file systems can be mounted here")
    done = home.deskside("runtimes", "install", "vulkan", "--from", folder, inside=inside)
    assert done.returncode != 0 and "Traceback" not in done.stderr
    assert said in done.stderr, done.stderr


CRASHES_ONCE_TOLD = """
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <unistd.h>
struct reg {
    int version;
    const char *(*name)(struct reg *);
    size_t (*count)(struct reg *);
    void *(*device)(struct reg *, size_t);
    void *(*address)(struct reg *, const char *);
    void *context;
};
static const char *name(struct reg *self) { return "Test"; }
static size_t count(struct reg *self) { return 0; }
static void *device(struct reg *self, size_t number) { return NULL; }
static void *address(struct reg *self, const char *wanted) { return NULL; }
static struct reg mine = {0, name, count, device, address, NULL};
static void *crash(void *unused) {
    while (access(TOLD, F_OK)) usleep(1000);
    *(volatile int *)8 = 1;
    return NULL;
}
struct reg *ggml_backend_init(void) {
    struct reg *(*real)(void) = (struct reg *(*)(void))dlsym(dlopen(REAL, RTLD_NOW), "ggml_backend_init");
    pthread_t thread;
    mine.version = VERSION;
    if (!access(TOLD, F_OK)) crash(NULL);
    pthread_create(&thread, NULL, crash, NULL);
    return &mine;
}
"""


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
def test_a_pack_that_crashes_as_it_computes_is_put_aside(home: Home, key: Path, tmp_path: Path) -> None:
    """Its trial is passed, an answer is begun; from then on it dies in answers and in loads."""
    told = tmp_path / "told"
    folder = offer_late_crash(tmp_path, key, told)
    assert home.deskside("runtimes", "install", "cpu", "--from", folder).returncode == 0
    talk = home.start("chat", "-p", "Tell me of the sea.", "--max-tokens", "400", "--model", starter())
    assert talk.stdout is not None and talk.stdout.read(1)
    told.touch()
    wait_for(
        "the crash", lambda: "Segmentation fault" in (home.state / "worker.log").read_text("utf-8", "replace")
    )
    talk.communicate(timeout=600)  # cut short, or it was quicker
    answer(home)
    last = json.loads(home.deskside("runtimes", "--json").stdout.splitlines()[-1])
    assert last["runtimes"][0]["aside"]["code"] == "pack_crashed"
    assert home.in_use() == ""


def offer_late_crash(tmp_path: Path, key: Path, told: Path, version: str = "") -> Path:
    """A folder that offers a part as llama.cpp expects it, of another `version` perhaps. It crashes once
    the file `told` is there."""
    modules, folder = folders(tmp_path, "late")
    source = tmp_path / "late.c"
    source.write_text(CRASHES_ONCE_TOLD)
    (real,) = own_parts().glob("*ggml-cpu-x64.*")
    given = [f'-DTOLD="{told}"', f'-DREAL="{real}"', f"-DVERSION={version or 'real()->version'}"]
    words = [
        "gcc",
        "-shared",
        "-fPIC",
        *given,
        "-o",
        str(modules / "libggml-late.so"),
        str(source),
        "-ldl",
        "-lpthread",
    ]
    subprocess.run(words, check=True, timeout=200)
    offer(modules, folder, key)
    return folder


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
def test_a_part_of_another_llama_cpp_is_refused_though_its_list_says_otherwise(
    home: Home, key: Path, tmp_path: Path
) -> None:
    folder = offer_late_crash(tmp_path, key, tmp_path / "never", version="real()->version + 1")
    said = refused(home, folder)
    assert "failed its trial" in said and "libggml-late.so" in said


@pytest.mark.skipif(shutil.which("gcc") is None, reason="needs a compiler")
def test_a_library_of_the_system_that_a_part_lacks_is_named(home: Home, key: Path, tmp_path: Path) -> None:
    """As that of Vulkan, where no driver is installed."""
    modules, folder = folders(tmp_path, "lacks")
    needed = tmp_path / "libnowhere.so.1"
    empty = tmp_path / "empty.c"
    empty.write_text("void nothing(void) {}\n")
    build = ["gcc", "-shared", "-fPIC", "-Wl,--no-as-needed", str(empty)]
    subprocess.run([*build, f"-Wl,-soname,{needed.name}", "-o", str(needed)], check=True, timeout=200)
    part = modules / "libggml-vulkan.so"
    subprocess.run([*build, str(needed), "-o", str(part)], check=True, timeout=200)
    needed.unlink()
    offer(modules, folder, key, "vulkan")
    said = refused(home, folder, "vulkan")
    assert "failed its trial" in said and "libnowhere.so.1" in said


def test_a_pack_that_breaks_later_is_put_aside_and_the_engine_goes_on(home: Home, place: Path) -> None:
    assert home.deskside("runtimes", "install", "cpu", "--from", place).returncode == 0
    # As if a driver or a library had gone.
    (home.packs / "cpu-test-1" / "libggml-vulkan.so").write_bytes(b"not a library")
    answer(home)
    last = json.loads(home.deskside("runtimes", "--json").stdout.splitlines()[-1])
    aside = {each["name"]: each["aside"] for each in last["runtimes"]}
    assert aside["cpu-test-1"]["code"] == "pack_refused"
    assert "libggml-vulkan.so" in aside["cpu-test-1"]["text"]
    assert home.in_use() == ""


@pytest.mark.timeout(1800)
def test_a_pack_that_is_slower_is_left_by_itself(home: Home, key: Path, tmp_path: Path) -> None:
    """Parts for the oldest of processors, in place of those that fit this one."""
    modules, folder = folders(tmp_path, "old")
    take_parts("*ggml-cpu-x64.*", modules)
    offer(modules, folder, key)
    undisturbed_answers(home, 5)
    wait_for_the_engines_end(home)  # what is loaded stays as it is
    assert home.deskside("runtimes", "install", "cpu", "--from", folder).returncode == 0
    said = undisturbed_answers(home, 5)
    assert home.in_use() == "", said
    assert "tokens a second" in said
    last = json.loads(home.deskside("runtimes", "--json").stdout.splitlines()[-1])
    assert last["runtimes"][0]["aside"]["code"] == "pack_slower_than_own"
    wait_for_the_engines_end(home)
    log = answer(home)
    assert "cpu-test-1" not in log[log.rindex("load_backend") :]


def wait_for_the_engines_end(home: Home) -> None:
    wait_for("the end of the engine", lambda: not (home.state / "engine.json").exists())


def undisturbed_answers(home: Home, wanted: int) -> str:
    """What was said beside them. Only answers on a quiet machine count, as for everybody."""
    speeds, said = home.state / "pack-speed.jsonl", ""
    before = len(speeds.read_bytes().splitlines()) if speeds.exists() else 0
    until = time.monotonic() + 120
    while time.monotonic() < until:
        done = home.deskside(
            "chat", "-p", "Tell me of the sea. " * 12, "--max-tokens", "32", "--model", starter()
        )
        assert done.returncode == 0, done.stderr
        said += done.stderr
        now = len(speeds.read_bytes().splitlines()) if speeds.exists() else 0
        if now >= before + wanted or "tokens a second" in said:
            return said
    pytest.skip("other programs keep this machine busy")
