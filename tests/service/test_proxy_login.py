"""The password of a proxy as the window's desk keeps it: never in the settings file, if that can be."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend

from engine.download.dialing import proxy_for
from engine.download.network import Network, use_network
from engine.events import Noticed
from engine.jobs.local_desk import LocalDesk
from engine.paths import Paths, prepare
from engine.settings import Settings, load_settings, save_settings
from tests.service.remote_bench import Heard, LockedRing, MemoryRing, wait_for

PROGRAM = Path(__file__).resolve().parents[2] / "deskside.py"
SECRET, BARE = "hush", "socks5://me@127.0.0.1:1080"
FULL = BARE.replace("me@", f"me:{SECRET}@")


class Window:
    """The real desk, as a window begins it."""

    def __init__(self, paths: Paths) -> None:
        self.heard = Heard()
        settings, _ = load_settings(paths.settings)
        self.desk = LocalDesk(self.heard.take, paths, settings, (sys.executable, str(PROGRAM)), live=False)

    def notices(self) -> list[str]:
        return [event.message.code for _, event in self.heard.events if isinstance(event, Noticed)]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    paths = Paths(*(tmp_path / name for name in ("data", "config", "state")))
    prepare(paths)
    return paths


@pytest.fixture
def start(paths: Paths) -> Iterator[Callable[[KeyringBackend], Window]]:
    before, windows = keyring.get_keyring(), []

    def begin(ring: KeyringBackend) -> Window:
        keyring.set_keyring(ring)
        windows.append(Window(paths))
        return windows[-1]

    yield begin
    for window in windows:
        window.desk.close()
    keyring.set_keyring(before)
    use_network(Network())


def password() -> str:
    proxy = proxy_for("https://huggingface.co")
    assert proxy is not None
    return proxy.password


def test_one_that_is_typed_goes_into_the_keyring_and_is_there_at_the_next_start(
    start: Callable[[KeyringBackend], Window], paths: Paths
) -> None:
    ring = MemoryRing()
    desk = start(ring).desk
    desk.change_settings(replace(desk.settings, proxy=FULL))
    assert desk.settings.proxy == BARE and password() == SECRET
    wait_for(lambda: list(ring.entries.values()) == [SECRET])
    wait_for(lambda: load_settings(paths.settings)[0].proxy == BARE)
    again = start(ring)
    assert password() == SECRET
    assert again.notices() == [] and SECRET not in paths.settings.read_text()


def test_without_a_keyring_one_that_is_typed_is_kept_in_memory_and_that_is_said(
    start: Callable[[KeyringBackend], Window], paths: Paths
) -> None:
    window = start(LockedRing())
    window.desk.change_settings(replace(window.desk.settings, proxy=FULL))
    wait_for(lambda: window.notices() == ["proxy_password_not_kept"])
    assert password() == SECRET
    window.desk.change_settings(replace(window.desk.settings, theme="dark"))
    wait_for(lambda: load_settings(paths.settings)[0].theme == "dark")
    assert password() == SECRET and SECRET not in paths.settings.read_text()


def test_an_old_one_is_moved_into_the_keyring(
    start: Callable[[KeyringBackend], Window], paths: Paths
) -> None:
    save_settings(paths.settings, Settings(proxy=FULL))
    ring = MemoryRing()
    window = start(ring)
    wait_for(lambda: load_settings(paths.settings)[0].proxy == BARE)
    assert list(ring.entries.values()) == [SECRET] and window.notices() == []
    assert window.desk.settings.proxy == BARE and password() == SECRET


def test_an_old_one_stays_where_there_is_no_keyring_and_that_is_said(
    start: Callable[[KeyringBackend], Window], paths: Paths
) -> None:
    save_settings(paths.settings, Settings(proxy=FULL))
    window = start(LockedRing())
    wait_for(lambda: window.notices() == ["proxy_password_in_clear"])
    assert SECRET not in str(window.heard.events)
    window.desk.change_settings(replace(window.desk.settings, theme="dark"))
    wait_for(lambda: load_settings(paths.settings)[0].theme == "dark")
    assert load_settings(paths.settings)[0].proxy == FULL and password() == SECRET
