"""The program on the command line, as another program would use it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest

from engine.chat.store import ChatStore
from tests.modelfile import write_model
from tests.models import llama

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(ROOT / "deskside.py")]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("DISPLAY", "WAYLAND_DISPLAY")}
    kept.pop("QT_QPA_PLATFORM", None)
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    return {**kept, **folders}


def deskside(environment: dict[str, str], *words: str, standard_input: str = "", timeout: float = 250):
    return subprocess.run(
        [*PROGRAM, *words],
        env=environment,
        input=standard_input,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def records(stdout: str) -> list[dict[str, Any]]:
    """Every line must be an object."""
    return [json.loads(line) for line in stdout.splitlines()]


def test_version(environment: dict[str, str]) -> None:
    done = deskside(environment, "--version")
    assert (done.returncode, done.stdout) == (0, "deskside 0.1.0\n")


def test_chat_answers_from_the_starter_model(environment: dict[str, str]) -> None:
    done = deskside(
        environment,
        "chat",
        "--json",
        "--temperature",
        "0",
        "--max-tokens",
        "16",
        "-p",
        "Write one sentence about the sea.",
    )
    assert done.returncode == 0, done.stderr
    *before, last = records(done.stdout)
    assert "sea" in last["text"]
    assert last["generated_tokens"] <= 16
    assert last["prompt_tokens"] > 5
    assert min(last["prompt_tps"], last["generation_tps"], last["time_to_first_token_s"]) > 0
    assert "".join(each["text"] for each in before if each["event"] == "token") == last["text"]


def test_chat_prints_plain_text_and_nothing_else(environment: dict[str, str]) -> None:
    done = deskside(
        environment, "chat", "--temperature", "0", "--max-tokens", "8", standard_input="Say hello."
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() and "deskside:" not in done.stdout
    assert "tokens/s" in done.stderr


def test_check_then_plan(environment: dict[str, str], tmp_path: Path) -> None:
    done = deskside(environment, "check", "--json")
    assert done.returncode == 0, done.stderr
    report = records(done.stdout)[-1]["report"]
    assert report["cpu"]["usable_cores"] > 0
    measured = report["memory"]["bandwidth"]
    # Each step has a few seconds, in which a machine at its limit measures nothing; and it says so.
    if "check_step_slow" not in [remark["code"] for remark in report["remarks"]]:
        assert measured["bytes_per_second"] > 1e8
    done = deskside(environment, "plan", "--json")
    assert done.returncode == 0, done.stderr
    advice = records(done.stdout)[-1]
    best = advice["plans"][0]
    assert best["verdict"] != "will_not_run"
    assert best["memory"]["total"]["reserved"] <= report["memory"]["total_bytes"]
    assert advice["flagship"]["model"] == "DeepSeek-R1-0528"


@pytest.mark.parametrize(
    ("words", "code", "part"),
    [
        (["chat", "-p", "x", "--model", "no/such.gguf"], None, "no/such.gguf"),
        (["chat", "-p", "   "], 2, "prompt"),
        (["chat", "--max-tokens", "minus one"], 2, "max-tokens"),
        (["chat", "--seed", "abc"], 2, "must be a whole number from 0"),
        (["chat", "--temperature", "warm"], 2, "must be a number from 0 to 5"),
        (["pull", "not a reference"], 2, "not a reference"),
        (["pull", "a/b", "--endpoint", "http://example.org"], None, "http"),
        (["frobnicate"], 2, "frobnicate"),
        (["plan", "--gguf", "/etc/hostname"], None, "/etc/hostname"),
    ],
)
def test_bad_input_is_a_sentence(
    environment: dict[str, str], words: list[str], code: int | None, part: str
) -> None:
    for extra in ([], ["--json"]):
        done = deskside(environment, *words, *extra)
        assert done.returncode == code or (code is None and done.returncode not in (0, 1))
        assert "Traceback" not in done.stderr
        assert part in done.stderr
        assert all(record["event"] in ("error", "progress") for record in records(done.stdout))


def test_json_is_utf_8_whatever_the_terminal_has(environment: dict[str, str]) -> None:
    """Where an encoding lacks a letter, Python would write an escape that JSON does not know."""
    limited = {**environment, "PYTHONIOENCODING": "ascii"}
    done = deskside(limited, "chat", "--json", "-p", "x", "--model", "café 模型 😀.gguf")
    assert "café 模型 😀.gguf" in records(done.stdout)[-1]["message"]


def test_a_damaged_file_has_an_exit_code_of_its_own(environment: dict[str, str], tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(b"GGUF\x03\0\0\0junk")
    done = deskside(environment, "chat", "--json", "-p", "x", "--model", str(damaged))
    assert done.returncode == 4
    assert records(done.stdout)[-1]["exit_code"] == 4 and "header" in done.stderr


def test_the_terminal_is_for_people(environment: dict[str, str]) -> None:
    done = deskside(environment, "terminal", "--json")
    assert done.returncode == 2
    assert records(done.stdout)[-1]["event"] == "error" and "--json" in done.stderr


def test_an_unwritable_data_folder_is_a_sentence(environment: dict[str, str], tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    done = deskside({**environment, "XDG_DATA_HOME": str(blocked)}, "models")
    assert done.returncode == 3
    assert str(blocked) in done.stderr and "Traceback" not in done.stderr


def test_a_model_that_nobody_chose_is_asked_for_again(environment: dict[str, str], tmp_path: Path) -> None:
    done = deskside(environment)
    assert done.returncode == 0, done.stderr
    assert "verdict" in done.stdout
    settings = tmp_path / "config" / "deskside" / "settings.json"
    assert not settings.exists() or not json.loads(settings.read_text("utf-8")).get("wizard_done")


def test_without_a_display_the_same_job_is_done_in_the_terminal(
    environment: dict[str, str], tmp_path: Path
) -> None:
    settings = tmp_path / "config" / "deskside" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"context_length": 1024}))  # or an answer may take minutes
    done = deskside(environment, standard_input="\nWrite one sentence about the sea.\n\n")
    assert done.returncode == 0, done.stderr
    assert "no display" in done.stderr
    assert "DeepSeek" in done.stdout
    # So small a model may speak of anything; that it speaks, after the check, is the job.
    with contextlib.closing(ChatStore(tmp_path / "data" / "deskside" / "chats.sqlite3")) as store:
        (chat,) = store.filing.conversations()
        words = store.conversation(chat.id).branch()[-1].text().split()
    assert words and words[-1] in done.stdout.split()


# The engine waits ten seconds for another client, keeps what it knows, and ends.
_LINGERS_S = 120


@pytest.fixture
def endless(tmp_path: Path) -> Path:
    """Its answers end with the context only, long after: SmolLM2 may say a word and be done."""
    recipe = llama(layers=8, width=512, heads=8, kv_heads=4, feed_forward=1024)
    return write_model(tmp_path / "endless.gguf", recipe)


def test_ctrl_c_ends_an_answer_and_the_engine_soon_after(environment: dict[str, str], endless: Path) -> None:
    program = subprocess.Popen(
        [*PROGRAM, "chat", "--json", "-p", "Go on.", "--model", str(endless)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert program.stdout is not None
    for line in program.stdout:
        if json.loads(line)["event"] == "token":
            break
    children = psutil.Process(program.pid).children(recursive=True)
    assert children
    # As a terminal does it: to the whole process group.
    os.killpg(program.pid, signal.SIGINT)
    assert program.wait(60) == 130
    gone, alive = psutil.wait_procs(children, timeout=_LINGERS_S)
    assert not alive and len(gone) == len(children)


def test_killing_the_program_ends_its_engine_soon_after(environment: dict[str, str], endless: Path) -> None:
    program = subprocess.Popen(
        [*PROGRAM, "chat", "--json", "-p", "Go on.", "--model", str(endless)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert program.stdout is not None
    program.stdout.readline()
    children = psutil.Process(program.pid).children(recursive=True)
    assert children
    program.kill()
    program.wait(60)
    _, alive = psutil.wait_procs(children, timeout=_LINGERS_S)
    assert not alive
