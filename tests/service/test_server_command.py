"""`deskside serve`, as a user or the window starts it: the real command, host and worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.models import tiny

ROOT = Path(__file__).parents[2]
_PATIENCE_S = 60


class Command:
    """`deskside serve --json --port 0` in folders of its own."""

    def __init__(self, folder: Path, *words: str, **variables: str) -> None:
        self.folder = folder
        folders = {f"XDG_{name.upper()}_HOME": str(folder / name) for name in ("data", "config", "state")}
        kept = {name: value for name, value in os.environ.items() if name != "DESKSIDE_API_KEY"}
        self.process = subprocess.Popen(
            [sys.executable, str(ROOT / "deskside.py"), "serve", "--json", *words],
            env={**kept, **folders, **variables},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def line(self) -> dict[str, Any]:
        assert self.process.stdout is not None
        return dict(json.loads(self.process.stdout.readline()))

    def end(self) -> tuple[int, str]:
        """Exit code, and what it said on stderr."""
        _, told = self.process.communicate(timeout=_PATIENCE_S)
        return self.process.returncode, told.decode()


def get(url: str, key: str = "", body: object = None) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, data, headers)
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE_S) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


@pytest.fixture
def commands(tmp_path: Path) -> Iterator[list[Command]]:
    """Those that a test began; ended here, with the hosts that they left behind."""
    begun: list[Command] = []
    yield begun
    for command in begun:
        command.process.kill()
        command.process.wait()
    hosts = [
        process
        for process in psutil.process_iter(["cmdline"])
        if "_engine" in (process.info["cmdline"] or [])
        and any(str(tmp_path) in word for word in process.info["cmdline"])
    ]
    for host in hosts:
        with contextlib.suppress(psutil.NoSuchProcess):
            host.terminate()
    psutil.wait_procs(hosts, _PATIENCE_S)


def test_a_model_is_served_until_the_end_is_asked_for(tmp_path: Path, commands: list[Command]) -> None:
    model = tiny(tmp_path)
    commands.append(Command(tmp_path, "--port", "0", "--model", str(model), "--context", "512"))
    line = commands[0].line()
    assert line["event"] == "serving"
    assert line["address"] == f"http://127.0.0.1:{line['port']}/v1"
    assert "key" not in line
    base = line["address"]
    assert get(base.removesuffix("/v1") + "/health") == (200, {"status": "ok"})
    status, models = get(base + "/models")
    assert "tiny-llama" in models["data"][-2]["id"] and models["data"][-1]["id"] == "default"
    assert models["data"][-1]["meta"]["name"] == "tiny-llama"  # the model of --model is the default
    asked = {"messages": [{"role": "user", "content": "Hello"}], "max_tokens": 3}
    status, answer = get(base + "/chat/completions", body=asked)
    assert (status, answer["usage"]["completion_tokens"]) == (200, 3)
    with urllib.request.urlopen(base.removesuffix("/v1") + "/metrics") as response:
        metrics = response.read().decode()
    assert 'deskside_tokens_predicted_total{model="tiny-llama",quantization="",use="answers"} 3' in metrics
    assert 'part="kv_cache"' in metrics and 'context_length="512"' in metrics

    commands.append(Command(tmp_path, "--port", str(line["port"])))
    assert commands[1].line()["code"] == "serve_port_taken"
    assert commands[1].end()[0] == 2

    commands[0].process.send_signal(signal.SIGTERM)
    code, told = commands[0].end()
    assert (code, told) == (0, "")


def test_the_first_request_loads_the_model(tmp_path: Path, commands: list[Command]) -> None:
    commands.append(Command(tmp_path, "--port", "0", "--with-parent"))
    base = commands[0].line()["address"]
    asked = {"prompt": "", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 2}
    status, answer = get(base + "/chat/completions", body=asked)
    assert (status, answer["model"]) == (200, "SmolLM2-135M-Instruct:Q4_1")
    # The window has gone: its end of our standard input closes.
    assert commands[0].process.stdin is not None
    commands[0].process.stdin.close()
    assert commands[0].process.wait(_PATIENCE_S) == 0


def test_beyond_this_machine_a_key_is_needed(tmp_path: Path, commands: list[Command]) -> None:
    commands.append(Command(tmp_path, "--host", "0.0.0.0", "--port", "0"))
    line = commands[0].line()
    file = Path(line["key_file"])
    key = file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "key" not in line and key not in json.dumps(line)
    assert get(line["address"] + "/models")[0] == 401
    assert get(line["address"] + "/models", "x" * 43)[0] == 401
    assert get(line["address"] + "/models", key)[0] == 200
    commands[0].process.send_signal(signal.SIGINT)
    code, told = commands[0].end()
    assert code == 0 and key in told  # shown, this once

    commands.append(Command(tmp_path, "--host", "0.0.0.0", "--port", "0", "--with-parent"))
    assert commands[1].line()["key"] == key  # for the window, through its own pipe
    assert commands[1].process.stdin is not None
    commands[1].process.stdin.close()
    assert commands[1].process.wait(_PATIENCE_S) == 0
    assert commands[1].process.stderr is not None
    assert key not in commands[1].process.stderr.read().decode()
    for log in (tmp_path / "state").rglob("*.log*"):
        assert key not in log.read_text("utf-8", "replace")


def test_a_key_that_is_given_counts_on_the_loopback_too(tmp_path: Path, commands: list[Command]) -> None:
    key = "a-key-of-some-length"
    commands.append(Command(tmp_path, "--port", "0", DESKSIDE_API_KEY=key))
    base = commands[0].line()["address"]
    assert (get(base + "/models")[0], get(base + "/models", key)[0]) == (401, 200)


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--model", "no-such-model"), "installed_unknown"),
        (("--host", "host.invalid"), "serve_address"),
        (("--host", "203.0.113.1"), "serve_address"),
        (("--api-key-file", "/no/such/file"), "serve_key_file"),
        (("--allow-origin", "*"), "serve_origin"),
        (("--allow-host", "http://x"), "serve_host_name"),
        (("--port", "99999"), "usage"),
    ],
)
def test_what_cannot_be_served_is_explained(
    tmp_path: Path, commands: list[Command], words: tuple[str, ...], code: str
) -> None:
    commands.append(Command(tmp_path, *words))
    line = commands[0].line()
    assert (line["event"], line["code"]) == ("error", code)
    assert commands[0].end()[0] == 2


def test_a_model_that_cannot_be_loaded_ends_the_command(tmp_path: Path, commands: list[Command]) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(tiny(tmp_path).read_bytes()[:20_000])
    commands.append(Command(tmp_path, "--port", "0", "--model", str(damaged)))
    line = commands[0].line()
    assert line["event"] == "error" and line["message"]
    assert commands[0].end()[0] == 5
