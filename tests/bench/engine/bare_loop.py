"""The least that a token costs in Python: a reference for `overhead`, from the same run.

    python bare_loop.py COUNTERS MODEL THREADS TOKENS ANSWERS

One answer after the other in a loop that computes, chooses the likeliest token, gathers its bytes and does
nothing else: no other streams, no cancel, no stop strings, no statistics, no memory of conversations. Every
40 ms a piece goes through a process that passes it on to one that reads it, as pieces of ours go through the
host to the client. Printed as JSON: for each answer [worker, host, client], microseconds a token outside
decode and sampling.
"""

from __future__ import annotations

import ctypes
import json
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.bench.engine.clock import cpu_s
from tests.bench.engine.counted_worker import Counters, count_into

_PAUSE_S = 0.04
_PROMPT = 64  # tokens
_LONGEST_PIECE = 64  # bytes of one token


class Passing:
    """Two children: one reads pieces and passes them on, one reads those. Both end with our side."""

    def __init__(self) -> None:
        self._ours, host_in = socket.socketpair()
        host_out, client_in = socket.socketpair()
        host = _child(lambda: _pass_on(host_in, host_out), self._ours, client_in)
        host_in.close()
        host_out.close()
        client = _child(lambda: _pass_on(client_in, None), self._ours)
        client_in.close()
        self.pids = (host, client)
        self.send = self._ours.sendall

    def close(self) -> None:
        self._ours.close()
        for pid in self.pids:
            os.waitpid(pid, 0)


def _child(work: Callable[[], None], *others: socket.socket) -> int:
    pid = os.fork()
    if pid == 0:
        for end in others:
            end.close()
        work()
        os._exit(0)
    return pid


def _pass_on(source: socket.socket, target: socket.socket | None) -> None:
    while piece := source.recv(65536):
        if target:
            target.sendall(piece)


def _answer(
    llama: Any, context: Any, vocabulary: Any, sampler: Any, tokens: int, send: Callable[[bytes], object]
) -> None:
    llama.llama_memory_seq_rm(llama.llama_get_memory(context), 0, _PROMPT, -1)
    one = (ctypes.c_int32 * 1)()
    batch = llama.llama_batch_get_one(one, 1)
    room = ctypes.create_string_buffer(_LONGEST_PIECE)
    token, due, written = 1, 0.0, bytearray()
    for _ in range(tokens):
        one[0] = token
        if llama.llama_decode(context, batch) != 0:
            raise RuntimeError("llama_decode failed")
        token = llama.llama_sampler_sample(sampler, context, -1)
        length = llama.llama_token_to_piece(vocabulary, token, room, _LONGEST_PIECE, 0, False)
        written += room.raw[: max(0, length)]
        if (now := time.monotonic()) >= due:
            due = now + _PAUSE_S
            send(bytes(written) or b" ")
            written.clear()


def _measured(answer: Callable[[], None], processes: tuple[int, ...], counters: Path) -> list[float]:
    """CPU seconds of each process, the first without decode and sampling."""
    before, counted = [cpu_s([pid]) for pid in processes], Counters.read(counters)
    answer()
    spent = [cpu_s([pid]) - then for pid, then in zip(processes, before, strict=True)]
    now = Counters.read(counters)
    spent[0] -= now.decode_s - counted.decode_s + now.sample_s - counted.sample_s
    return spent


def main(counters: Path, model_path: str, threads: int, tokens: int, answers: int) -> int:
    passing = Passing()  # before llama.cpp has threads
    count_into(counters)
    from engine.runtime.values import LoadRequest
    from engine.runtime.worker.load import context_of, opened
    from engine.runtime.worker.native import Native

    native, request = Native(), LoadRequest(model_path, _PROMPT + tokens, threads)
    llama = native.llama
    with opened(native, request) as model, context_of(native, request, model) as context:
        sampler, vocabulary = llama.llama_sampler_init_greedy(), llama.llama_model_get_vocab(model)
        prompt = (ctypes.c_int32 * _PROMPT)(*range(100, 100 + _PROMPT))
        llama.llama_decode(context.pointer, llama.llama_batch_get_one(prompt, _PROMPT))

        def answer() -> None:
            _answer(llama, context.pointer, vocabulary, sampler, tokens, passing.send)

        answer()  # touches all pages
        rows = [_measured(answer, (os.getpid(), *passing.pids), counters) for _ in range(answers)]
        llama.llama_sampler_free(sampler)
    passing.close()
    print(json.dumps([[1e6 * part / tokens for part in row] for row in rows]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), sys.argv[2], *(int(word) for word in sys.argv[3:])))
