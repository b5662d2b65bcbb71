"""Where the real program cannot start: a home that cannot be written, a desktop's libraries that lack."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.e2e.desktop import ARTEFACTS, ROOT, Desktop, wait_for

PROGRAM = (sys.executable, str(ROOT / "deskside.py"))


def read_only(home: Path) -> list[str]:
    """What starts a command where `home` is read-only; root, too, finds it so."""
    home.mkdir()
    inside = ["unshare", "-rm", "sh", "-c", 'mount -t tmpfs -o ro none "$0" && exec "$@"', str(home)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file systems can be mounted here")
    return inside


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "QT_"))}
    return {**kept, "HOME": str(home), "LC_ALL": "C.UTF-8"}


def said(words: Sequence[str], given: dict[str, str]) -> tuple[int, str]:
    done = subprocess.run(words, env=given, capture_output=True, text=True, timeout=120, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stderr


@pytest.mark.parametrize("words", [["check"], ["models"], ["chat", "-p", "Hello"], ["doctor"]])
def test_a_command_says_that_home_cannot_be_written_and_what_helps(tmp_path: Path, words: list[str]) -> None:
    home = tmp_path / "home"
    inside, given = read_only(home), environment(home)
    code, told = said([*inside, *PROGRAM, *words], given)
    assert code == 3
    assert f"{home}/.local/share/deskside (Read-only file system)" in told and "XDG_DATA_HOME" in told
    given["XDG_DATA_HOME"] = str(tmp_path / "data")
    code, told = said([*inside, *PROGRAM, *words], given)
    assert code == 3 and f"{home}/.config/deskside" in told and "XDG_CONFIG_HOME" in told


def test_what_it_names_helps(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inside, given = read_only(home), environment(home)
    given |= {f"XDG_{name}_HOME": str(tmp_path / name) for name in ("DATA", "CONFIG", "STATE")}
    assert said([*inside, *PROGRAM, "models"], given)[0] == 0


def test_the_window_says_it_in_a_box(tmp_path: Path) -> None:
    home = tmp_path / "home"
    inside, given = read_only(home), environment(home)
    with Desktop() as desktop:
        given["DISPLAY"] = desktop.display
        process = subprocess.Popen([*inside, *PROGRAM], env=given, stderr=subprocess.PIPE, text=True)
        try:
            box = wait_for(
                "the box",
                lambda: desktop.xdotool("search", "--onlyvisible", "--name", "Deskside").partition("\n")[0],
            )
            desktop.screenshot(ARTEFACTS / "read-only-home.png")

            def closed() -> bool:
                desktop.xdotool("windowactivate", "--sync", box)
                desktop.xdotool("key", "--clearmodifiers", "Return")
                return process.poll() is not None

            wait_for("its end", closed)
            assert process.returncode == 3
            assert process.stderr is not None and "Traceback" not in process.stderr.read()
        finally:
            process.kill()
            process.wait()


def test_a_missing_library_of_the_system_is_named(tmp_path: Path) -> None:
    """Qt's own part for X11 cannot be loaded, as on a system without libxcb-cursor."""
    hidden = (
        "import ctypes, sys\n"
        "real = ctypes.CDLL\n"
        "def load(name, *more, **other):\n"
        "    if 'libqxcb' in str(name):\n"
        "        raise OSError('libxcb-cursor.so.0: cannot open shared object file')\n"
        "    return real(name, *more, **other)\n"
        "ctypes.CDLL = load\n"
        "import deskside\n"
        "sys.exit(deskside.main([]))\n"
    )
    given = environment(tmp_path) | {"DISPLAY": ":99", "PYTHONPATH": str(ROOT)}
    code, told = said([sys.executable, "-c", hidden], given)
    assert code == 1 and "libxcb-cursor.so.0" in told and "deskside terminal" in told
