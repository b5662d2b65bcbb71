"""The frozen one-folder program: window, worker, one answer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.e2e.desktop import ROOT, Desktop, Program, wait_for
from tests.e2e.starter import starter
from tests.pictures import JANUS, TOKENS, png, write_projector

pytestmark = [pytest.mark.frozen, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def frozen(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program, built as it would be shipped."""
    out = tmp_path_factory.mktemp("frozen")
    subprocess.run([str(ROOT / "installer" / "freeze.sh"), str(out)], check=True, timeout=800)
    return out / "deskside" / "deskside"


def test_the_worker_answers(frozen: Path, tmp_path: Path) -> None:
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    question = ["chat", "--json", "-p", "Write one sentence about the sea.", "--max-tokens", "24"]
    done = subprocess.run(
        [str(frozen), *question, "--temperature", "0", "--model", str(starter())],
        # Nothing of this environment may be needed: no PYTHONPATH, no virtual environment.
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **folders},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    last = json.loads(done.stdout.splitlines()[-1])
    assert "sea" in last["text"].lower()


def test_the_frozen_worker_sees(frozen: Path, tmp_path: Path) -> None:
    """The multimodal library is there, and finds the engine that is loaded already."""
    folder = tmp_path / "models"
    folder.mkdir()
    model = folder / "SmolLM2-Q4_1.gguf"
    model.symlink_to(starter())
    write_projector(folder / "mmproj-F16.gguf")
    (folder / "cat.png").write_bytes(png())
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    question = [
        "chat",
        "--json",
        "-p",
        "What is it?",
        "--image",
        str(folder / "cat.png"),
        "--max-tokens",
        "4",
    ]
    done = subprocess.run(
        [str(frozen), *question, "--model", str(model)],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", **folders},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["prompt_tokens"] > TOKENS[JANUS]


def test_the_window_opens_and_answers(frozen: Path, tmp_path: Path) -> None:
    with Desktop() as desktop:
        program = Program(desktop, tmp_path, [str(frozen)])
        program.config.mkdir(parents=True)
        settings = {"wizard_done": True, "last_model": str(starter())}
        (program.config / "settings.json").write_text(json.dumps(settings))
        program.start()
        program.type("Write one sentence about the sea.")
        program.keys("Return")
        wait_for("the worker", program.workers)
        picture = program.screenshot("frozen")
        assert picture.stat().st_size > 10_000
        assert (program.data / "chats.sqlite3").stat().st_size > 0
        program.close()
        program.wait_for_the_engines_end()
