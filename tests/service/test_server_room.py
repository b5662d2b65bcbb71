"""Crowds of requests that are large, or wait: refused in so many words, and memory stays bounded."""

from __future__ import annotations

import json
import os
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from engine.runtime import pulse
from engine.server.bodies import LARGEST_BODY, LARGEST_TOGETHER, MOST_VALUES
from engine.server.refusals import RequestError
from engine.server.room import MOST_ANSWERS, MOST_EMBEDDINGS, MOST_HELD, MOST_MODELS, Claim, Room
from tests.models import tiny
from tests.service.server_bench import Served, http_request, read_response, until

CHAT = "/v1/chat/completions"
HELLO = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    made = Served(folder, models=[tiny(folder, "bert")])
    yield made
    made.close()


def asked(served: Served, request: bytes) -> tuple[int, dict[str, str], bytes]:
    with served.connect() as raw:
        raw.sendall(request)
        return read_response(raw)


@contextmanager
def halted(served: Served) -> Iterator[None]:
    """The worker stands still, so that everything waits: here for longer than one that hangs may."""
    assert served.backend.pid is not None
    process = psutil.Process(served.backend.pid)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pulse, "HALTED_S", 600.0)
        process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            process.send_signal(signal.SIGCONT)


def waiting(served: Served, requests: list[bytes]) -> list[socket.socket]:
    """A connection for each, all of them waiting for their answer."""
    found: list[socket.socket] = []
    for request in requests:
        before = len(served.api.requests)
        found.append(served.connect())
        found[-1].sendall(request)
        assert until(lambda before=before: len(served.api.requests) > before)  # type: ignore[misc]
    return found


def refused(served: Served, request: bytes, status: int, code: str) -> None:
    found, headers, body = asked(served, request)
    assert (found, json.loads(body)["error"]["code"]) == (status, code)
    assert headers["retry-after"] == "5"


def test_64_clients_with_large_bodies_take_bounded_memory(served: Served) -> None:
    # Refused once they are read and parsed, so that no engine is troubled.
    head, tail = b'{"temperature": 9, "messages": [{"role": "user", "content": "', b'"}]}'
    body = head + b"x" * (LARGEST_BODY - len(head) - len(tail)) + tail
    request = (
        b"POST %b HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (CHAT.encode(), len(body))
        + body
    )
    ends: list[int] = []

    def send() -> None:
        with served.connect() as raw:
            with suppress(OSError):  # refused before the end
                raw.sendall(request)
            try:
                ends.append(read_response(raw)[0])
            except (OSError, IndexError):
                ends.append(0)  # what was not read of it had the connection reset

    process, most = psutil.Process(), 0
    before = process.memory_info().rss
    threads = [threading.Thread(target=send) for _ in range(64)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        most = max(most, process.memory_info().rss - before)
        time.sleep(0.01)
    assert len(ends) == 64
    counts = Counter(ends)
    assert counts[400] and counts[503], counts  # some were read to their end, and the others sent away
    assert set(counts) <= {400, 503, 0}
    # Here 210 MB: what is held, and two bodies that are being parsed; all together they are 1 GB.
    assert most < 5 * LARGEST_TOGETHER, most
    assert asked(served, http_request(CHAT, {"messages": HELLO, "max_tokens": 2}))[0] == 200


def test_a_body_of_very_many_values_is_refused_and_one_of_long_texts_is_not(served: Served) -> None:
    process = psutil.Process()
    before = process.memory_info().rss
    status, _, body = asked(served, http_request(CHAT, {"messages": HELLO, "x": [[]] * (MOST_VALUES + 1)}))
    assert (status, json.loads(body)["error"]["code"]) == (413, "api_body_values")
    assert process.memory_info().rss - before < 100 * 1024 * 1024
    text = '[{,"\\' * MOST_VALUES
    messages = [{"role": "user", "content": "Hello"}]
    status, _, body = asked(served, http_request(CHAT, {"messages": messages, "max_tokens": 2, "user": text}))
    assert status == 200, body


def test_embeddings_that_wait_are_limited(served: Served) -> None:
    model = next(name for name in _models(served) if "bert" in name)
    request = http_request("/v1/embeddings", {"model": model, "input": ["a cat"]})
    assert asked(served, request)[0] == 200
    with halted(served):
        connections = waiting(served, [request] * MOST_EMBEDDINGS)
        refused(served, request, 429, "api_embeddings_full")
    for raw in connections:
        assert read_response(raw)[0] == 200
        raw.close()
    assert asked(served, request)[0] == 200


def test_answers_that_wait_for_a_load_are_limited(served: Served) -> None:
    def several(count: int) -> bytes:
        return http_request(CHAT, {"messages": HELLO, "max_tokens": 1, "n": count})

    assert asked(served, several(1))[0] == 200
    with halted(served):
        connections = waiting(served, [several(16)] * (MOST_ANSWERS // 16))
        refused(served, several(1), 429, "api_answers_full")
        streamed = http_request(CHAT, {"messages": HELLO, "max_tokens": 1, "stream": True})
        refused(served, streamed, 429, "api_answers_full")
        for raw in connections:
            raw.close()
    assert until(lambda: len(served.api.requests) == 0)
    assert asked(served, several(1))[0] == 200


def _models(served: Served) -> list[str]:
    return [model["id"] for model in json.loads(asked(served, http_request("/v1/models"))[2])["data"]]


def test_models_and_bytes_are_limited_together() -> None:
    room = Room()
    inside = [room.taken(Claim(1, 10, (f"/m/{number}", False))) for number in range(MOST_MODELS)]
    for each in inside:
        each.__enter__()
    with pytest.raises(RequestError) as caught, room.taken(Claim(1, 10, ("/m/0", True))):
        pass
    assert (caught.value.status, caught.value.message.code) == (429, "api_models_full")
    with pytest.raises(RequestError) as caught, room.taken(Claim(1, MOST_HELD, ("/m/0", False))):
        pass
    assert (caught.value.status, caught.value.message.code) == (503, "api_busy")
    inside.pop().__exit__(None, None, None)
    with room.taken(Claim(1, 10, ("/m/0", True))):
        pass
    for each in inside:
        each.__exit__(None, None, None)
    with room.taken(Claim(MOST_ANSWERS, MOST_HELD + 1, ("/m/9", False))):  # one alone is never too large
        pass


def test_the_end_of_a_request_gives_its_room_back() -> None:
    room = Room()
    for _ in range(3 * MOST_ANSWERS):
        with pytest.raises(OSError), room.taken(Claim(1, 1, ("/m", False))):
            raise OSError(os.strerror(1))
    assert (room._answers, room._held, dict(room._models)) == (0, 0, {})
