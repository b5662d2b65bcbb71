"""Clients that vanish, dawdle, send nonsense or come in crowds, against a real worker."""

from __future__ import annotations

import json
import select
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import psutil
import pytest

from engine import events
from engine.chat.conversation import AnswerStats
from engine.events import JobId
from engine.runtime.values import GenerationRequest, LoadWish, StopReason
from engine.server.bodies import LARGEST_BODY
from engine.server.connection import Connection
from tests.service.server_bench import Served, WorkerBackend, http_request, read_response, until

STATS = AnswerStats(1, 0, 1, 1.0, 1.0, 0.1)
CHAT = "/v1/chat/completions"


class Impatient(Connection):
    head_s: ClassVar = 1.0
    stall_s: ClassVar = 1.0


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    made = Served(tmp_path_factory.mktemp("served"))
    answered(made)  # loads the model
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_is_left_open(served: Served) -> Iterator[None]:
    yield
    assert until(lambda: len(served.api.requests) == 0), "a request was never closed"


def asking(text: str = "Hello", **fields: object) -> dict[str, object]:
    messages = [{"role": "user", "content": text}]
    return {"messages": messages, "max_tokens": 4, "temperature": 0, **fields}


def story(tokens: int, **fields: object) -> dict[str, object]:
    return asking("Tell a long story.", max_tokens=tokens, ignore_eos=True, **fields)


def answered(served: Served, **fields: object) -> dict[str, object]:
    with served.connect() as raw:
        raw.sendall(http_request(CHAT, asking(**fields)))
        status, _, body = read_response(raw)
    assert status == 200, body
    return dict(json.loads(body))


def error_of(body: bytes) -> dict[str, str]:
    return dict(json.loads(body)["error"])


def is_cancelled(served: Served, before: int) -> bool:
    """Whether the engine is told to cancel: long before an answer of these tests would end."""
    return until(lambda: len(served.backend.cancelled) > before)


# clients that vanish
def test_a_client_that_vanishes_in_mid_stream_cancels_its_answer(served: Served) -> None:
    before = len(served.backend.cancelled)
    raw = served.connect()
    raw.sendall(http_request(CHAT, story(1500, stream=True)))
    told = b""
    while b"content" not in told:
        piece = raw.recv(65536)
        assert piece, told
        told += piece
    raw.close()
    assert is_cancelled(served, before)
    assert answered(served)["usage"]


def test_a_client_that_vanishes_while_its_prompt_is_read_cancels_it(served: Served) -> None:
    before = len(served.backend.cancelled)
    raw = served.connect()
    raw.sendall(http_request(CHAT, asking("word " * 1500, stream=True)))
    assert raw.recv(65536).startswith(b"HTTP/1.1 200")  # the first chunk of the prompt was read
    raw.close()
    assert is_cancelled(served, before)


def test_a_client_that_vanishes_while_it_waits_for_the_whole_answer_cancels_it(served: Served) -> None:
    before, asked = len(served.backend.cancelled), len(served.backend.asked)
    raw = served.connect()
    raw.sendall(http_request(CHAT, story(1500)))
    assert until(lambda: len(served.backend.asked) > asked)
    raw.close()
    assert is_cancelled(served, before)


def test_half_a_request_leaves_nothing_behind(served: Served) -> None:
    whole = http_request(CHAT, asking())
    for length in (1, 20, len(whole) // 2, len(whole) - 1):
        with served.connect() as raw:
            raw.sendall(whole[:length])
    assert answered(served)["usage"]


# clients that dawdle
def test_slow_senders_are_cut_off(tmp_path: Path) -> None:
    made = Served(tmp_path, connection=Impatient)
    try:
        with made.connect() as raw:
            raw.sendall(b"GET /health HTTP/1.1\r\nHost: localh")
            assert raw.recv(1000).startswith(b"HTTP/1.1 408")
            assert raw.recv(1000) == b""
        with made.connect() as raw:  # says nothing at all
            assert raw.recv(1000).startswith(b"HTTP/1.1 408")
        with made.connect() as raw:  # was refused, and goes on sending drop by drop
            raw.sendall(b"POST /nothing HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999\r\n\r\n")
            assert read_response(raw)[0] == 404
            assert _dripping_ends(raw)
    finally:
        made.close()


def _dripping_ends(raw: socket.socket) -> bool:
    for _ in range(600):
        try:
            raw.sendall(b"x")
        except OSError:
            return True
        time.sleep(0.05)
    return False


def test_a_client_that_does_not_read_is_cut_off_and_disturbs_nobody(tmp_path: Path) -> None:
    made = Served(tmp_path, connection=Impatient)
    try:
        with made.connect(receive_buffer=2048) as raw:
            # 404s with a long path, thousands of them, none of which is read
            raw.sendall(http_request("/" + "x" * 150) * 20_000)
            watch = select.poll()
            watch.register(raw, select.POLLERR | select.POLLHUP)
            assert until(lambda: bool(watch.poll(0))), "it was not cut off"
        with made.connect() as raw:
            raw.sendall(http_request("/health"))
            assert read_response(raw)[0] == 200
    finally:
        made.close()


class Flood(WorkerBackend):
    """Writes faster than any model, until it is cancelled."""

    def generate(self, job: JobId, request: GenerationRequest, wish: LoadWish) -> None:
        def write() -> None:
            emit = self._emit
            emit(events.PromptProgressed(job, 1, 1, 0))
            for _ in range(200_000):
                if job in self.cancelled:
                    emit(events.JobCancelled(job))
                    return
                emit(events.TokenDelta(job, "word " * 20, False, 1))
                time.sleep(0)
            emit(events.GenerationFinished(job, STATS, StopReason.END))
            emit(events.JobFinished(job))

        threading.Thread(target=write, daemon=True).start()


def test_an_answer_that_is_not_read_is_ended_and_keeps_little_memory(tmp_path: Path) -> None:
    made = Served(tmp_path, connection=Impatient, backend=Flood)
    memory = psutil.Process().memory_info
    try:
        with made.connect(receive_buffer=4096) as raw:
            before = memory().rss
            raw.sendall(http_request(CHAT, asking(stream=True)))
            assert until(lambda: bool(made.backend.cancelled)), "it was never ended"
            assert until(lambda: len(made.api.requests) == 0), "it was never closed"
        assert memory().rss - before < 30 * 1024 * 1024
    finally:
        made.close()


# nonsense
@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00\xff\x13\x37" * 100,
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"x" * 40_000,
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        b"POST /v1/chat/completions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
    ],
)
def test_garbage_is_refused(served: Served, nonsense: bytes) -> None:
    with served.connect() as raw:
        raw.sendall(nonsense)
        raw.shutdown(socket.SHUT_WR)
        told = b""
        while piece := raw.recv(65536):
            told += piece
    assert told == b"" or told.split()[1] in (b"400", b"408", b"431")
    assert answered(served)["usage"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 50_000])
def test_bodies_that_are_no_request(served: Served, body: bytes) -> None:
    with served.connect() as raw:
        head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n"
        raw.sendall(head.encode() + body)
        status, _, told = read_response(raw)
    assert status == 400
    assert error_of(told)["type"] == "invalid_request_error"


def test_bodies_that_are_too_large(served: Served) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nHost: localhost\r\n"
    with served.connect() as raw:
        raw.sendall(f"{head}Content-Length: {LARGEST_BODY + 1}\r\n\r\n".encode())
        assert read_response(raw)[0] == 413
    with served.connect() as raw:
        raw.sendall(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode())
        threading.Thread(target=_send_without_end, args=(raw,), daemon=True).start()
        status, headers, told = read_response(raw)
    assert status == 413
    assert headers["connection"] == "close"
    assert error_of(told)["code"] == "api_body_large"


def _send_without_end(raw: socket.socket) -> None:
    piece = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
    try:
        for _ in range(64):
            raw.sendall(piece)
    except OSError:
        return


# whose requests are taken
@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "[::1]x", "", "a b"]
)
def test_hosts_that_are_not_ours(served: Served, host: str) -> None:
    with served.connect() as raw:
        raw.sendall(http_request("/v1/models", host=host))
        status, _, body = read_response(raw)
    assert status == 403
    assert error_of(body)["code"] == "api_host"


def test_the_oldest_clients_name_no_host(served: Served) -> None:
    """HTTP/1.0, as HAProxy's health checks speak it; a page in a browser cannot."""
    bare = b"GET /v1/models HTTP/1.0\r\n"
    told = []
    for request in (
        bare + b"\r\n",
        bare + b"Origin: http://\r\n\r\n",
        bare + b"Host: evil.example\r\n\r\n",
        bare.replace(b"1.0", b"1.1") + b"\r\n",
    ):
        with served.connect() as raw:
            raw.sendall(request)
            told.append(raw.recv(65536).split()[1])
    assert told == [b"200", b"403", b"403", b"400"]


@pytest.mark.parametrize(
    "host", ["localhost", "[::1]", "[0:0:0:0:0:0:0:1]:80", "[::1%25lo]:80", "[::ffff:127.0.0.1]"]
)
def test_our_own_address_has_many_spellings(served: Served, host: str) -> None:
    with served.connect() as raw:
        raw.sendall(
            http_request("/v1/models", host=host, more="Origin: http://[::1]:80\r\n" * ("80" in host))
        )
        status, _, body = read_response(raw)
    assert status == 200, body


def test_pages_from_elsewhere_are_refused(served: Served) -> None:
    for origin in ("https://evil.example", "null", "http://localhost.evil.example"):
        with served.connect() as raw:
            raw.sendall(http_request(CHAT, asking(), more=f"Origin: {origin}\r\n"))
            status, headers, body = read_response(raw)
        assert (status, error_of(body)["code"]) == (403, "api_origin")
        assert "access-control-allow-origin" not in headers


def test_keys_origins_and_hosts_that_are_allowed(tmp_path: Path) -> None:
    key = "a-key-that-is-long-enough"
    made = Served(tmp_path, key=key, hosts=["desk.local"], origins=["https://chat.example"])
    bearer = f"Authorization: Bearer {key}\r\n"
    origin = "Origin: https://chat.example\r\n"
    try:
        for more, status in (
            ("", 401),
            ("Authorization: Bearer wrong-wrong-wrong\r\n", 401),
            (f"Authorization: Basic {key}\r\n", 401),
            ("Authorization: Bearer ké\r\n", 401),
            (bearer, 200),
            (bearer + origin, 200),
        ):
            with made.connect() as raw:
                raw.sendall(http_request("/v1/models", host="desk.local:80", more=more))
                found, headers, body = read_response(raw)
            assert found == status, body
            allowed = headers.get("access-control-allow-origin")
            assert allowed == ("https://chat.example" if origin in more else None)
        with made.connect() as raw:  # watchers need no key
            raw.sendall(http_request("/health"))
            assert read_response(raw)[0] == 200
        asked = "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization\r\n"
        with made.connect() as raw:
            raw.sendall(http_request(CHAT, more=origin + asked).replace(b"GET", b"OPTIONS", 1))
            status, headers, _ = read_response(raw)
        assert status == 204
        assert headers["access-control-allow-headers"] == "authorization"
        assert headers["access-control-allow-origin"] == "https://chat.example"
    finally:
        made.close()


def test_paths_and_methods_that_do_not_exist(served: Served) -> None:
    for request, status in ((http_request("/v1/nothing"), 404), (http_request(CHAT), 405)):
        with served.connect() as raw:
            raw.sendall(request)
            found, _, body = read_response(raw)
        assert found == status
        assert error_of(body)["message"]


# crowds, and connections that are used again
def test_a_connection_serves_one_request_after_the_other(served: Served) -> None:
    with served.connect() as raw:
        for _ in range(3):
            raw.sendall(http_request(CHAT, asking()))
            assert read_response(raw)[0] == 200
        raw.sendall(http_request(CHAT, asking(stream=True)))
        status, _, body = read_response(raw)
        assert status == 200 and body.endswith(b"data: [DONE]\n\n")
        raw.sendall(http_request("/health") * 2)  # pipelined
        stream = raw.makefile("rb")
        lines = [stream.readline() for _ in range(2)]
        assert lines[0].startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(served: Served) -> None:
    with served.connect() as raw:
        first = http_request(CHAT, asking("Say something.", max_tokens=8))
        raw.sendall(first + http_request("/v1/nothing", more="Connection: close\r\n"))
        told = b""
        while piece := raw.recv(65536):
            told += piece
    assert told.index(b"HTTP/1.1 200") < told.index(b"chat.completion") < told.index(b"HTTP/1.1 404")


def test_64_clients_at_once_are_all_answered(served: Served) -> None:
    ends: list[tuple[int, bytes]] = []

    def ask(number: int) -> None:
        with served.connect() as raw:
            raw.sendall(http_request(CHAT, asking(f"Number {number}", stream=number % 2 == 0)))
            status, _, body = read_response(raw)
            ends.append((status, body))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert len(ends) == 64
    assert {status for status, _ in ends} == {200}
    for _, body in ends:
        if body.startswith((b"data", b":")):  # who waits ten seconds is told that it is still at work
            assert body.endswith(b"data: [DONE]\n\n")
        else:
            assert json.loads(body)["usage"]


def test_beyond_the_queue_clients_are_told_to_come_again(served: Served) -> None:
    connections = [served.connect() for _ in range(90)]
    for raw in connections:
        raw.sendall(http_request(CHAT, story(1000)))
    for raw in connections:
        raw.setblocking(False)
    refused: list[bytes] = []
    assert until(lambda: bool(refused) or _gather(connections, refused))
    assert refused[0].startswith(b"HTTP/1.1 429")
    assert b"retry-after: 5" in refused[0]
    for raw in connections:
        raw.close()
    assert until(lambda: len(served.api.requests) == 0)
    assert answered(served)["usage"]


def _gather(connections: list[socket.socket], told: list[bytes]) -> bool:
    for raw in connections:
        try:
            told.append(raw.recv(65536))
        except BlockingIOError:
            continue
        return True
    return False


def test_an_orderly_end_tells_the_streams(tmp_path: Path) -> None:
    made = Served(tmp_path)
    try:
        with made.connect() as raw:
            raw.sendall(http_request(CHAT, story(1900, stream=True)))
            assert raw.recv(100).startswith(b"HTTP/1.1 200")
            closer = threading.Thread(target=made.close)
            closer.start()
            told = b""
            while piece := raw.recv(65536):
                told += piece
            closer.join(60)
        assert b'"code":"api_closing"' in told or b"data: [DONE]" in told
    finally:
        if made._thread.is_alive():
            made.close()
