"""Devices of other machines: added with a key, reached through an encrypted connection, lost and missed."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import stat
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import events
from engine.cancellation import CancelToken
from engine.errors import LoadError, UsageError
from engine.hardware.check import quick_report
from engine.hardware.nodes import node_device
from engine.hardware.report_json import save_report
from engine.host.nodes import KeptNode, add_node, kept_nodes, remove_node, write_nodes
from engine.host.surroundings import report_path
from engine.jobs.benching import BenchWish, bench
from engine.jobs.tuning import tune
from engine.messages import Sentence
from engine.paths import Paths
from engine.runtime.build import engine_build
from engine.runtime.door import Door
from engine.runtime.endings import describe_standstill
from engine.runtime.node_calls import DEVICE, ask_node, call_node, parse_address
from engine.runtime.node_words import PROTOCOL, Answer, NodeDevice, receive_knock, send_line
from engine.runtime.pairing import NODE, new_key, tls_of
from engine.runtime.values import RuntimeState
from tests.free_port import free_port
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.lending_bench import Lender, lenders
from tests.service.runtime_bench import COMMAND, GREEDY, installed, question, starter
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture
MIB = 1 << 20
MARGIN = 512 * MIB  # of a device's memory, that the planner leaves alone


@pytest.fixture(scope="module")
def lender(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lender]:
    with lenders(tmp_path_factory.mktemp("lending")) as (one,):
        yield one


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        save_report(report_path(paths), replace(quick_report([paths.models]), gpus=()))
        yield paths


def taken(paths: Paths, *nodes: Lender, megabytes: int) -> None:
    """As they would be added, small and so fast that the planner fills them."""
    kept = [
        KeptNode(
            node.address,
            node.key,
            free_port() % 400 + 47_340,
            (NodeDevice("a fast one", MARGIN + megabytes * MIB, 900e9),),
            1e-5,
            1e9,
            time.time(),
        )
        for node in nodes
    ]
    write_nodes(paths, tuple(replace(node, port=kept[0].port + number) for number, node in enumerate(kept)))


# adding
def test_a_machine_is_added_listed_and_removed(environment: dict[str, str], lender: Lender) -> None:
    added = records(
        deskside(environment, "nodes", "add", lender.address, "--key", lender.key, "--json").stdout
    )
    assert added[-1]["event"] == "node_added"
    assert added[-1]["devices"] == lender.devices
    assert 0 < added[-1]["round_trip_s"] < 10
    assert added[-1]["bytes_per_second"] > 1e4
    again = deskside(environment, "nodes", "add", lender.address, "--key", lender.key, "--json")
    assert records(again.stdout)[-1]["code"] == "node_known"
    kept = Path(environment["XDG_CONFIG_HOME"]) / "deskside" / "nodes.jsonl"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    listed = deskside(environment, "nodes", "--json").stdout
    assert lender.key not in listed
    assert [node["address"] for node in records(listed)[-1]["nodes"]] == [lender.address]
    removed = deskside(environment, "nodes", "remove", lender.address, "--json")
    assert records(removed.stdout)[-1]["event"] == "node_removed"
    assert records(deskside(environment, "nodes", "--json").stdout)[-1]["nodes"] == []
    assert deskside(environment, "nodes", "remove", lender.address).returncode != 0


def test_a_lender_keeps_its_key_until_it_is_told_otherwise(tmp_path: Path) -> None:
    first = Lender(tmp_path)
    first.kill()
    second = Lender(tmp_path)
    second.kill()
    assert first.key == second.key
    file = tmp_path / "config" / "deskside" / "worker-key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("address", ["", "nowhere", "host:", "host:0", "host:99999", "a b:1", "[::1]", ":7"])
def test_addresses_are_checked(address: str) -> None:
    with pytest.raises(UsageError):
        parse_address(address)


def test_addresses_of_both_kinds_are_read() -> None:
    assert parse_address("[::1]:7341") == ("::1", 7341)
    assert parse_address("box.lan:7341") == ("box.lan", 7341)


# what may go wrong
def refusal(ask: Callable[[], object]) -> str:
    with pytest.raises((LoadError, UsageError)) as failed:
        ask()
    return failed.value.message.code


def test_who_has_not_got_the_key_learns_nothing(lender: Lender) -> None:
    assert refusal(lambda: ask_node(lender.address, new_key())) == "node_wrong_key"
    assert lender.next_event() == {"event": "refused", "address": "127.0.0.1"}
    assert refusal(lambda: ask_node(lender.address, "ABC")) == "node_key_malformed"
    # A guest's own certificate opens no door to a guest.
    with _listening(lambda plain: _as_guest(plain, lender.key)) as address:
        assert refusal(lambda: ask_node(address, lender.key)) in ("node_wrong_key", "node_talks_nonsense")
    assert ask_node(lender.address, lender.key)


def _as_guest(plain: socket.socket, key: str) -> None:
    """A server that plays a guest's certificate back."""
    from engine.runtime.pairing import GUEST, _show, key_bytes

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _show(context, key_bytes(key), GUEST)
    with contextlib.suppress(OSError), context.wrap_socket(plain, server_side=True) as secured:
        secured.recv(1)


@contextlib.contextmanager
def _listening(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """Whatever listens there, for one caller."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as listener:

        def accept() -> None:
            with contextlib.suppress(OSError):
                plain, _ = listener.accept()
                plain.settimeout(60)
                with contextlib.closing(plain):
                    serve(plain)

        threading.Thread(target=accept, daemon=True).start()
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def _secured(key: str, say: Callable[[ssl.SSLSocket], None]) -> Callable[[socket.socket], None]:
    """A node that proves itself, and then says something else."""

    def serve(plain: socket.socket) -> None:
        with contextlib.suppress(OSError), tls_of(key, NODE).wrap_socket(plain, server_side=True) as secured:
            receive_knock(secured)
            say(secured)

    return serve


def _line(**changes: object) -> Callable[[ssl.SSLSocket], None]:
    def say(secured: ssl.SSLSocket) -> None:
        answer = Answer(PROTOCOL, "another build", "", ())
        send_line(secured, replace(answer, **changes))  # type: ignore[arg-type]

    return say


def _raw(data: bytes) -> Callable[[ssl.SSLSocket], None]:
    return lambda secured: secured.sendall(data)


LIES = {
    "another build": (_line(), "node_other_build"),
    "another protocol": (_line(protocol=2), "node_other_build"),
    "no JSON": (_raw(b"hello\n"), "node_talks_nonsense"),
    "no end": (_raw(b"x" * 100_000), "node_talks_nonsense"),
    "hangs up": (_raw(b""), "node_talks_nonsense"),
    "too much memory": (_line(devices=(NodeDevice("x", 1 << 60, 1.0),)), "node_talks_nonsense"),
    "a strange name": (_line(devices=(NodeDevice("\x1b[2J", 1, 1.0),)), "node_talks_nonsense"),
    "too many devices": (_line(devices=(NodeDevice("x", 1, 1.0),) * 100), "node_talks_nonsense"),
    "stalls": (lambda secured: secured.recv(1), "node_stalls"),
}


@pytest.mark.parametrize("kind", LIES)
def test_a_node_that_lies_or_stalls_is_told_of(kind: str) -> None:
    key = new_key()
    say, code = LIES[kind]
    with _listening(_secured(key, say)) as address:
        assert refusal(lambda: ask_node(address, key, 1.0 if kind == "stalls" else 30.0)) == code


def test_a_machine_that_falls_silent_is_named(tmp_path: Path) -> None:
    """Its connection stands, and nothing comes any more: halted, or computing for ever."""
    key, goes_on = new_key(), threading.Event()

    def serve(secured: ssl.SSLSocket) -> None:
        send_line(secured, Answer(PROTOCOL, engine_build(), "", ()))
        secured.recv(1)
        goes_on.wait(60)
        secured.sendall(b"y")
        secured.recv(1)

    with _listening(_secured(key, serve)) as address:
        port = free_port()
        door = Door(address, key, port)
        with contextlib.closing(door), socket.create_connection(("127.0.0.1", port), 60) as worker:
            devices = [node_device(f"127.0.0.1:{port}")]

            def said() -> Sentence:
                return describe_standstill("a model", tmp_path / "log", devices, 0.0)

            assert said().code == "worker_stuck"
            worker.sendall(b"x")
            until(lambda: said().code == "worker_lost_device")
            assert said().values["device"] == address
            goes_on.set()
            assert worker.recv(1) == b"y"
            until(lambda: said().code == "worker_stuck")


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_other_servers_are_told_of() -> None:
    key = new_key()
    with _listening(lambda plain: plain.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 9)) as address:
        assert refusal(lambda: ask_node(address, key, 30.0)) == "node_talks_nonsense"
    with _listening(lambda plain: time.sleep(2)) as address:
        assert refusal(lambda: ask_node(address, key, 0.5)) == "node_stalls"
    assert refusal(lambda: ask_node(f"127.0.0.1:{free_port()}", key)) == "node_unreachable"


def test_strangers_at_its_port_do_not_harm_a_lender(lender: Lender) -> None:
    place = parse_address(lender.address)
    silent = [socket.create_connection(place) for _ in range(8)]
    for data in (b"", b"GET / HTTP/1.1\r\n\r\n", bytes(range(256)) * 64):
        with socket.create_connection(place) as stranger, contextlib.suppress(OSError):
            stranger.sendall(data)
    assert ask_node(lender.address, lender.key)
    for one in silent:
        one.close()


def test_one_guest_computes_at_a_time(lender: Lender) -> None:
    first, _ = call_node(lender.address, lender.key, DEVICE)
    assert refusal(lambda: call_node(lender.address, lender.key, DEVICE)) == "node_busy"
    assert ask_node(lender.address, lender.key)
    first.close()
    second, _ = call_node(lender.address, lender.key, DEVICE)
    second.close()


def test_a_damaged_book_of_nodes_costs_its_damaged_lines(paths: Paths, lender: Lender) -> None:
    add_node(paths, lender.address, lender.key)
    file = paths.config / "nodes.jsonl"
    stray = json.loads(file.read_bytes())
    lines = [b"{", json.dumps(stray | {"port": 22}).encode(), json.dumps(stray | {"address": "x"}).encode()]
    file.write_bytes(b"\n".join([*lines, file.read_bytes()]))
    assert [node.address for node in kept_nodes(paths)] == [lender.address]
    remove_node(paths, lender.address)
    assert kept_nodes(paths) == ()


# computing there
def test_two_machines_give_the_answer_of_one(tmp_path: Path) -> None:
    asked = question("What is the capital of France?", max_tokens=10, sampling=GREEDY)
    told = []
    with lenders(tmp_path, 2) as machines:
        for count, megabytes in ((1, 400), (2, 100)):
            with engine_room() as paths:
                save_report(report_path(paths), replace(quick_report([paths.models]), gpus=()))
                taken(paths, *machines[:count], megabytes=megabytes)
                guest = Guest(paths)
                guest.loaded(wish_for(n_sequences=1))
                (model,) = guest.look().models
                assert len(model.request.devices) == count
                assert sum(entry.layers for entry in model.request.devices) == 31
                job = guest.ask(asked)
                assert isinstance(guest.ending(job), events.JobFinished)
                told.append(guest.text(job))
                guest.client.close()
    assert told[0] == told[1] != ""


def test_a_machine_that_dies_costs_a_reload(paths: Paths, tmp_path: Path) -> None:
    with lenders(tmp_path) as (lender,):
        taken(paths, lender, megabytes=110)
        guest = Guest(paths)
        guest.loaded(wish_for(n_sequences=1))
        assert guest.look().models[0].request.devices
        job = guest.ask(question("Tell a long story.", max_tokens=900, sampling=GREEDY))
        guest.first(job, events.TokenDelta)
        lender.kill()
        ending = guest.ending(job)
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == "worker_lost_device"
        assert ending.message.values["device"] == lender.address
        again = guest.ask(question("Count to three.", max_tokens=8))
        assert isinstance(guest.ending(again), events.JobFinished)
        (model,) = guest.look().models
        assert model.state is RuntimeState.READY
        assert model.request.devices == ()
        guest.client.close()


def test_a_machine_that_is_off_is_left_out(paths: Paths, tmp_path: Path) -> None:
    with lenders(tmp_path) as (lender,):
        taken(paths, lender, megabytes=110)
    guest = Guest(paths)
    guest.loaded()
    assert guest.look().models[0].request.devices == ()
    guest.client.close()


def test_a_model_is_tuned_and_measured_with_other_machines(paths: Paths, tmp_path: Path) -> None:
    """Its layers lie there while it is measured, as they would in a load."""
    model = installed(starter())
    with lenders(tmp_path) as (lender,):
        taken(paths, lender, megabytes=400)
        found = tune(paths, COMMAND, model, 20, lambda step: None, CancelToken()).found
        assert sum(entry.layers for entry in found.default.devices) == 31
        report = quick_report([paths.models])
        result = bench(paths, COMMAND, report, BenchWish(model, 32, 8), lambda step: None, CancelToken())
        assert sum(layers for _, layers in result.plan.devices) == 31
        assert result.measured.generated_tokens == 8


def test_what_the_engine_may_compute_on_is_not_measured_beside_it(paths: Paths, tmp_path: Path) -> None:
    with lenders(tmp_path) as (lender,):
        taken(paths, lender, megabytes=400)
        guest = Guest(paths)
        guest.loaded(wish_for(n_sequences=1))

        def tuned() -> object:
            return tune(paths, COMMAND, installed(starter()), 20, lambda step: None, CancelToken())

        assert refusal(tuned) == "node_busy"
        guest.client.close()


def test_a_machine_that_somebody_else_computes_on_is_left_out(paths: Paths, tmp_path: Path) -> None:
    """It answers, so that it is planned with; what it says when the load begins costs its layers only."""
    with lenders(tmp_path) as (lender,):
        taken(paths, lender, megabytes=110)
        other, _ = call_node(lender.address, lender.key, DEVICE)
        guest = Guest(paths)
        job = guest.load(wish_for(n_sequences=1))
        assert isinstance(guest.ending(job), events.JobFinished)
        assert guest.look().models[0].request.devices == ()
        noticed = [event.message for event in guest.of(job, events.Noticed)]
        (said,) = [message for message in noticed if message.code == "host_without"]
        assert said.values["device"] == lender.address
        guest.client.close()
        other.close()
