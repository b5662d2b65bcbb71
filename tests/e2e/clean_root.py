"""The installed package in a clean root: a person's first quarter of an hour with it, and its removal.

Not part of ./test: installer/try_deb.sh makes the root, installs the packages, and names it in DESKSIDE_ROOT.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import psutil
import pytest

from tests.e2e.desktop import Desktop, Program, wait_for
from tests.e2e.test_main_job import Chats, ask, walk_through_the_wizard

ROOT = Path(os.environ["DESKSIDE_ROOT"])
HOME = "/home/person"
PERSON = "4711"

pytestmark = pytest.mark.timeout(600)


class Installed(Program):
    """The program inside the root, seen from outside."""

    def __init__(self, desktop: Desktop) -> None:
        words = (
            "/usr/sbin/chroot",
            f"--userspec={PERSON}:{PERSON}",
            str(ROOT),
            "/usr/bin/env",
            "-C",
            HOME,
            "/usr/bin/deskside",
        )
        super().__init__(desktop, ROOT / HOME[1:], words)

    def environment(self) -> dict[str, str]:
        folders = {
            f"XDG_{name.upper()}_HOME": f"{HOME}/{name}" for name in ("data", "config", "state", "cache")
        }
        given = {"HOME": HOME, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "DISPLAY": self.desktop.display}
        return given | folders

    def workers(self) -> list[psutil.Process]:
        return [process for process in self._inside() if "_worker" in process.cmdline()]

    def _inside(self) -> list[psutil.Process]:
        found = []
        for process in psutil.process_iter():
            try:
                if (
                    Path(f"/proc/{process.pid}/root").readlink() == ROOT
                    and "--devices" not in process.cmdline()
                ):
                    found.append(process)
            except (OSError, psutil.Error):
                continue
        return found


def in_root(*words: str) -> str:
    done = subprocess.run(
        ["/usr/sbin/chroot", str(ROOT), *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_person_uses_and_removes_it() -> None:
    assert not (ROOT / "usr/bin/python3").exists(), "the root is not clean"
    assert in_root("/usr/bin/deskside", "--version").startswith("deskside ")
    with Desktop() as desktop:
        program = Installed(desktop)
        chats = Chats(program)
        program.start()
        walk_through_the_wizard(program)
        ask(program, chats, "Write one sentence about the sea.")
        wait_for("a whole answer", lambda: [state for state, _ in chats.answers()] == ["complete"], 120)
        assert len(chats.answers()[0][1]) > 10
        program.screenshot(f"clean-root-{ROOT.name}")
        program.close()
        program.wait_for_the_engines_end()
    assert "stay" in in_root("apt-get", "-qq", "purge", "deskside", "deskside-starter")
    assert not (ROOT / "usr/lib/deskside").exists()
    assert chats.answers(), "the person's conversations went with the package"
