from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from multiprocessing.connection import Client, Listener
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.host import sockets
from engine.host.address import (
    Address,
    AddressError,
    forget_address,
    new_address,
    read_address,
    write_address,
)
from engine.host.lock import FileLock
from engine.host.sockets import Doorway, connect
from engine.host.start import HostOptions, host_words, read_words
from engine.paths import Paths

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="sockets of Unix")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A short one: the path of a socket has room for some hundred bytes only."""
    with tempfile.TemporaryDirectory(prefix="d") as folder:
        yield Path(folder)


@pytest.fixture
def paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Paths:
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return paths_below(tmp_path)


def paths_below(folder: Path) -> Paths:
    paths = Paths(folder / "data", folder / "config", folder / "state")
    paths.state.mkdir(parents=True)
    return paths


def test_the_folder_is_the_owners_alone(paths: Paths) -> None:
    (paths.state / "engine").mkdir(mode=0o755)
    address = Path(new_address(paths).text)
    assert address.parent == paths.state / "engine"
    assert address.parent.stat().st_mode & 0o777 == 0o700


def test_the_sessions_runtime_folder_is_preferred(
    paths: Paths, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "run").mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    address = new_address(paths)
    assert Path(address.text).parent == tmp_path / "run" / "deskside"
    write_address(paths, address)
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert read_address(paths) == address  # a client without that variable finds it too


def test_other_folders_have_another_engine(
    tmp_path: Path, paths: Paths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    other = paths_below(tmp_path / "other")
    assert new_address(paths).text != new_address(other).text
    assert new_address(paths) == new_address(paths)


def test_a_link_planted_in_place_of_the_folder_is_refused(paths: Paths, tmp_path: Path) -> None:
    (tmp_path / "trap").mkdir()
    (paths.state / "engine").symlink_to(tmp_path / "trap")
    assert Path(new_address(paths).text).parent != paths.state / "engine"
    assert not list((tmp_path / "trap").iterdir())


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_folder_of_somebody_else_is_refused(paths: Paths) -> None:
    folder = paths.state / "engine"
    folder.mkdir(mode=0o700)
    os.chown(folder, 12345, 12345)
    assert Path(new_address(paths).text).parent != folder
    write_address(paths, type(new_address(paths))(str(folder / "x.sock")))
    with pytest.raises(AddressError, match="another user"):
        read_address(paths)


def test_a_link_planted_in_place_of_the_socket_is_removed_not_followed(paths: Paths, tmp_path: Path) -> None:
    address = Path(new_address(paths).text)
    target = tmp_path / "precious"
    target.write_text("kept")
    address.symlink_to(target)
    assert new_address(paths).text == str(address)
    assert not address.is_symlink() and target.read_text() == "kept"


def test_a_file_in_place_of_the_socket_is_left_alone(paths: Paths) -> None:
    address = Path(new_address(paths).text)
    address.write_text("somebody's")
    assert new_address(paths).text != str(address)
    assert address.read_text() == "somebody's"


def test_a_client_does_not_connect_to_what_is_no_socket_of_ours(paths: Paths, tmp_path: Path) -> None:
    address = new_address(paths)
    write_address(paths, address)
    with socket.socket(socket.AF_UNIX) as elsewhere:
        elsewhere.bind(str(tmp_path / "s"))
        Path(address.text).symlink_to(tmp_path / "s")
        with pytest.raises(AddressError, match="not a socket of this user"):
            read_address(paths)


def test_a_socket_that_nobody_listens_at_is_no_host(paths: Paths) -> None:
    address = new_address(paths)
    write_address(paths, address)
    assert connect(address) is None
    doorway = Doorway(address)
    channel = connect(address)
    assert channel is not None
    channel.close()
    doorway.close()
    assert connect(address) is None
    forget_address(paths, address)
    assert read_address(paths) is None


NOTES = st.binary(max_size=200) | st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["address", "key", "x"]), inner, max_size=3)
    ),
).map(lambda value: json.dumps(value).encode())


@given(NOTES)
def test_any_note_is_an_address_a_refusal_or_none(note: bytes) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "engine.json").write_bytes(note)
        try:
            found = read_address(Paths(folder, folder, folder))
        except AddressError:
            return
    assert found is None or Path(found.text).is_absolute()


def test_a_lock_is_one_holders(tmp_path: Path) -> None:
    first = FileLock.take(tmp_path / "lock")
    assert first is not None
    assert FileLock.take(tmp_path / "lock") is None
    assert not FileLock.is_free(tmp_path / "lock")
    first.release()
    assert FileLock.is_free(tmp_path / "lock")


def test_words_of_the_host_come_back_unchanged(paths: Paths) -> None:
    options = HostOptions(0.5, 60, 1 << 30)
    assert read_words(host_words(paths, options)) == (paths, options)
    for words in ([], ["a"], ["a", "b", "c", "{"], ["a", "b", "c", '{"x": 1}'], ["a", "b", "c", "[]"]):
        with pytest.raises(ValueError):
            read_words(words)


# doorways with a key, as Windows has them: the same code, on a socket


@pytest.fixture
def keyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Address, Doorway]]:
    monkeypatch.setattr(sockets, "_PATIENCE_S", 60.0)  # of a busy machine
    address = Address(str(tmp_path / "k.sock"), "secret")
    doorway = Doorway(address)
    yield address, doorway
    doorway.close()


def test_whoever_knows_the_key_comes_in_past_silent_ones(
    keyed: tuple[Address, Doorway], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, doorway = keyed
    monkeypatch.setattr(sockets, "_PATIENCE_S", 3600.0)  # nobody is waited for until it gives up
    silent = [Client(address.text, "AF_UNIX") for _ in range(10)]
    ours = connect(address)
    assert ours is not None
    theirs = doorway.accept()
    ours.send(b"hello")
    assert theirs.receive() == b"hello"
    for connection in (*silent, ours, theirs):
        connection.close()


def test_whoever_says_nothing_is_left_alone_after_a_while(
    keyed: tuple[Address, Doorway], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = keyed
    monkeypatch.setattr(sockets, "_PATIENCE_S", 0.1)
    with Client(address.text, "AF_UNIX") as silent:
        assert silent.recv_bytes().startswith(b"#CHALLENGE#")
        with pytest.raises(EOFError):
            silent.recv_bytes()  # until it is closed


def test_a_wrong_key_and_what_is_no_proof_stay_outside(keyed: tuple[Address, Doorway]) -> None:
    address, doorway = keyed
    assert connect(Address(address.text, "guessed")) is None
    with Client(address.text, "AF_UNIX") as liar:
        liar.recv_bytes()
        liar.send_bytes(b"let me in")
        with pytest.raises(EOFError):
            while True:
                liar.recv_bytes()
    ours = connect(address)
    assert ours is not None
    doorway.accept().close()
    ours.close()


def test_a_host_that_stands_still_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sockets, "_PATIENCE_S", 0.1)
    with Listener(str(tmp_path / "h.sock"), "AF_UNIX"):  # it never accepts
        assert connect(Address(str(tmp_path / "h.sock"), "secret")) is None


def test_a_closed_doorway_lets_its_thread_go(tmp_path: Path) -> None:
    doorway = Doorway(Address(str(tmp_path / "c.sock"), "secret"))
    refused = threading.Event()

    def accept() -> None:
        with pytest.raises(OSError, match="closed"):
            doorway.accept()
        refused.set()

    waiting = threading.Thread(target=accept)
    waiting.start()
    doorway.close()
    waiting.join(60)
    assert refused.is_set()
    assert connect(Address(str(tmp_path / "c.sock"), "secret")) is None
