"""The queue of downloads in the real program: killed as a command and as a window, it goes on by itself."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.e2e.desktop import ROOT, Desktop, Program, wait_for
from tests.hub import Faults, StandInHub

NAMES = ("One", "Two", "Three")


def queue_of(program: Program) -> list[str]:
    path = program.state / "downloads.json"
    stored = json.loads(path.read_text())["downloads"] if path.exists() else []
    return [entry["repository"].removeprefix("owner/") for entry in stored]


def open_models_page(program: Program) -> None:
    """The side bar by keyboard: filter, list, downloads (while there are any), models."""
    program.keys("ctrl+shift+f", "Tab", "Tab", "Return")
    time.sleep(1.5)


def test_a_queue_of_three_survives_kill_9(tmp_path: Path) -> None:
    contents = {name: b"GGUF" + random.Random(name).randbytes(12_000_000) for name in NAMES}
    with Desktop() as desktop, StandInHub() as hub:
        for name, content in contents.items():
            hub.add_file(f"owner/{name}", f"{name}-Q4_K_M.gguf", content)
        program = Program(desktop, tmp_path)
        program.config.mkdir(parents=True)
        settings = {"endpoint": hub.endpoint, "wizard_done": True, "mirrors": ["none"], "theme": "light"}
        (program.config / "settings.json").write_text(json.dumps(settings))
        environment = {k: v for k, v in program.environment().items() if k != "HF_HUB_OFFLINE"}

        hub.faults = Faults(bytes_per_second=50_000)
        words = [sys.executable, str(ROOT / "deskside.py"), "pull", *(f"owner/{n}:Q4_K_M" for n in NAMES)]
        command = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)
        wait_for("the first bytes", lambda: hub.served.body_bytes > 2_000_000)
        os.kill(command.pid, signal.SIGKILL)
        command.wait()
        assert queue_of(program) == list(NAMES)

        served = hub.served.body_bytes
        program.start()
        wait_for("more bytes, without a click", lambda: hub.served.body_bytes > served + 500_000)
        open_models_page(program)
        program.screenshot("downloads-en-light")
        program.kill()
        assert queue_of(program)[-2:] == ["Two", "Three"]

        (program.config / "settings.json").write_text(
            json.dumps({**settings, "theme": "dark", "language": "zh_CN"})
        )
        served = hub.served.body_bytes
        program.start()
        wait_for("more bytes again", lambda: hub.served.body_bytes > served + 500_000)
        open_models_page(program)
        program.screenshot("downloads-zh-dark")
        hub.faults = Faults()
        wait_for("all three", lambda: len(list(program.data.rglob("*.gguf"))) == 3)
        wait_for("an empty queue", lambda: queue_of(program) == [])
        time.sleep(1)
        assert program.process is not None and program.process.poll() is None, program.stderr()
        program.screenshot("library-zh-dark")
        for path in program.data.rglob("*.gguf"):
            assert path.read_bytes() == contents[path.parent.name]
        assert hub.served.body_bytes - sum(map(len, contents.values())) <= 2 * 4_000_000
        program.close()
