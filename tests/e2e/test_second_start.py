"""The real program, started twice: one window, which opens what the second start was given."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.e2e.desktop import ROOT, Desktop, Program, wait_for
from tests.e2e.starter import starter


def test_a_second_start_opens_its_file_in_the_window_that_is_there(tmp_path: Path) -> None:
    with Desktop() as desktop:
        program = Program(desktop, tmp_path)
        program.config.mkdir(parents=True)
        (program.config / "settings.json").write_text(json.dumps({"wizard_done": True}))
        program.start()
        wait_for("the door", (program.state / "window.json").exists)
        model = tmp_path / "mine.gguf"
        model.symlink_to(starter())
        second = subprocess.run(
            [sys.executable, str(ROOT / "deskside.py"), str(model)],
            env=program.environment(),
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert second.returncode == 0, second.stderr
        wait_for("the worker", program.workers)
        shown = desktop.xdotool("search", "--onlyvisible", "--name", "Deskside").split()
        assert shown == [program.window], "there are two windows"
        settings = program.config / "settings.json"
        wait_for("the model in use", lambda: json.loads(settings.read_text()).get("last_model") == str(model))
        program.close()
        assert not (program.state / "window.json").exists()
        assert list((program.state / "crashes").iterdir()) == []
        program.wait_for_the_engines_end()
