"""Clients of one host: attaching, leaving, misbehaving."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from engine import events
from engine.events import JobId
from engine.host.address import read_address
from engine.host.client import HostClient
from engine.host.protocol import (
    PROTOCOL,
    VERSION,
    Answer,
    CancelJob,
    EmbedTexts,
    ForgetChat,
    FromHost,
    Greet,
    LoadModel,
    Look,
    Retire,
    ToHost,
    UnloadModel,
    Welcome,
    decode_from_host,
    encode_to_host,
)
from engine.host.session import MOST_WAITING_BYTES, Session
from engine.host.sockets import connect
from engine.host.start import HostOptions, find_or_start_host, host_lock
from engine.paths import Paths
from engine.runtime.channel import Channel, ChannelClosed, channel_pair
from engine.runtime.values import EmbeddingRequest, StopReason
from engine.settings import Settings, save_settings
from engine.telemetry.history import read_answers, read_devices
from tests.models import tiny
from tests.service.host_bench import QUICK, Guest, engine_room, processes_of, wish_for
from tests.service.runtime_bench import COMMAND, PATIENCE_S, gone, question

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        yield paths


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


def knock(paths: Paths) -> Channel:
    """A connection without a greeting."""
    address = read_address(paths)
    assert address is not None
    channel = connect(address)
    assert channel is not None
    return channel


def greeted(paths: Paths, version: str = VERSION) -> tuple[Channel, Welcome]:
    channel = knock(paths)
    channel.send(encode_to_host(Greet(version, PROTOCOL)))
    welcome = heard(channel)
    assert isinstance(welcome, Welcome)
    return channel, welcome


def heard(channel: Channel) -> FromHost:
    assert channel.wait(PATIENCE_S)
    return decode_from_host(channel.receive())


def soon(look: Callable[[], object], wanted: object) -> object:
    """What is found once it is what is wanted (or of that type)."""
    began = time.monotonic()
    while (found := look()) != wanted and type(found) is not wanted:
        assert time.monotonic() - began < PATIENCE_S, found
        time.sleep(0.02)
    return found


def test_two_clients_share_one_worker_and_hear_their_own_answers_only(paths: Paths) -> None:
    one, other = Guest(paths), Guest(paths)
    first = one.loaded().facts.pid
    job = other.ask(question("Say hello.", max_tokens=8))
    assert isinstance(other.ending(job), events.JobFinished)
    assert other.text(job)
    assert other.loaded().facts.pid == first
    assert one.look().pid == other.look().pid
    assert one.look().clients == 2
    assert not [event for event in one.events if isinstance(event, events.TokenDelta)]
    states = [event for event in one.events if isinstance(event, events.RuntimeStateChanged)]
    assert {event.job for event in states[-2:]} == {JobId(0)}
    assert states[-1].model == wish_for().model.path
    one.client.close()
    other.client.close()


def test_figures_of_a_model_add_up(paths: Paths, models: Path) -> None:
    guest, wish = Guest(paths), wish_for(tiny(models))
    jobs = [guest.ask(question("Count.", max_tokens=5), wish) for _ in range(3)]
    stats = [guest.first(job, events.GenerationFinished).stats for job in jobs]
    for job in jobs:
        guest.ending(job)
    (model,) = guest.look().models
    assert model.answers == 3
    assert model.generated_tokens == sum(one.generated_tokens for one in stats) == 15
    assert model.prompt_tokens == sum(one.prompt_tokens for one in stats)
    assert (model.answering, model.waiting, model.crashes) == (0, 0, 0)
    assert model.facts is not None and model.request.n_sequences == 4
    guest.client.close()


def test_a_history_is_kept_of_answers_and_of_the_machine(paths: Paths, models: Path) -> None:
    wish, told = wish_for(tiny(models)), []
    for look_s in (5.5, 11, 33):  # the machine is looked at every five seconds, a busy one later
        guest = Guest(paths)
        job = guest.ask(question("Hello.", max_tokens=5), wish)
        told.append(guest.first(job, events.GenerationFinished).stats)
        assert isinstance(guest.ending(job), events.JobFinished)
        host = guest.look().pid
        time.sleep(look_s)
        guest.client.close()
        assert gone(host)
        if memories := [row for row in read_devices(paths.history, 0) if row.device == "RAM"]:
            break
    answers = read_answers(paths.history, 0)
    assert [answer.generation_tps for answer in answers] == [stats.generation_tps for stats in told]
    assert (answers[0].model, answers[0].generated_tokens) == (wish.model.name, 5)
    assert answers[0].first_token_s > 0
    assert 0 < memories[0].model_bytes < memories[0].used_bytes < memories[0].total_bytes


def test_a_history_is_not_kept_when_its_user_does_not_want_it(paths: Paths, models: Path) -> None:
    save_settings(paths.settings, Settings(keep_history=False))
    guest = Guest(paths)
    guest.ending(guest.ask(question("Hello.", max_tokens=2), wish_for(tiny(models))))
    host = guest.look().pid
    guest.client.close()
    assert gone(host)
    assert not paths.history.exists()


def test_cancelling_one_leaves_the_others(paths: Paths, models: Path) -> None:
    one, other, wish = Guest(paths), Guest(paths), wish_for(tiny(models), 4096)
    endless = one.ask(question("Go on.", max_tokens=4000), wish)
    kept = other.ask(question("Go on.", max_tokens=100), wish)
    one.first(endless, events.TokenDelta)
    one.client.cancel(endless)
    assert isinstance(one.ending(endless), events.JobCancelled)
    assert one.first(endless, events.GenerationFinished).reason is StopReason.CANCELLED
    count = len(one.of(endless, events.TokenDelta))
    assert isinstance(other.ending(kept), events.JobFinished)
    assert len(one.of(endless, events.TokenDelta)) == count
    one.client.close()
    other.client.close()


def test_what_a_client_asked_for_ends_with_it(paths: Paths, models: Path) -> None:
    watcher, wish = Guest(paths), wish_for(tiny(models), 4096)
    watcher.loaded(wish)
    leaver = Guest(paths)
    job = leaver.ask(question("Go on.", max_tokens=4000), wish)
    leaver.first(job, events.TokenDelta)
    assert watcher.look().models[0].answering == 1
    leaver.client.close()
    soon(lambda: watcher.look().models[0].answering, 0)
    assert isinstance(leaver.ending(job), events.JobCancelled)
    soon(lambda: watcher.look().clients, 1)
    watcher.client.close()


def test_the_host_ends_by_itself_and_leaves_nothing(paths: Paths, models: Path) -> None:
    guest = Guest(paths)
    worker = guest.loaded(wish_for(tiny(models))).facts.pid
    host = guest.look().pid
    assert processes_of(paths)
    guest.client.close()
    assert gone(host) and gone(worker)
    assert not list((paths.state / "engine").iterdir())
    assert not (paths.state / "engine.json").exists()


def test_a_client_that_comes_while_it_lingers_finds_the_model(paths: Paths, models: Path) -> None:
    options = replace(QUICK, linger_s=20)
    first = Guest(paths, options)
    pid = first.loaded(wish_for(tiny(models))).facts.pid
    first.client.close()
    second = Guest(paths, options)
    assert second.loaded(wish_for(tiny(models))).facts.pid == pid
    second.client.close()


def test_asked_to_end_it_ends_in_order(paths: Paths, models: Path) -> None:
    guest = Guest(paths, replace(QUICK, linger_s=20))
    wish = wish_for(tiny(models), 4096)
    job = guest.ask(question("Go on.", max_tokens=4000), wish)
    guest.first(job, events.TokenDelta)
    host, worker = guest.look().pid, guest.look().models[0].facts
    os.kill(host, signal.SIGTERM)
    assert not isinstance(guest.ending(job), events.JobFinished)
    assert worker is not None and gone(host) and gone(worker.pid)
    assert isinstance(guest.ending(guest.load(wish)), events.JobFinished)  # a new host
    assert guest.look().pid != host
    guest.client.close()


def test_a_host_that_is_killed_fails_its_jobs_at_once_and_is_started_anew(paths: Paths, models: Path) -> None:
    guest, wish = Guest(paths), wish_for(tiny(models), 4096)
    worker = guest.loaded(wish).facts.pid
    job = guest.ask(question("Go on.", max_tokens=4000), wish)
    guest.first(job, events.TokenDelta)
    host = guest.look().pid
    os.kill(host, signal.SIGKILL)
    ending = guest.ending(job)
    assert isinstance(ending, events.JobFailed) and ending.message.code == "host_lost"
    assert gone(worker)
    guest.wait_until(lambda: any(_crashed(event) for event in guest.events))
    again = guest.ask(question("Hello.", max_tokens=3), wish)
    assert isinstance(guest.ending(again), events.JobFinished)
    assert guest.look().pid != host
    guest.client.close()


def _crashed(event: object) -> bool:
    return isinstance(event, events.RuntimeStateChanged) and event.state == "crashed" and event.job == 0


RACER = """
import sys
from pathlib import Path
from tests.service.host_bench import Guest, HostOptions, paths_in
guest = Guest(paths_in(Path(sys.argv[1])), HostOptions(linger_s=float(sys.argv[2]), park_bytes=0))
print(guest.look().pid, flush=True)
sys.stdin.read()
guest.client.close()
"""


def test_eight_programs_that_start_at_once_get_one_host(paths: Paths) -> None:
    words = [sys.executable, "-c", RACER, str(paths.state.parent), "0.3"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    racers = [subprocess.Popen(words, cwd=ROOT, **pipes) for _ in range(8)]  # type: ignore[call-overload]
    try:
        pids = {racer.stdout.readline() for racer in racers}
        assert len(pids) == 1 and pids != {b""}
        soon(lambda: len(processes_of(paths)), 1)
    finally:
        for racer in racers:
            racer.communicate()
    assert gone(int(pids.pop()))


def test_whoever_starts_the_host_shares_nothing_with_it(paths: Paths) -> None:
    """A job runner waits until nobody holds its pipes; the host must not be the one that does."""
    words = [sys.executable, "-c", RACER, str(paths.state.parent), "5"]  # it is looked at after that
    options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    out = subprocess.run(words, cwd=ROOT, timeout=200, check=True, **options).stdout  # type: ignore[call-overload]
    host = psutil.Process(int(out))
    assert os.getsid(host.pid) == host.pid
    assert gone(host.pid)


def test_a_host_of_another_version_makes_room_when_it_is_not_needed(paths: Paths, tmp_path: Path) -> None:
    entry = tmp_path / "old.py"
    lines = [
        "import sys",
        f"sys.path.insert(0, {str(ROOT)!r})",
        "import engine",
        "engine.__version__ = '0.0.9'",
        "from tests.worker_entry import main",
        "raise SystemExit(main(sys.argv[1:]))",
    ]
    entry.write_text("\n".join(lines))
    old = find_or_start_host((sys.executable, str(entry)), paths, replace(QUICK, linger_s=60), lambda: False)
    old.send(encode_to_host(Greet("0.0.9", PROTOCOL)))
    welcome = heard(old)
    assert isinstance(welcome, Welcome) and welcome.version == "0.0.9"
    guest = Guest(paths)
    refused = guest.load()
    ending = guest.ending(refused)
    assert isinstance(ending, events.JobFailed) and ending.message.code == "host_other_version"
    old.close()
    ending = soon(lambda: guest.ending(guest.load(wish_for(tiny(tmp_path)))), events.JobFinished)
    assert isinstance(ending, events.JobFinished)
    assert guest.look().version == VERSION
    assert gone(welcome.pid)
    guest.client.close()


def test_a_client_of_another_version_cannot_command(paths: Paths) -> None:
    guest = Guest(paths)
    guest.look()
    stranger, welcome = greeted(paths, "9.9.9")
    assert (welcome.version, welcome.clients) == (VERSION, 2)
    stranger.send(encode_to_host(Retire()))  # refused: another client is there
    stranger.send(encode_to_host(Look(JobId(1))))
    with pytest.raises(ChannelClosed):
        heard(stranger)
    soon(lambda: guest.look().clients, 1)
    guest.client.close()


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\xff\xff\xff\xff\xff\xff\xff\xff",
        (2**31 - 1).to_bytes(4, "big") + b"x",
        (3).to_bytes(4, "big") + b"{}}",
        (2).to_bytes(4, "big") + b"[]",
        (19).to_bytes(4, "big") + b'{"type":"Retire"}  ',
    ],
)
def test_garbage_drops_only_whoever_sent_it(paths: Paths, garbage: bytes) -> None:
    guest = Guest(paths)
    guest.look()
    stranger = knock(paths)
    with socket.socket(fileno=os.dup(stranger.handle())) as line:
        line.sendall(garbage)
        line.shutdown(socket.SHUT_WR)
    with pytest.raises(ChannelClosed):
        heard(stranger)
    greeting, _ = greeted(paths)
    greeting.send(b'{"type":"Answer","job":1}')
    with pytest.raises(ChannelClosed):
        heard(greeting)
    soon(lambda: guest.look().clients, 1)
    guest.client.close()


COMMANDS: list[ToHost] = [
    LoadModel(JobId(1), wish_for()),
    Answer(JobId(2), question("Hello.", max_tokens=2), wish_for()),
    EmbedTexts(JobId(3), EmbeddingRequest(("a",)), wish_for()),
    UnloadModel(JobId(4), ""),
    ForgetChat(JobId(5), "chat"),
    CancelJob(JobId(6)),
]


def test_commands_with_a_wrong_field_drop_only_whoever_sent_them(paths: Paths) -> None:
    guest = Guest(paths)
    host = guest.look().pid
    for command in COMMANDS:
        fields = json.loads(encode_to_host(command))
        for name in set(fields) - {"type"}:
            for wrong in (None, True, -1, 1e300, [], {}, [[]], {"x": 1}):
                if type(wrong) is type(fields[name]) and name != "wish":
                    continue
                channel, _ = greeted(paths)
                channel.send(json.dumps(fields | {name: wrong}).encode())
                with pytest.raises(ChannelClosed):
                    while True:
                        heard(channel)
                channel.close()
    assert guest.look().pid == host
    soon(lambda: guest.look().clients, 1)
    guest.client.close()


def test_a_client_that_does_not_read_is_dropped_and_delays_nobody() -> None:
    ours, theirs = channel_pair()
    ended: list[Session] = []
    session = Session(ours, lambda *_: None, ended.append)
    session.start()
    theirs.send(encode_to_host(Greet(VERSION, PROTOCOL)))
    piece = events.TokenDelta(JobId(1), "x" * (1 << 20), False, 1)
    longest = 0.0
    for _ in range(2 + MOST_WAITING_BYTES >> 20):
        began = time.monotonic()
        session.send(piece)
        longest = max(longest, time.monotonic() - began)
    for _ in range(3):
        session.send(piece)
    soon(lambda: len(ended), 1)
    assert longest < 20  # a wait would have lasted for ever
    theirs.close()


def test_sixty_four_clients_at_once(paths: Paths, models: Path) -> None:
    wish = wish_for(tiny(models))
    guests = [Guest(paths) for _ in range(64)]
    jobs = [(guest, guest.ask(question(f"I am {n}.", max_tokens=3), wish)) for n, guest in enumerate(guests)]
    for guest, job in jobs:
        ending = guest.ending(job)
        assert isinstance(ending, events.JobFinished), ending
        assert guest.text(job)
    status = guests[0].look()
    assert status.clients == 64
    assert [model.answers for model in status.models] == [64]
    for guest in guests:
        guest.client.close()
    assert gone(status.pid)


def test_requests_that_are_no_requests_fail_with_a_sentence(paths: Paths, tmp_path: Path) -> None:
    guest = Guest(paths)
    missing = guest.load(wish_for(tmp_path / "missing.gguf"))
    ending = guest.ending(missing)
    assert isinstance(ending, events.JobFailed) and "missing.gguf" in str(ending.message.values)
    (tmp_path / "text.gguf").write_text("this is no model")
    ending = guest.ending(guest.load(wish_for(tmp_path / "text.gguf")))
    assert isinstance(ending, events.JobFailed)
    assert guest.look().models == ()
    guest.client.close()
    late = guest.load()
    assert isinstance(guest.ending(late), events.JobFailed)


def test_without_a_host_a_client_says_why(paths: Paths, tmp_path: Path) -> None:
    found: list[events.Event] = []
    client = HostClient((str(tmp_path / "no_such_program"),), found.append, paths)
    client.look(JobId(5))
    broken = HostClient(
        (sys.executable, "-c", "raise SystemExit('error: no sockets here')"), found.append, paths
    )
    broken.look(JobId(6))
    soon(lambda: len(found), 2)
    assert all(isinstance(event, events.JobFailed) for event in found)
    assert {event.message.code for event in found} == {"host_not_started"}  # type: ignore[attr-defined]
    assert any("no sockets here" in str(event.message.values) for event in found)  # type: ignore[attr-defined]
    client.close()
    broken.close()


def test_a_second_host_for_the_same_folders_ends_at_once(paths: Paths) -> None:
    guest = Guest(paths)
    guest.look()
    assert host_lock(paths).exists()
    folders = [str(paths.data), str(paths.config), str(paths.state)]
    words = [*COMMAND, "_engine", *folders, json.dumps({"linger_s": 0.3})]
    assert subprocess.run(words, timeout=200, check=False).returncode == 0
    assert guest.look().clients == 1
    assert subprocess.run([*COMMAND, "_engine", "nonsense"], capture_output=True, check=False).returncode == 2
    guest.client.close()


def test_a_state_folder_with_a_long_path_works(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMPDIR", str(paths.state.parent))  # of the host, which falls back to it
    with engine_room(tmp_path / ("long" * 20) / ("longer" * 10)) as long:
        guest = Guest(long, HostOptions(linger_s=0.2))
        status = guest.look()
        address = read_address(long)
        assert address is not None and len(address.text) <= 100
        guest.client.close()
        assert gone(status.pid)
        assert not Path(address.text).exists()
