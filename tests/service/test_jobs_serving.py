"""The API as the window switches it on: the real child, host and worker."""

from __future__ import annotations

import queue
import signal
import socket
import stat
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.cancellation import Cancelled, CancelToken
from engine.errors import UsageError
from engine.events import Event, JobId, ServerChanged
from engine.jobs.serving import ApiServer
from engine.server.keys import renew_key
from tests.service.server_bench import until
from tests.service.test_server_command import ROOT, get

_PATIENCE_S = 60
COMMAND = [sys.executable, str(ROOT / "deskside.py")]


class Switch:
    """An ApiServer in folders of its own, and what it told."""

    def __init__(self, folder: Path, command: list[str] = COMMAND) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()
        self.log = folder / "serve.log"
        self.server = ApiServer(command, self.log, self.events.put)

    def on(self, beyond: bool = False, port: int = 0) -> ServerChanged:
        self.server.start(JobId(1), CancelToken(), port, beyond)
        return self.told()

    def told(self) -> ServerChanged:
        event = self.events.get(timeout=_PATIENCE_S)
        assert isinstance(event, ServerChanged)
        return event

    @property
    def child(self) -> psutil.Process:
        assert self.server._child is not None
        return psutil.Process(self.server._child.pid)


@pytest.fixture
def switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Switch]:
    for name in ("data", "config", "state"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    monkeypatch.delenv("DESKSIDE_API_KEY", raising=False)
    made = Switch(tmp_path)
    yield made
    made.server.stop(JobId(9))


def test_it_is_switched_on_and_off(switch: Switch) -> None:
    told = switch.on()
    assert told.address.startswith("http://127.0.0.1:")
    assert (told.key, told.own_key, told.elsewhere, told.reason) == ("", False, (), None)
    assert get(told.address + "/models")[0] == 200
    child = switch.child
    switch.server.stop(JobId(2))
    assert switch.told() == ServerChanged(JobId(2), "")
    assert not child.is_running() and not switch.server.running
    with pytest.raises(OSError):
        get(told.address + "/models")


def test_beyond_this_computer_it_has_a_key_that_can_be_renewed(switch: Switch, tmp_path: Path) -> None:
    told = switch.on(beyond=True)
    assert len(told.key) > 40 and told.own_key
    assert get(told.address + "/models")[0] == 401
    assert get(told.address + "/models", told.key)[0] == 200
    for address in told.elsewhere:
        assert get(address + "/models", told.key)[0] == 200
    file = next((tmp_path / "config").rglob("api_key"))
    assert file.read_text().strip() == told.key and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert renew_key(file).text == file.read_text().strip()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in file.parent.iterdir() if "api_key" in each.name] == ["api_key"]
    again = switch.on(beyond=True)  # one at a time: the old child is gone
    assert again.key != told.key
    assert get(again.address + "/models", told.key)[0] == 401
    assert get(again.address + "/models", again.key)[0] == 200
    assert told.key not in switch.log.read_text() and again.key not in switch.log.read_text()


def test_a_key_of_the_environment_cannot_be_renewed(switch: Switch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESKSIDE_API_KEY", "a-key-of-some-length")
    told = switch.on()
    assert (told.key, told.own_key) == ("a-key-of-some-length", False)
    assert get(told.address + "/models")[0] == 401


def test_a_child_that_dies_is_told_with_why(switch: Switch) -> None:
    switch.on()
    switch.child.send_signal(signal.SIGKILL)
    told = switch.told()
    assert told.address == "" and told.reason is not None
    assert (told.reason.code, told.reason.values["signal"]) == ("serve_ended_signal", 9)
    assert not switch.server.running
    assert get(switch.on().address + "/models")[0] == 200  # and can be switched on again


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("print(json.dumps({'event': 'error', 'message': 'The roof fell in.'})); sys.exit(6)",
         "serve_ended_saying"),
        ("sys.exit(3)", "serve_ended"),
        ("print('nonsense'); sys.exit(0)", "serve_ended"),
    ],
)  # fmt: skip
def test_last_words_are_passed_on(tmp_path: Path, ending: str, code: str) -> None:
    said = "print(json.dumps({'address': 'http://x/v1'}), flush=True)"
    script = f"import json, sys, time; {said}; time.sleep(0.2); {ending}"
    switch = Switch(tmp_path, [sys.executable, "-c", script])
    assert switch.on().address == "http://x/v1"
    reason = switch.told().reason
    assert reason is not None and reason.code == code
    assert code != "serve_ended_saying" or reason.values["reason"] == "The roof fell in."


def test_what_keeps_it_from_coming_up_is_told(switch: Switch, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(UsageError) as caught:
            switch.on(port=taken.getsockname()[1])
        assert "another program uses that port" in str(caught.value)
    assert not switch.server.running
    for words in (["-c", "pass"], ["-c", "print('hello')"], ["-c", "print('[]')"]):
        with pytest.raises(UsageError) as caught:
            Switch(tmp_path, [sys.executable, *words]).on()
        assert caught.value.message.code == "serve_not_started"


def test_waiting_for_it_can_be_cancelled(tmp_path: Path) -> None:
    switch = Switch(tmp_path, [sys.executable, "-c", "import sys; sys.stdin.read()"])
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    with pytest.raises(Cancelled):
        switch.server.start(JobId(1), token, 0)
    assert not switch.server.running


def test_the_end_of_the_window_ends_it_and_says_nothing(switch: Switch) -> None:
    switch.on()
    child = switch.child
    switch.server.close()
    assert child.wait(_PATIENCE_S) in (0, None)
    assert not until(lambda: not switch.events.empty(), 0.5)
