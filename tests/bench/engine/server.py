"""llama-server: started, asked over HTTP with a stream back, and its CPU time read."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.bench.engine.asking import Ask, Reply
from tests.bench.engine.clock import Mark
from tests.bench.engine.settings import Settings

_START_LIMIT_S = 120.0


class LlamaServer:
    """Counts the time of the server and of this process, which reads its stream."""

    def __init__(self, tools: Path, settings: Settings) -> None:
        self._port = _free_port()
        command = [
            *(str(tools / "llama-server"), *settings.llama_cpp(), *settings.context()),
            *("-np", str(settings.streams), "--host", "127.0.0.1", "--port", str(self._port)),
            # Its cache of other prompts in RAM only costs here; the slots keep theirs.
            *("--cache-ram", "0", "--no-kv-unified"),
        ]
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(command, stdin=quiet, stdout=quiet, stderr=quiet)
        self.pids = (self._process.pid, os.getpid())
        self._wait_until_ready()

    def answer(self, ask: Ask) -> Reply:
        asked = Mark.now(self.pids)
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=600)
        connection.request("POST", "/v1/chat/completions", _body(ask), {"Content-Type": "application/json"})
        response = connection.getresponse()
        if response.status != 200:
            raise RuntimeError(f"llama-server: {response.status} {response.read()!r}")
        first: Mark | None = None
        pieces: list[str] = []
        timings: dict[str, Any] = {}
        for chunk in _chunks(response):
            timings = chunk.get("timings") or timings
            text = chunk["choices"][0]["delta"].get("content") if chunk["choices"] else None
            if text is not None and (text or pieces):
                first = first or Mark.now(self.pids)
                pieces.append(text)
        end = Mark.now(self.pids)
        connection.close()
        reused, evaluated = timings["cache_n"], timings["prompt_n"]
        generated = timings["predicted_n"]
        return Reply(asked, first or end, end, 1, generated, reused + evaluated, reused, "".join(pieces))

    def close(self) -> None:
        self._process.kill()
        self._process.wait()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _START_LIMIT_S
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"llama-server did not start: {self._process.args!r}")
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", "/health")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()


def _body(ask: Ask) -> bytes:
    """Greedy at the least cost: one sampler, which takes the most likely token."""
    messages = [{"role": turn.role, "content": turn.content} for turn in ask.turns]
    wish = {"messages": messages, "max_tokens": ask.max_tokens, "stream": True, "ignore_eos": True}
    return json.dumps({**wish, "samplers": ["top_k"], "top_k": 1, "cache_prompt": True}).encode()


def _chunks(response: http.client.HTTPResponse) -> Iterator[dict[str, Any]]:
    for line in response:
        if line.startswith(b"data: ") and not line.startswith(b"data: [DONE]"):
            yield json.loads(line[6:])


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
