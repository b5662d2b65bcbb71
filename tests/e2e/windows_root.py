"""The program and its installer for Windows under wine: installed, started, upgraded, interrupted, removed.

Not part of ./test: installer/try_windows.sh makes the root and the installers, and names the root in
DESKSIDE_ROOT.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine import __version__
from tests.e2e.desktop import ARTEFACTS, Desktop, wait_for

ROOT = Path(os.environ["DESKSIDE_ROOT"])
PERSON = 4711
USER = ROOT / "home/person/.wine/drive_c/users/person"
APP = USER / "AppData/Local/Programs/Deskside"
DATA = USER / "AppData/Local/deskside"
MENU = USER / "AppData/Roaming/Microsoft/Windows/Start Menu/Programs/Deskside.lnk"
FOLDER = r"C:\users\person\AppData\Local\Programs\Deskside"
LIST = r"Microsoft\Windows\CurrentVersion\Uninstall"
OLDER = "0.0.9"  # installer/windows/trial/older.c
STALE = "_internal/module-of-0.0.9.txt"
SILENT = ("/VERYSILENT", "/SUPPRESSMSGBOXES", "/NORESTART")
PYTHON = "/opt/python/cp313/python.exe"  # of try_windows.sh
KNOCKS_AND_SAYS_NOTHING = """
import json, os, pathlib, time
from multiprocessing.connection import Client
note = json.loads(pathlib.Path(os.environ["LOCALAPPDATA"], "deskside", "window.json").read_text())
quiet = [Client(note["address"], "AF_PIPE") for _ in range(3)]
print("silent", flush=True)
time.sleep(600)
"""

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="module", autouse=True)
def desktop() -> Iterator[Desktop]:
    with Desktop() as desktop:
        os.environ["DISPLAY"] = desktop.display
        yield desktop
        for process in inside(""):
            process.kill()


def start(*words: str) -> subprocess.Popen[str]:
    """A Windows program, in the root, as a person without rights."""
    given = {"HOME": "/home/person", "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "WINEDEBUG": "-all"}
    return subprocess.Popen(
        ["/usr/sbin/chroot", f"--userspec={PERSON}:{PERSON}", str(ROOT), "/usr/bin/wine", *words],
        env={**given, "DISPLAY": os.environ["DISPLAY"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def run(*words: str, seconds: float = 240) -> tuple[int, str]:
    """Its exit code and what it wrote."""
    process = start(*words)
    told, _ = process.communicate(timeout=seconds)
    return process.returncode, told


def program(*words: str) -> str:
    code, told = run(rf"{FOLDER}\deskside.exe", *words)
    assert code == 0, told
    return told.strip()


def setup(version: str) -> tuple[str, ...]:
    return rf"Z:\opt\deskside\dist\Deskside-{version}-x64-setup.exe", *SILENT, "/CURRENTUSER"


def uninstall() -> None:
    """It goes on in the background."""
    run(rf"{FOLDER}\unins000.exe", *SILENT)


def registered(key: str) -> str:
    return run("reg", "query", rf"HKCU\Software\{key}", "/s")[1]


def inside(word: str) -> list[psutil.Process]:
    """Processes of the root with that word in their command line."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(OSError, psutil.Error):
            if Path(f"/proc/{process.pid}/root").readlink() == ROOT and word in " ".join(process.cmdline()):
                found.append(process)
    return found


def end(word: str) -> None:
    """As the task manager ends it."""
    for process in inside(word):
        with contextlib.suppress(psutil.Error):
            process.send_signal(signal.SIGKILL)
    wait_for(f"the end of {word}", lambda: not inside(word), 20)


def assert_older_works() -> None:
    assert program("--version") == f"deskside {OLDER}"
    assert (APP / STALE).exists()


def test_a_person_installs_an_older_version() -> None:
    DATA.mkdir(parents=True, exist_ok=True)
    os.chown(DATA, PERSON, PERSON)
    (DATA / "kept.txt").write_text("a conversation")
    assert run(*setup(OLDER))[0] == 0
    assert_older_works()
    assert MENU.exists()
    assert rf'"{FOLDER}\deskside.exe" "%1"' in registered(r"Classes\Deskside.gguf")
    assert "Deskside.gguf" in registered(r"Classes\.gguf\OpenWithProgids")
    listed = registered(LIST)
    assert f"DisplayVersion    REG_SZ    {OLDER}" in listed and "QuietUninstallString" in listed


def test_nothing_is_replaced_under_a_program_that_runs() -> None:
    running = start(rf"{FOLDER}\deskside.exe", "wait")
    assert running.stdout is not None and running.stdout.readline().strip() == "waiting"
    try:
        assert run(*setup(__version__))[0] != 0
        assert running.poll() is None
    finally:
        end("deskside.exe")
    assert_older_works()


def test_an_installation_that_is_interrupted_leaves_the_older_version() -> None:
    installing = start(*setup(__version__))
    fresh = APP / "fresh"
    wait_for("half of the files", lambda: fresh.is_dir() and len(list(fresh.rglob("*"))) > 100)
    end("-setup")
    installing.wait(20)
    assert fresh.is_dir(), "it was not interrupted"
    assert_older_works()


def test_the_newer_version_takes_its_place() -> None:
    code, _ = run(*setup(__version__))
    assert code == 0
    assert program("--version") == f"deskside {__version__}"
    assert not (APP / STALE).exists() and not (APP / "fresh").exists() and not (APP / "former").exists()
    assert not list(APP.glob("is-*")), "what the interrupted one left is still there"
    assert (APP / "bom.cdx.json").exists() and (APP / "licences/cpython.txt").exists()
    assert "DisplayVersion    REG_SZ    0.0.9" not in registered(
        r"Microsoft\Windows\CurrentVersion\Uninstall"
    )


def test_the_real_program_looks_at_this_windows() -> None:
    told = program("check")
    assert "C:\\" in told and "0 B free" not in told.partition("GPU")[0]
    assert "One part of the check failed" not in told
    _, told = run(rf"{FOLDER}\deskside.exe", "doctor")  # not well: it lacks llama.cpp
    assert f"Deskside {__version__}" in told and "Traceback" not in told
    assert r"AppData\Local\deskside" in told


def test_its_engine_listens_and_keeps_the_installer_waiting() -> None:
    place = r"C:\users\person\AppData\Local\deskside"
    start(rf"{FOLDER}\deskside.exe", "_engine", place, place, place, '{"linger_s": 600}')
    try:
        wait_for("the engine", (DATA / "engine.json").exists)
        assert "does not run" not in run(rf"{FOLDER}\deskside.exe", "doctor")[1]
        assert run(*setup(__version__))[0] != 0
        uninstall()
        time.sleep(5)
        assert (APP / "deskside.exe").exists()
    finally:
        end("_engine")


def test_the_window_opens_and_a_second_start_hands_over_its_file(desktop: Desktop) -> None:
    window = start(rf"{FOLDER}\deskside.exe")
    shown = wait_for(
        "the window",
        lambda: desktop.xdotool("search", "--onlyvisible", "--name", "Deskside").partition("\n")[0],
    )
    time.sleep(3)
    desktop.screenshot(ARTEFACTS / "windows.png")
    silent = start(PYTHON, "-c", KNOCKS_AND_SAYS_NOTHING)
    assert silent.stdout is not None and silent.stdout.readline().strip() == "silent"
    (USER / "small.gguf").write_bytes(b"GGUF")
    (USER / "small.gguf").chmod(0o644)
    assert run(rf"{FOLDER}\deskside.exe", r"C:\users\person\small.gguf", seconds=60)[0] == 0
    assert window.poll() is None
    desktop.screenshot(ARTEFACTS / "windows-handed-over.png")
    end("window.json")
    desktop.xdotool("windowactivate", "--sync", shown)
    desktop.xdotool("key", "ctrl+q")
    assert window.wait(30) == 0


def test_it_is_removed_and_what_is_the_persons_stays() -> None:
    end("deskside.exe")
    uninstall()
    wait_for("the end of its files", lambda: not APP.exists() or not any(APP.iterdir()))
    assert not MENU.exists()
    assert "Deskside" not in registered(r"Classes\Deskside.gguf").replace("Unable", "")
    assert "Deskside.gguf" not in registered(r"Classes\.gguf")
    assert "DisplayName    REG_SZ    Deskside" not in registered(
        r"Microsoft\Windows\CurrentVersion\Uninstall"
    )
    assert (DATA / "kept.txt").read_text() == "a conversation"
