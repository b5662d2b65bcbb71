"""An endpoint elsewhere that misbehaves: a fault is a sentence, a cancel is at once, a key stays at home."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable

import pytest

from engine.cancellation import CancelToken
from engine.errors import RemoteError
from engine.events import GenerationFinished, JobCancelled, JobFailed, Noticed, TokenDelta
from engine.jobs.endpoints import models_offered
from engine.messages import english
from engine.remote.call import Patience
from engine.remote.keys import Keys
from engine.runtime.values import StopReason
from tests.endpoint import HEAD, Endpoint, Line, Request, models, reply
from tests.service.remote_bench import (
    ENDINGS,
    WAIT_S,
    Answer,
    Bench,
    LockedRing,
    MemoryRing,
    WaitingRing,
    wait_for,
)
from tests.service.test_remote_answers import CHUNKED, greet

LONG = 5 << 20  # bytes, more than a line may have
CANCEL_S = 5.0  # on a busy machine; without a cancel it takes minutes


def one(text: str) -> bytes:
    return f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()


def writes(*pieces: bytes) -> Callable[[Request, Line], None]:
    def answer(request: Request, line: Line) -> None:
        for piece in pieces:
            line.send(piece)

    return answer


def resets(request: Request, line: Line) -> None:
    line.send(HEAD + one("So far"))
    line.may_go_on.wait(WAIT_S)  # what was sent must be read before the reset takes it away
    line.reset()


def stalls(request: Request, line: Line) -> None:
    line.send(HEAD + one("So far"))
    line.wait_until_gone()


FAULTS: dict[str, tuple[Callable[[Request, Line], None], str]] = {
    "truncated": (writes(HEAD, one("So far")), "remote_truncated"),
    "truncated in an event": (writes(HEAD, one("So far"), b'data: {"choices": [{'), "remote_truncated"),
    "truncated in a chunk": (writes(CHUNKED, b"%x\r\n" % len(one("So far")), one("So far"), b"\r\nff\r\nda"),
                             "remote_truncated"),
    "reset": (resets, "remote_connection_lost"),
    "stalled": (stalls, "remote_timeout"),
    "an error in the stream": (writes(HEAD, one("So far"), b'data: {"error": {"message": "no memory"}}\n\n'),
                               "remote_error_in_stream"),
    "invalid JSON": (writes(HEAD, one("So far"), b"data: {nonsense}\n\n"), "remote_nonsense"),
    "no object": (writes(HEAD, one("So far"), b"data: [1, 2]\n\n"), "remote_nonsense"),
    "a huge line": (writes(HEAD, one("So far"), b"data: " + b"x" * LONG), "remote_too_large"),
    "bytes that are no text": (writes(HEAD, one("So far"), b"data: \xff\xfe\n\n"), "remote_nonsense"),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_what_had_arrived_is_kept_and_the_fault_is_a_sentence(fault: str) -> None:
    misbehave, code = FAULTS[fault]
    bench = Bench(Patience(next_s=1.0) if fault == "stalled" else Patience())
    with Endpoint(misbehave) as endpoint:
        job = bench.ask(endpoint.url)
        bench.heard.until(job, TokenDelta)
        endpoint.lines[0].may_go_on.set()
        bench.heard.until(job, ENDINGS)
    answer = Answer(bench.heard.of(job))
    assert answer.text == "So far"
    assert answer.failure.code == code
    assert not answer.all(GenerationFinished)


NO_ANSWER: dict[str, tuple[Callable[[Request, Line], None], str]] = {
    "gone before it answered": (lambda request, line: None, "remote_connection_lost"),
    "no HTTP": (writes(b"220 mail.example.org ESMTP\r\n"), "remote_nonsense"),
    "a page": (writes(reply(200, b"<html>Log in", Content_Type="text/html")), "remote_nonsense"),
    "no answer": (lambda request, line: line.wait_until_gone(), "remote_timeout"),
    "a header without end": (writes(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 200_000), "remote_nonsense"),
    "headers without end": (writes(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000), "remote_nonsense"),
    "a chunk of no size": (writes(CHUNKED, b"zz\r\n"), "remote_nonsense"),
}  # fmt: skip


@pytest.mark.parametrize("fault", NO_ANSWER)
def test_no_answer_is_a_sentence(fault: str) -> None:
    misbehave, code = NO_ANSWER[fault]
    bench = Bench(Patience(first_s=1.0) if fault == "no answer" else Patience())
    with Endpoint(misbehave) as endpoint:
        answer = bench.answer(endpoint.url)
    assert answer.failure.code == code, english(answer.failure)


STATUSES = {
    401: "remote_unauthorized",
    403: "remote_forbidden",
    404: "remote_not_found",
    400: "remote_rejected",
    429: "remote_busy",
    500: "remote_failed",
    503: "remote_busy",
}  # fmt: skip


@pytest.mark.parametrize("status", STATUSES)
def test_refusals_are_sentences_with_what_the_endpoint_says(status: int) -> None:
    body = {"error": {"message": "because\x1b[31m of\nthat"}}
    with Endpoint(writes(reply(status, body))) as endpoint:
        failure = Bench().answer(endpoint.url).failure
    assert failure.code == STATUSES[status]
    words = english(failure)
    assert str(status) in words and "127.0.0.1" in words and words.isprintable()
    assert status == 401 or "because?[31m of that" in words


def test_a_refusal_that_is_a_page_or_has_no_end_is_short() -> None:
    for body in (b"<html>" + b"x" * 1000, b"y" * (1 << 20)):
        with Endpoint(writes(reply(500, body))) as endpoint:
            failure = Bench().answer(endpoint.url).failure
        assert failure.code == "remote_failed" and len(english(failure)) < 600


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    failure = Bench().answer(f"http://127.0.0.1:{port}/v1").failure
    assert failure.code == "remote_refused"
    failure = Bench().answer("http://nobody.invalid/v1").failure
    assert failure.code == "remote_name_unknown"


def test_a_proxy_that_refuses_is_said_and_never_sees_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    with Endpoint(writes(b"HTTP/1.1 403 No\r\n\r\n")) as proxy:
        monkeypatch.setenv("https_proxy", proxy.url.removesuffix("/v1"))
        failure = with_key("https://nobody.invalid/v1").answer("https://nobody.invalid/v1").failure
        (asked,) = proxy.requests
    assert failure.code == "remote_proxy" and "HTTP 403" in english(failure)
    assert asked.method == "CONNECT" and "authorization" not in asked.headers


def test_tls_with_a_server_that_speaks_none() -> None:
    with socket.create_server(("127.0.0.1", 0)) as plain:
        port = plain.getsockname()[1]
        bench = Bench()
        job = bench.ask(f"https://127.0.0.1:{port}/v1")
        connection, _ = plain.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
            bench.heard.until(job, JobFailed)
        failure = Answer(bench.heard.of(job)).failure
    assert failure.code == "remote_connection_lost" and "TLS" in english(failure)


def drips(request: Request, line: Line) -> None:
    """A byte now and then, so that no read ever waits long."""
    line.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n")
    while True:
        line.send(b" ")
        time.sleep(0.05)


def test_a_list_of_models_that_drips_has_an_end() -> None:
    with Endpoint(drips) as endpoint:
        assert Bench(Patience(whole_s=2.0)).load(endpoint.url).failure.code == "remote_too_slow"


def test_a_list_of_models_without_end() -> None:
    body = b'{"data": [' + b'{"id": "m"},' * (3 << 20)
    with Endpoint(writes(reply(200, body))) as endpoint:
        failure = Bench().load(endpoint.url).failure
    assert failure.code == "remote_too_large"


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"data": 1}', b"<html>"])
def test_lists_of_nonsense(body: bytes) -> None:
    with Endpoint(writes(reply(200, body))) as endpoint:
        assert Bench().load(endpoint.url).failure.code == "remote_nonsense"


# cancel
def flood(request: Request, line: Line) -> None:
    line.send(HEAD)
    while True:
        line.say("word ")


def before_the_head(request: Request, line: Line) -> None:
    line.wait_until_gone()


def silent_after_some(request: Request, line: Line) -> None:
    line.send(HEAD + one("So far"))
    line.wait_until_gone()


def gone(line: Line) -> bool:
    """The client has closed its end."""
    try:
        line.socket.settimeout(WAIT_S)
        while line.socket.recv(1 << 16):
            continue
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    except OSError:  # the stand-in has seen it and closed too
        return True
    return True


@pytest.mark.parametrize("answer", [flood, before_the_head, silent_after_some])
def test_a_cancel_is_at_once_and_closes_the_connection(answer: Callable[[Request, Line], None]) -> None:
    bench = Bench()
    with Endpoint(answer) as endpoint:
        job = bench.ask(endpoint.url)
        if answer is before_the_head:
            wait_for(lambda: bool(endpoint.lines))
        else:
            bench.heard.until(job, TokenDelta)
        begun = time.monotonic()
        bench.backend.cancel(job)
        bench.heard.until(job, JobCancelled)
        line = endpoint.lines[0]
        assert gone(line)
        time.sleep(0.3)  # for what comes after an end
        events = [(at, event) for at, event in bench.heard.events if event.job == job]
        assert events[-1][0] - begun < CANCEL_S
    assert isinstance(events[-1][1], JobCancelled)
    finished = [event for _, event in events if isinstance(event, GenerationFinished)]
    assert [event.reason for event in finished] == [StopReason.CANCELLED]
    wait_for(lambda: f"remote-{job}" not in [thread.name for thread in threading.enumerate()])


def test_a_cancel_ends_a_handshake_that_hangs() -> None:
    bench = Bench()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        job = bench.ask(f"https://127.0.0.1:{silent.getsockname()[1]}/v1")
        connection, _ = silent.accept()
        with connection:
            assert connection.recv(3) == b"\x16\x03\x01"  # its side of a TLS handshake has begun
            bench.backend.cancel(job)
            bench.heard.until(job, JobCancelled)
            connection.settimeout(WAIT_S)
            while connection.recv(4096):
                continue


def test_fifty_cancels_all_end_as_cancelled() -> None:
    """A reader that the cut wakes up must not end the job as broken."""
    bench = Bench()
    with Endpoint(silent_after_some) as endpoint:
        for _ in range(50):
            job = bench.ask(endpoint.url)
            bench.heard.until(job, TokenDelta)
            bench.backend.cancel(job)
            bench.heard.until(job, JobCancelled)
            ends = [type(event).__name__ for event in bench.heard.of(job)[-2:]]
            assert ends == ["GenerationFinished", "JobCancelled"]


def test_closing_ends_what_is_under_way_and_takes_no_more() -> None:
    bench = Bench()
    with Endpoint(silent_after_some) as endpoint:
        job = bench.ask(endpoint.url)
        bench.heard.until(job, TokenDelta)
        bench.backend.close()
        bench.heard.until(job, JobCancelled)
        assert bench.answer(endpoint.url).failure.code == "remote_closed"


# keys
def with_key(url: str, key: str = "secret", bench: Bench | None = None) -> Bench:
    bench = bench or Bench()
    bench.keys.hold(url, key)
    return bench


def authorizations(endpoint: Endpoint) -> list[str | None]:
    return [request.headers.get("authorization") for request in endpoint.requests]


def test_a_key_goes_to_its_own_origin_only() -> None:
    with Endpoint(greet) as mine, Endpoint(greet) as other:
        bench = with_key(mine.url)
        bench.answer(mine.url)
        bench.answer(mine.url.replace("/v1", "/team/v1"))
        bench.answer(other.url)
    assert authorizations(mine) == ["Bearer secret"] * 2
    assert authorizations(other) == [None]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_nothing_follows_a_redirect_to_another_origin(status: int) -> None:
    with Endpoint(greet) as other, Endpoint(greet) as mine:
        for target in (other.url + "/chat/completions", mine.url.replace("http", "https") + "/x"):
            mine.answer = writes(reply(status, b"", Location=target))
            failure = with_key(mine.url).answer(mine.url).failure
            assert failure.code == "remote_redirected" and failure.values["target"] == target
            load = with_key(mine.url).load(mine.url).failure
            assert load.code == "remote_redirected"
        assert other.requests == []


def test_a_redirect_within_the_origin_is_followed_with_the_key() -> None:
    def answer(request: Request, line: Line) -> None:
        if request.path == "/v1/chat/completions":
            line.send(reply(308, b"", Location="/v2/chat"))
        else:
            greet(request, line)

    with Endpoint(answer) as endpoint:
        assert with_key(endpoint.url).answer(endpoint.url).text == "Hello!"
        asked = endpoint.requests[-1]
    assert (asked.method, asked.path) == ("POST", "/v2/chat")
    assert asked.headers["authorization"] == "Bearer secret" and asked.body["messages"]


def test_redirects_in_circles_and_of_nonsense_end() -> None:
    for location in ("/v1/chat/completions", "http://[", "//", "\x00", "gopher://h/"):
        with Endpoint(writes(reply(307, b"", Location=location))) as endpoint:
            code = Bench().answer(endpoint.url).failure.code
            assert code in ("remote_redirected", "remote_nonsense"), location
            assert len(endpoint.requests) <= 4


def test_a_key_without_tls_beyond_this_machine_is_said_before_it_is_sent() -> None:
    """0.0.0.0 is no loopback address by its name, but reaches the stand-in."""
    with Endpoint(greet) as endpoint:
        url = endpoint.url.replace("127.0.0.1", "0.0.0.0")
        bench = with_key(url)
        first, second = bench.answer(url), bench.answer(url)
        without = Bench().answer(url)
        here = with_key(endpoint.url).answer(endpoint.url)
    codes = [[note.message.code for note in answer.all(Noticed)] for answer in (first, second, without, here)]
    assert codes == [["remote_key_in_clear"], [], [], []]
    notice = next(at for at, event in enumerate(first.events) if isinstance(event, Noticed))
    assert notice < next(at for at, event in enumerate(first.events) if isinstance(event, TokenDelta))


@pytest.mark.parametrize("key", ["a\nb", "clé", "two words", "x" * 9000])
def test_what_is_no_key_is_refused(key: str) -> None:
    keys = Keys(MemoryRing())
    with pytest.raises(RemoteError) as caught:
        models_offered(keys, "http://127.0.0.1:1/v1", key, CancelToken())
    assert caught.value.message.code == "remote_key_invalid"
    assert key not in str(caught.value)


def test_a_keyring_keeps_keys_for_the_next_start() -> None:
    ring = MemoryRing()
    with Endpoint(greet) as endpoint:
        keys = Keys(ring)
        keys.hold(endpoint.url, "secret")
        assert keys.keep(endpoint.url) is None
        assert Keys(ring).get(endpoint.url).key == "secret"
        assert Bench(ring=ring).answer(endpoint.url).text == "Hello!"
        keys.forget(endpoint.url)
        Bench(ring=ring).answer(endpoint.url)
    assert authorizations(endpoint) == ["Bearer secret", None]


def refuses_without_key(request: Request, line: Line) -> None:
    if request.headers.get("authorization") == "Bearer secret":
        greet(request, line)
    else:
        line.send(reply(401, {"error": "no key"}))


def test_a_locked_keyring_is_said_and_the_key_serves_until_the_end() -> None:
    bench = Bench(ring=LockedRing())
    with Endpoint(refuses_without_key) as endpoint:
        unread = bench.answer(endpoint.url).failure
        bench.keys.hold(endpoint.url, "secret")
        warning = bench.keys.keep(endpoint.url)
        assert bench.answer(endpoint.url).text == "Hello!"
        endpoint.answer = greet
        assert Bench(ring=LockedRing()).answer(endpoint.url).text == "Hello!"  # wants no key
    assert unread.code == "remote_key_unread" and "Failed to unlock" in english(unread)
    assert warning is not None and warning.code == "remote_key_not_kept"
    assert "Failed to unlock" in english(warning)


def test_a_keyring_that_waits_for_its_owner_can_be_left() -> None:
    ring = WaitingRing()
    bench = Bench(ring=ring)
    with Endpoint(greet) as endpoint:
        job = bench.ask(endpoint.url)
        assert ring.asked.wait(WAIT_S)
        bench.backend.cancel(job)
        bench.heard.until(job, JobCancelled)
        ring.answer.set()
        wait_for(lambda: not bench.backend._running)
    assert endpoint.requests == []  # it was cancelled before it was sent


def test_a_key_is_in_no_event_and_no_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    heard: list[Answer] = []
    with Endpoint(writes(reply(401, {"error": "bad key"}))) as endpoint:
        heard.append(with_key(endpoint.url, "sEcReT").answer(endpoint.url))
        endpoint.answer = writes(models("m"))
        heard.append(with_key(endpoint.url, "sEcReT").load(endpoint.url))
    assert "sEcReT" not in repr(heard) and "sEcReT" not in caplog.text
