"""The chat database under real faults: damaged pages, a full disk, files that vanish, old formats, kills."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.chat.conversation import MessageState, Part, PartKind, Role
from engine.chat.copies import copies_of, copy_is_due, make_copy
from engine.chat.opening import begin_from_copy, open_store
from engine.chat.options import ChatOptions
from engine.chat.reserve import RESERVE_BYTES
from engine.chat.schema import SCHEMA_VERSION
from engine.chat.store import ChatStore
from engine.errors import StoreDamaged, StoreError
from engine.jobs.storekeeper import StoreKeeper
from engine.messages import Sentence, english

ROOT = Path(__file__).parents[2]
OPEN_FILES_GO = pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps files that are open")


def text(body: str) -> tuple[Part, ...]:
    return (Part(PartKind.TEXT, body),)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "chats.sqlite3"


def filled(path: Path, count: int = 200) -> None:
    """One conversation of that many messages of a page each."""
    store = ChatStore(path)
    chat, parent = store.begin("kept"), None
    store._db.pragma("synchronous = OFF")  # a test need not wait for the disk
    for number in range(count):
        parent = store.add(chat, parent, Role.USER, text(f"message {number} " + "x" * 4000)).id
    store.close()


def damage(path: Path, share: float = 0.5) -> None:
    """Nonsense over the middle of the file; its beginning stays a database."""
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = path.stat().st_size
    with path.open("rb+") as file:
        file.seek(int(size * (1 - share)))
        file.write(os.urandom(int(size * share)))


def words(said: list[Sentence]) -> list[str]:
    return [english(sentence) for sentence in said]


# damage


def test_a_damaged_database_is_shown_from_its_copy_and_says_so(path: Path) -> None:
    filled(path)
    make_copy(path)
    damage(path)
    before = path.read_bytes()
    said: list[Sentence] = []
    store = open_store(path, said.append)
    (chat,) = store.filing.conversations()
    assert len(store.conversation(chat.id).messages) == 200
    assert said[0].code == "chats_damaged" and str(path) in words(said)[0]
    with pytest.raises(StoreError, match="copy"):
        store.add(chat.id, None, Role.USER, text("lost?"))
    store.close()
    assert path.read_bytes() == before, "the damaged file is evidence"


def test_without_a_copy_the_damage_is_said(path: Path) -> None:
    filled(path)
    damage(path)
    with pytest.raises(StoreDamaged, match=r"chats\.sqlite3"):
        open_store(path)


def test_a_damaged_copy_is_passed_over(path: Path) -> None:
    filled(path)
    older = make_copy(path)
    day_before = older.with_name("chats-20200101-000000.sqlite3")
    older.rename(day_before)
    damage(make_copy(path))
    damage(path)
    store = open_store(path)
    assert store.path == day_before
    store.close()


def test_an_emptied_file_does_not_pass_for_a_new_one(path: Path) -> None:
    filled(path, 3)
    make_copy(path)
    path.write_bytes(b"")
    for ending in ("-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    store = open_store(path)
    assert store.read_only and len(store.filing.conversations()) == 1
    store.close()


def test_a_database_that_is_damaged_is_never_copied_over_the_good_state(path: Path) -> None:
    filled(path)
    good = make_copy(path)
    damage(path)
    with pytest.raises(StoreDamaged):
        make_copy(path)
    assert [copy.path for copy in copies_of(path)] == [good]
    assert list(good.parent.iterdir()) == [good], "nothing half made is left"


def test_one_goes_on_from_the_copy_with_what_can_be_read_of_the_rest(path: Path) -> None:
    filled(path, 50)
    make_copy(path)
    store = ChatStore(path)
    chat = store.begin("newer")
    question = store.add(chat, None, Role.USER, text("after the copy"))
    answer = store.add(chat, question.id, Role.ASSISTANT, text("still there"))
    store.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    with path.open("rb+") as file:  # a page of an old message, not of what is newer
        data = path.read_bytes()
        file.seek(data.index(b"message 20 xxx") - 60)
        file.write(os.urandom(200))
        file.seek(data.index(b"message 30 xxx") // 4096 * 4096)
        file.write(os.urandom(4096))
    assert open_store(path).read_only
    told = begin_from_copy(path)
    assert told.code == "chats_begun_again" and told.values["count"] == 2
    assert Path(str(told.values["aside"])).exists()
    store = open_store(path)
    assert not store.read_only
    assert {chat.title for chat in store.filing.conversations()} == {"kept", "newer"}
    assert [message.id for message in store.conversation(chat).branch()] == [question.id, answer.id]
    store.add(chat, answer.id, Role.USER, text("and on"))
    store.close()


def test_a_number_of_nonsense_in_a_damaged_page_is_not_counted_up_to(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("engine.chat.salvage._MOST", 1_000)
    filled(path, 3)
    make_copy(path)
    store = ChatStore(path)
    (chat,) = store.filing.conversations()
    store.add(chat.id, None, Role.USER, text("newer"))
    store.close()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute(
            "INSERT INTO messages(id, conversation_id, role, state, writer, model, created_at)"
            " VALUES (?, ?, 'user', 'complete', '', '', 0)",
            (2**61, chat.id),
        )
    ended = threading.Event()

    def begin() -> None:
        begin_from_copy(path)
        ended.set()

    threading.Thread(target=begin, daemon=True).start()
    assert ended.wait(120)
    store = ChatStore(path)
    assert "newer" in [message.text() for message in store.conversation(chat.id).messages]
    store.close()


def test_damage_while_it_is_in_use_turns_the_keeper_to_the_copy(path: Path) -> None:
    filled(path, 1500)  # more than SQLite keeps in memory
    make_copy(path)
    said: list[Sentence] = []
    keeper = StoreKeeper(path, said.append)
    try:
        (chat,) = keeper.call(lambda store: store.filing.conversations())
        damage(path, 0.9)
        found = keeper.call(lambda store: store.conversation(chat.id))
        assert len(found.messages) == 1500
        assert [sentence.code for sentence in said] == ["chats_damaged"]
        told = keeper.begin_from_copy()
        assert told.code == "chats_begun_again"
        keeper.call(lambda store: store.add(chat.id, None, Role.USER, text("goes on")))
    finally:
        keeper.close(5)


# copies


def test_a_copy_is_due_once_an_hour_and_only_after_changes(path: Path) -> None:
    filled(path, 2)
    assert copy_is_due(path)
    made = make_copy(path)
    assert not copy_is_due(path)
    old = made.with_name("chats-20200101-000000.sqlite3")
    made.rename(old)
    assert copy_is_due(path)
    then = time.mktime((2019, 1, 1, 0, 0, 0, 0, 0, -1))
    for name in (path, path.with_name(path.name + "-wal")):
        with contextlib.suppress(FileNotFoundError):
            os.utime(name, (then, then))
    assert not copy_is_due(path)


def test_the_newest_copy_and_one_of_an_earlier_day_stay(path: Path) -> None:
    filled(path, 2)
    first = make_copy(path)
    for stamp in ("20200101-080000", "20200101-090000", "20200102-080000"):
        shutil.copy(first, first.with_name(f"chats-{stamp}.sqlite3"))
    time.sleep(1.1)  # copies are named by the second
    newest = make_copy(path)
    is_midnight_between = first.name[:14] != newest.name[:14]
    earlier = first.name if is_midnight_between else "chats-20200102-080000.sqlite3"
    assert [copy.path.name for copy in copies_of(path)] == [newest.name, earlier]
    time.sleep(1.1)
    only = make_copy(path, only=True)
    assert [copy.path for copy in copies_of(path)] == [only]


def test_copies_of_a_clock_that_was_ahead_stand_back(path: Path) -> None:
    filled(path, 2)
    ahead = make_copy(path)
    ahead = ahead.rename(ahead.with_name("chats-20990101-080000.sqlite3"))
    assert copy_is_due(path), "not only in the year 2099"
    made = make_copy(path)
    assert [copy.path for copy in copies_of(path)] == [made, ahead], "the one of now is the newest"
    assert not copy_is_due(path)
    time.sleep(1.1)
    only = make_copy(path, only=True)
    assert list(only.parent.iterdir()) == [only], "what was deleted for good is in no copy"


def test_what_was_deleted_for_good_is_in_no_copy_when_the_clock_was_put_back(path: Path) -> None:
    filled(path, 2)
    earlier = make_copy(path)
    in_half_an_hour = time.strftime("%Y%m%d-%H%M%S", time.localtime(time.time() + 1800))
    earlier.rename(earlier.with_name(f"chats-{in_half_an_hour}.sqlite3"))
    only = make_copy(path, only=True)
    assert list(only.parent.iterdir()) == [only]


# formats


def make_old(path: Path) -> None:
    """A database as version 1 of the format left it."""
    from engine.chat.schema import _FIRST

    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.executescript(_FIRST)
        db.execute("INSERT INTO conversations VALUES (7, 'old', 1.0, 2.0, 12, NULL)")
        db.execute("INSERT INTO messages VALUES (11, 7, NULL, 'user', 'complete', '', '', 1.0, NULL)")
        db.execute("INSERT INTO messages VALUES (12, 7, 11, 'assistant', 'complete', '', 'm', 2.0, NULL)")
        db.execute("INSERT INTO parts VALUES (11, 0, 'text', 'why?')")
        db.execute("PRAGMA user_version = 1")


def test_an_old_format_is_copied_then_changed(path: Path) -> None:
    make_old(path)
    store = ChatStore(path)
    assert [message.id for message in store.conversation(7).branch()] == [11, 12]
    assert store.add(7, 12, Role.USER, text("on")).id == 13
    assert not store.filing.has_first_title(7), "perhaps somebody chose it"
    store.set_options(7, ChatOptions(system="Be brief."))
    assert store.conversation(7).options.system == "Be brief."
    store.close()
    (copy,) = path.with_name("chats-copies").iterdir()
    assert copy.name.startswith(f"before-format-{SCHEMA_VERSION}-")
    with contextlib.closing(sqlite3.connect(copy)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)
        assert db.execute("SELECT title FROM conversations").fetchall() == [("old",)]


def test_no_format_is_changed_without_a_copy(path: Path) -> None:
    make_old(path)
    path.with_name("chats-copies").write_text("in the way")
    with pytest.raises(StoreError, match="copied"):
        ChatStore(path)
    with contextlib.closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA user_version").fetchone() == (1,)


def test_two_programs_change_the_format_at_once(path: Path) -> None:
    make_old(path)
    code = (
        "import sys; from pathlib import Path; from engine.chat.store import ChatStore\n"
        "store = ChatStore(Path(sys.argv[1])); print(store.conversation(7).title); store.close()"
    )
    runs = [
        subprocess.Popen([sys.executable, "-c", code, str(path)], cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    assert [run.communicate(timeout=200)[0].strip() for run in runs] == ["old"] * 4


# a full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 80 MB. Skipped where none may be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=80m", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root mounts file systems, on Linux")
    if subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("no file system can be mounted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder: Path) -> Path:
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(65_536))
    with filler.open("ab", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(512))
    return filler


def test_a_full_disk_in_mid_answer_loses_nothing_that_was_shown(small_disk: Path) -> None:
    path = small_disk / "chats.sqlite3"
    said: list[Sentence] = []
    store = ChatStore(path, tell=said.append)
    assert path.with_suffix(".reserve").stat().st_size == RESERVE_BYTES
    chat = store.begin("t")
    asked = store.ask(chat, text("long?"), "m")
    fill(small_disk)
    shown = ""
    for number in range(200):
        shown += f"token {number} " + "y" * 500
        store.update(asked.answer.id, text(shown), MessageState.STREAMING)
    assert [sentence.code for sentence in said] == ["disk_full_reserve"]
    with contextlib.closing(sqlite3.connect(path)) as db:
        query = "SELECT body FROM parts WHERE message_id = ?"
        assert db.execute(query, (asked.answer.id,)).fetchone() == (shown,)
    store.close()


def test_what_found_no_room_at_all_is_saved_when_there_is_some_again(small_disk: Path) -> None:
    path = small_disk / "chats.sqlite3"
    said: list[Sentence] = []
    keeper = StoreKeeper(path, said.append)
    try:
        chat = keeper.call(lambda store: store.begin("t"))
        asked = keeper.call(lambda store: store.ask(chat, text("?"), "m"))
        path.with_suffix(".reserve").unlink()
        filler = fill(small_disk)
        large = text("z" * 30_000_000)  # more than the WAL has room for

        def save(store: ChatStore) -> bool:
            return store.update(asked.answer.id, large, MessageState.COMPLETE)

        with pytest.raises(StoreError) as caught:
            keeper.call(save)
        assert caught.value.message.code == "disk_full"
        keeper.owe(asked.answer.id, save)
        filler.unlink()
        kept = keeper.call(lambda store: store.conversation(chat)).branch()[-1]
        assert (kept.parts, kept.state) == (large, MessageState.COMPLETE)
        assert [sentence.code for sentence in said] == ["chats_saved_late"]
    finally:
        keeper.close(5)


def test_a_limit_of_file_sizes_is_a_sentence_and_no_damage(path: Path) -> None:
    resource = pytest.importorskip("resource", reason="there are no limits of file sizes on Windows")
    filled(path, 5)
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    store = ChatStore(path)
    (chat,) = store.filing.conversations()
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, before[1]))
    try:
        with pytest.raises(StoreError, match=r"chats\.sqlite3"):
            store.add(chat.id, None, Role.USER, text("w" * 5_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert len(store.conversation(chat.id).messages) == 5
    store.add(chat.id, None, Role.USER, text("goes on"))
    store.close()


# files that vanish, second starts, kills


@OPEN_FILES_GO
def test_a_file_that_was_deleted_meanwhile_takes_nothing_more(path: Path) -> None:
    store = ChatStore(path)
    chat = store.begin("t")
    path.unlink()
    with pytest.raises(StoreError) as caught:
        store.add(chat, None, Role.USER, text("into nothing"))
    assert caught.value.message.code == "chats_gone"
    store.close()


@OPEN_FILES_GO
def test_a_file_that_was_replaced_meanwhile_is_found(path: Path) -> None:
    store = ChatStore(path)
    store.begin("old")
    other = path.with_name("other.sqlite3")
    made = ChatStore(other)
    made.begin("of the other file")
    made.close()
    for ending in ("", "-wal", "-shm"):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    other.rename(path)
    store.begin("written after")
    assert {chat.title for chat in store.filing.conversations()} == {"of the other file", "written after"}
    store.close()


_WRITER = """
import os, sys, time
from pathlib import Path
from engine.chat.store import ChatStore
from engine.chat.conversation import *
store = ChatStore(Path(sys.argv[1]))
chat = store.begin(sys.argv[2])
asked = store.ask(chat, [Part(PartKind.TEXT, "?")], "m")
shown = ""
while True:
    shown += "token "
    store.update(asked.answer.id, [Part(PartKind.TEXT, shown)], MessageState.STREAMING)
    os.write(1, f"{len(shown)}\\n".encode())
"""


def test_kills_lose_nothing_that_was_saved(path: Path) -> None:
    """Two programs write at once, both are killed in the middle, five times."""
    for round_ in range(5):
        runs = [
            subprocess.Popen(
                [sys.executable, "-c", _WRITER, str(path), f"{round_}-{number}"],
                cwd=ROOT,
                stdout=subprocess.PIPE,
            )
            for number in range(2)
        ]
        lengths = []
        for run in runs:
            assert run.stdout is not None
            lengths.append([int(run.stdout.readline()) for _ in range(20)][-1])
        for run in runs:
            run.kill()
            run.wait()
        store = ChatStore(path)
        by_title = {chat.title: chat.id for chat in store.filing.conversations()}
        for number, length in enumerate(lengths):
            answer = store.conversation(by_title[f"{round_}-{number}"]).branch()[-1]
            assert answer.state is MessageState.INTERRUPTED
            assert len(answer.text()) >= length
        store.close()
