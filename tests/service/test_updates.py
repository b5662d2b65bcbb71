"""New versions from end to end: a real server that tells of one, and misbehaves in every way it can."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import platform
import queue
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine import __version__
from engine.cancellation import CancelToken
from engine.errors import Cancelled, DesksideError
from engine.events import Event, JobFailed, JobFinished, UpdateSeen
from engine.jobs import updates as module
from engine.jobs.local_desk import LocalDesk
from engine.jobs.updates import EVERY_S, Updates
from engine.paths import Paths, prepare
from engine.settings import Settings
from tests.endpoint import Endpoint, Line, Request, reply
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.generate()
INSTALLER = os.urandom(3 << 20)
FILE = "deskside_9.0.0_amd64.deb"


def listing(
    version: str = "9.0.0", made: int = 100, key: Ed25519PrivateKey = KEY, kind: str = "deb", **values: object
) -> bytes:
    installer = {
        "kind": kind,
        "system": sys.platform,
        "machine": platform.machine().lower(),
        "file": FILE,
        "size": len(INSTALLER),
        "sha256": hashlib.sha256(INSTALLER).hexdigest(),
        **values,
    }
    release = {"version": version, "notes": "- Faster.", "installers": [installer]}
    body = json.dumps({"made": made, "releases": [release]}).encode()
    return base64.b64encode(key.sign(body)) + b"\n" + body


class Publisher:
    """A server with a list and an installer beside it."""

    def __init__(self) -> None:
        self.list: bytes = listing()
        self.installer = INSTALLER

    def __call__(self, request: Request, line: Line) -> None:
        if request.path.endswith("/releases.signed"):
            line.send(reply(200, self.list))
            return
        if not request.path.endswith(f"/{FILE}"):
            line.send(reply(404, b""))
            return
        first, last = request.headers["range"].removeprefix("bytes=").split("-")
        piece = self.installer[int(first) : int(last) + 1]
        told = f"bytes {first}-{int(first) + len(piece) - 1}/{len(self.installer)}"
        line.send(reply(206, piece, Content_Range=told))


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    prepare(made)
    trust(made.config, KEY)
    return made


def trust(config: Path, key: Ed25519PrivateKey) -> None:
    config.mkdir(parents=True, exist_ok=True)
    public = base64.b64encode(key.public_key().public_bytes_raw()).decode()
    (config / "release-keys.txt").write_text(f"{public}  # of this test\n")


@pytest.fixture
def publisher() -> Publisher:
    return Publisher()


@pytest.fixture
def server(publisher: Publisher) -> Iterator[Endpoint]:
    with Endpoint(publisher) as server:
        yield server


def settings_for(server: Endpoint) -> Settings:
    return Settings(look_for_updates=True, releases_from=f"{server.url}/releases.signed")


def fetch(updates: Updates, settings: Settings, token: CancelToken | None = None) -> Path:
    return Path(updates.fetch(settings, lambda _: None, token or CancelToken()).path)


def refusal(paths: Paths, server: Endpoint) -> str:
    """The code of the one sentence; nothing is known of a newer version, and the next start goes on."""
    updates = Updates(paths, kind="deb")
    with pytest.raises(DesksideError) as caught:
        updates.ask(settings_for(server))
    assert updates.look(settings_for(server)).newer is None
    return caught.value.message.code


@pytest.mark.parametrize("kind", ["deb", "appimage", "exe", "dmg"])
def test_a_newer_version_is_told_fetched_and_not_started(
    paths: Paths, publisher: Publisher, server: Endpoint, kind: str
) -> None:
    publisher.list = listing(kind=kind)
    updates, settings = Updates(paths, kind=kind), settings_for(server)
    outlook = updates.ask(settings)
    assert outlook.newer is not None and outlook.newer.version == "9.0.0"
    assert outlook.newer.notes == "- Faster."
    fetched = updates.fetch(settings, lambda _: None, CancelToken())
    path = Path(fetched.path)
    assert path.read_bytes() == INSTALLER
    assert path.parent == paths.data / "updates" / "9.0.0"
    assert fetched.message.code == f"update_ready_{kind}"
    assert bool(path.stat().st_mode & 0o111) == (kind == "appimage")
    # And once it is installed, what was fetched has done its work.
    assert Updates(paths, version="9.0.0", kind=kind).look(settings).newer is None
    assert not path.parent.exists()


def test_one_request_for_the_list_is_all(paths: Paths, server: Endpoint) -> None:
    Updates(paths).ask(settings_for(server))
    (request,) = server.requests
    assert (request.method, request.path) == ("GET", "/v1/releases.signed")
    assert set(request.headers) <= {"host", "user-agent", "accept-encoding"}
    assert request.headers["user-agent"] == "deskside"  # not even which version asks


def test_by_itself_it_asks_once_a_day(paths: Paths, server: Endpoint) -> None:
    updates, settings = Updates(paths), settings_for(server)
    for _ in range(3):
        assert updates.look_if_due(settings).newer is not None
    assert len(server.requests) == 1
    asked = paths.state / "releases.asked"
    for age, requests in (
        (EVERY_S - 60, 1),
        (EVERY_S + 60, 2),
        (-EVERY_S - 60, 3),
    ):  # the last: a clock set back
        asked.write_text(str(time.time() - age))
        updates.look_if_due(settings)
        assert len(server.requests) == requests


def test_a_request_that_fails_counts_too(paths: Paths, server: Endpoint) -> None:
    server.answer = lambda request, line: line.send(reply(500, b""))
    updates, settings = Updates(paths), settings_for(server)
    with pytest.raises(DesksideError):
        updates.look_if_due(settings)
    updates.look_if_due(settings)
    assert len(server.requests) == 1


def test_nothing_is_asked_unless_it_is_switched_on_and_can_be_believed(
    paths: Paths, server: Endpoint
) -> None:
    settings = settings_for(server)
    updates = Updates(paths)
    assert not updates.look_if_due(Settings(releases_from=settings.releases_from)).asked_at
    outlook = updates.look_if_due(Settings(look_for_updates=True))
    assert not outlook.possible and outlook.host == ""
    (paths.config / "release-keys.txt").unlink()
    assert not updates.look_if_due(settings).possible
    with pytest.raises(DesksideError) as caught:
        updates.ask(settings)
    assert caught.value.message.code == "release_no_place"
    assert server.requests == []


def test_a_version_that_is_not_newer_is_none(paths: Paths, publisher: Publisher, server: Endpoint) -> None:
    for version in (__version__, "0.0.1"):
        publisher.list = listing(version)
        assert Updates(paths).ask(settings_for(server)).newer is None
    with pytest.raises(DesksideError) as caught:
        fetch(Updates(paths, kind="deb"), settings_for(server))
    assert caught.value.message.code == "update_none"


def test_a_list_that_is_not_as_it_was_signed_is_not_used(
    paths: Paths, publisher: Publisher, server: Endpoint
) -> None:
    for body in (
        listing().replace(b"9.0.0", b"9.0.1"),
        listing()[:-20],
        listing(key=Ed25519PrivateKey.generate()),
        b"<html>please log in</html>",
        b"",
    ):
        publisher.list = body
        assert refusal(paths, server) == "release_unsigned"
    publisher.list = base64.b64encode(KEY.sign(b"[]")) + b"\n[]"
    assert refusal(paths, server) == "release_damaged"


def test_an_older_list_than_before_is_not_used(paths: Paths, publisher: Publisher, server: Endpoint) -> None:
    """Or somebody between here and there could hide a version from this machine."""
    updates, settings = Updates(paths), settings_for(server)
    updates.ask(settings)
    publisher.list = listing("8.0.0", made=99)
    with pytest.raises(DesksideError) as caught:
        updates.ask(settings)
    assert caught.value.message.code == "release_list_older"
    newer = updates.look(settings).newer
    assert newer is not None and newer.version == "9.0.0"


def test_a_list_that_was_changed_on_the_disk_does_not_count(paths: Paths, server: Endpoint) -> None:
    updates, settings = Updates(paths), settings_for(server)
    updates.ask(settings)
    kept = paths.state / "releases.signed"
    kept.write_bytes(kept.read_bytes().replace(b"9.0.0", b"9.9.9"))
    assert updates.look(settings).newer is None
    (paths.state / "releases.asked").write_bytes(b"\xff nan")
    assert updates.look(settings).asked_at == 0


def endless(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            line.send(b"x" * 65536)


def dripping(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n")
    with contextlib.suppress(OSError):
        while True:
            line.send(b"x")
            time.sleep(0.05)


def redirecting(to: str):
    return lambda request, line: line.send(reply(302, b"", Location=to))


@pytest.mark.parametrize(
    "answer",
    [
        endless,
        redirecting("ftp://127.0.0.1/releases.signed"),
        redirecting("file:///etc/passwd"),
        redirecting("http://example.org/releases.signed"),
        redirecting("/v1/releases.signed"),
        lambda request, line: line.send(reply(404, b"")),
        lambda request, line: line.send(b"nonsense\r\n\r\n"),
        lambda request, line: line.reset(),
    ],
    ids=["endless", "ftp", "file", "no longer encrypted", "in circles", "404", "no HTTP", "reset"],
)
def test_a_server_that_misbehaves_costs_one_sentence(paths: Paths, server: Endpoint, answer) -> None:
    server.answer = answer
    assert refusal(paths, server) == "release_silent"


def test_a_server_that_only_drips_is_left(
    paths: Paths, server: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_MOST_S", 0.5)
    server.answer = dripping
    assert refusal(paths, server) == "release_silent"


@pytest.mark.parametrize(
    "address", ["http://example.org/r", "ftp://example.org/r", "file:///etc/passwd", "nonsense"]
)
def test_an_address_that_is_not_safe_is_not_asked(paths: Paths, address: str) -> None:
    with pytest.raises(DesksideError) as caught:
        Updates(paths).ask(Settings(releases_from=address))
    assert caught.value.message.code == "endpoint_refused"


def test_an_installer_that_is_not_as_it_was_signed_is_never_given_out(
    paths: Paths, publisher: Publisher, server: Endpoint
) -> None:
    updates, settings = Updates(paths, kind="deb"), settings_for(server)
    updates.ask(settings)
    for bad in (bytes([INSTALLER[0] ^ 1]) + INSTALLER[1:], INSTALLER[:-1000], INSTALLER + b"more"):
        publisher.installer = bad
        with pytest.raises(DesksideError):
            fetch(updates, settings)
        assert not list(paths.data.rglob(FILE))
    publisher.installer = INSTALLER
    path = fetch(updates, settings)
    # Changed on the disk meanwhile, with the old size and time.
    times = path.stat()
    path.write_bytes(bytes([INSTALLER[0] ^ 1]) + INSTALLER[1:])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(DesksideError) as caught:
        fetch(updates, settings)
    assert caught.value.message.code == "update_changed"
    assert not path.exists()
    assert fetch(updates, settings).read_bytes() == INSTALLER


@pytest.mark.parametrize(
    "answer", [endless, redirecting("ftp://127.0.0.1/x"), redirecting("file:///etc/passwd")]
)
def test_an_installer_from_a_server_that_misbehaves_is_never_given_out(
    paths: Paths, publisher: Publisher, server: Endpoint, answer
) -> None:
    updates, settings = Updates(paths, kind="deb"), settings_for(server)
    updates.ask(settings)
    server.answer = answer
    with pytest.raises(DesksideError):
        fetch(updates, settings)
    assert not list(paths.data.rglob(FILE))


def test_a_fetch_can_be_stopped_and_goes_on(paths: Paths, publisher: Publisher, server: Endpoint) -> None:
    updates, settings = Updates(paths, kind="deb"), settings_for(server)
    updates.ask(settings)
    token = CancelToken()

    def hanging(request: Request, line: Line) -> None:
        token.cancel()
        line.wait_until_gone()

    server.answer = hanging
    with pytest.raises(Cancelled):
        fetch(updates, settings, token)
    server.answer = publisher
    assert fetch(updates, settings).read_bytes() == INSTALLER


def test_a_program_that_no_installer_replaces_says_so(paths: Paths, server: Endpoint) -> None:
    updates, settings = Updates(paths, kind=""), settings_for(server)
    assert updates.ask(settings).installer is None
    with pytest.raises(DesksideError) as caught:
        fetch(updates, settings)
    assert caught.value.message.code == "update_no_installer"


class Listener:
    def __init__(self, paths: Paths, settings: Settings) -> None:
        self.events: queue.Queue[Event] = queue.Queue()
        command = (sys.executable, str(ROOT / "deskside.py"))
        self.desk = LocalDesk(self.events.put, paths, settings, command, live=False)

    def seen(self) -> UpdateSeen:
        job = self.desk.look_for_update()
        found = None
        while True:
            event = self.events.get(timeout=200)
            if isinstance(event, UpdateSeen) and event.job == job:
                found = event
            if isinstance(event, JobFinished | JobFailed) and event.job == job:
                assert isinstance(event, JobFinished) and found is not None
                return found


def test_the_window_asks_nothing_until_it_is_switched_on(paths: Paths, server: Endpoint) -> None:
    off = Settings(releases_from=settings_for(server).releases_from)
    listener = Listener(paths, off)
    try:
        assert listener.seen().outlook.newer is None
        assert server.requests == []
        listener.desk.change_settings(settings_for(server))
        seen = listener.seen()
        assert seen.outlook.newer is not None and seen.failure is None
        server.answer = lambda request, line: line.send(reply(200, b"tampered"))
        (paths.state / "releases.asked").unlink()
        seen = listener.seen()
        assert seen.failure is not None and seen.failure.code == "release_unsigned"
        assert seen.outlook.newer is not None  # what was known stays
    finally:
        listener.desk.close()


def test_on_the_command_line(environment: dict[str, str], server: Endpoint, publisher: Publisher) -> None:
    done = deskside(environment, "update", "--check", "--json")
    assert done.returncode == 15
    assert records(done.stdout)[-1]["code"] == "release_no_place"
    config = Path(environment["XDG_CONFIG_HOME"]) / "deskside"
    trust(config, KEY)
    settings = {"releases_from": settings_for(server).releases_from}
    (config / "settings.json").write_text(json.dumps(settings))
    done = deskside(environment, "update", "--check", "--json")
    assert done.returncode == 0, done.stderr
    (last,) = records(done.stdout)
    assert (last["event"], last["version"], last["newer"]["version"]) == ("update", __version__, "9.0.0")
    assert last["path"] == ""
    done = deskside(environment, "update", "--check")
    assert "Deskside 9.0.0 is available; this is" in done.stdout and "- Faster." in done.stdout
    done = deskside(environment, "update")  # a checkout has no installer
    assert done.returncode == 15 and "Traceback" not in done.stderr
    publisher.list = listing("0.0.1", made=200)
    assert "newest" in deskside(environment, "update", "--check").stdout
    publisher.list = b"tampered"
    done = deskside(environment, "update", "--check")
    assert done.returncode == 15 and "not signed" in done.stderr
    assert deskside(environment, "--version").returncode == 0


def test_two_windows_at_once_ask_no_more_than_needed(paths: Paths, server: Endpoint) -> None:
    """One that begins while another asks sees that it has."""
    updates, settings = Updates(paths), settings_for(server)
    began, go = threading.Event(), threading.Event()
    publisher = server.answer

    def slow(request: Request, line: Line) -> None:
        began.set()
        go.wait(60)
        publisher(request, line)

    server.answer = slow
    first = threading.Thread(target=updates.look_if_due, args=(settings,))
    first.start()
    assert began.wait(60)
    Updates(paths).look_if_due(settings)
    go.set()
    first.join()
    assert len(server.requests) == 1
