"""A real desktop for end-to-end tests: Xvfb, openbox, xdotool, screenshots; and the real program on it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import psutil

ROOT = Path(__file__).parents[2]
ARTEFACTS = ROOT / "tests" / "e2e" / "artefacts"
WIDTH, HEIGHT = 1440, 900

Found = TypeVar("Found")


def wait_for(what: str, look: Callable[[], Found | None], seconds: float = 120) -> Found:
    """Polls until `look` gives something true; fails with `what` otherwise."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"waited {seconds:g} s in vain for: {what}")


class Desktop:
    """An X server of our own with a window manager; use as a context manager."""

    def __enter__(self) -> Desktop:
        # -displayfd lets the server choose a free number and tell it once it is ready. Without -noreset it
        # begins anew when its last client leaves, which a short xdotool may be, and kills who has just come.
        read_end, write_end = os.pipe()
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(write_end), "-noreset", "-screen", "0", f"{WIDTH}x{HEIGHT}x24"],
            pass_fds=[write_end],
            stderr=subprocess.DEVNULL,
        )
        os.close(write_end)
        with os.fdopen(read_end) as ready:
            number = ready.readline().strip()
        if not number:
            raise AssertionError("Xvfb did not start")
        self.display = f":{number}"
        self._manager = subprocess.Popen(
            ["openbox"], env=self.environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        wait_for("the window manager", self._managed)
        return self

    def _managed(self) -> bool:
        """Whether windows are given the keyboard: a desktop answers only then."""
        assert self._manager.poll() is None, "the window manager ended"
        return self.xdotool("get_num_desktops").isdigit()

    def __exit__(self, *_: object) -> None:
        for process in (self._manager, self._server):
            process.terminate()
            process.wait(60)

    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("QT_", "WAYLAND"))}
        return {**kept, "DISPLAY": self.display, "LC_ALL": "C.UTF-8"}

    def xdotool(self, *words: str) -> str:
        done = subprocess.run(
            ["xdotool", *words],
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        return done.stdout.strip()

    def screenshot(self, path: Path, window: str = "") -> Path:
        """The whole screen, or one window without its frame."""
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            [sys.executable, str(Path(__file__).with_name("grab.py")), str(path), *filter(None, [window])],
            env={**self.environment(), "QT_QPA_PLATFORM": "xcb"},
            check=True,
            timeout=200,
        )
        return path


class Program:
    """Deskside as a person runs it, with folders of its own."""

    def __init__(
        self,
        desktop: Desktop,
        base: Path,
        command: Sequence[str] = (sys.executable, str(ROOT / "deskside.py")),
    ) -> None:
        self.desktop = desktop
        self.base = base
        self.data = base / "data" / "deskside"
        self.config = base / "config" / "deskside"
        self.state = base / "state" / "deskside"
        self._command = tuple(command)
        self.process: subprocess.Popen[bytes] | None = None
        self.window = ""

    def environment(self) -> dict[str, str]:
        return {
            **self.desktop.environment(),
            "XDG_DATA_HOME": str(self.base / "data"),
            "XDG_CONFIG_HOME": str(self.base / "config"),
            "XDG_STATE_HOME": str(self.base / "state"),
            "XDG_CACHE_HOME": str(self.base / "cache"),
            "QT_QPA_PLATFORM": "xcb",
            "HF_HUB_OFFLINE": "1",
        }

    def start(self, *words: str) -> None:
        """Starts the window and waits until it is there and has the focus."""
        self.base.mkdir(parents=True, exist_ok=True)
        with (self.base / "stderr.txt").open("ab") as errors:
            self.process = subprocess.Popen([*self._command, *words], env=self.environment(), stderr=errors)
        self.window = wait_for("the window", self._find_window)
        self.desktop.xdotool("windowactivate", "--sync", self.window)

    def _find_window(self) -> str:
        assert self.process is not None
        assert self.process.poll() is None, f"the program ended: {self.stderr()}"
        return self.desktop.xdotool("search", "--onlyvisible", "--name", "Deskside").partition("\n")[0]

    def stderr(self) -> str:
        crashes = (self.state / "crashes").glob("*.txt")
        return "\n".join(path.read_text("utf-8", "replace") for path in (self.base / "stderr.txt", *crashes))

    def keys(self, *keys: str) -> None:
        """Presses keys, e.g. "Return", "ctrl+n", with a person's pauses."""
        self._face()
        for key in keys:
            self.desktop.xdotool("key", "--clearmodifiers", key)
            time.sleep(0.15)

    def _face(self) -> None:
        """A person looks at the window before typing. On a slow machine the window manager may give the
        keyboard to nobody for a while, and keys would be lost."""
        if self.desktop.xdotool("getwindowfocus") != self.window:
            self.desktop.xdotool("windowactivate", "--sync", self.window)

    def type(self, text: str) -> None:
        self._face()
        self.desktop.xdotool("type", "--delay", "25", text)

    def screenshot(self, name: str) -> Path:
        return self.desktop.screenshot(ARTEFACTS / f"{name}.png", self.window)

    def workers(self) -> list[psutil.Process]:
        """The processes with a model that belong to this program's folders."""
        found = []
        for process in psutil.process_iter():
            try:
                words = process.cmdline()
                if "_worker" not in words or "--devices" in words:
                    continue
                if process.environ().get("XDG_DATA_HOME") == str(self.base / "data"):
                    found.append(process)
            except psutil.Error:
                continue
        return found

    def wait_for_the_engines_end(self) -> None:
        """It waits ten seconds for another program, keeps what it knows of the chats, and ends."""
        wait_for("the engine's end", lambda: not self.workers())

    def close(self) -> None:
        """As a person closes it, who presses again if the window is still there; waits for its end."""
        assert self.process is not None
        for _ in range(3):
            self.keys("ctrl+q")
            try:
                assert self.process.wait(15) == 0, self.stderr()
                return
            except subprocess.TimeoutExpired:
                focus = self.desktop.xdotool("getwindowfocus")
                print(f"still there 15 s after Ctrl+Q; window {self.window}, the keyboard is at {focus}")
        self.process.send_signal(signal.SIGABRT)  # it says where its threads are
        self.process.wait(60)
        raise AssertionError(f"the window did not close: {self.stderr()}")

    def kill(self) -> None:
        """As a power cut ends it."""
        assert self.process is not None
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
