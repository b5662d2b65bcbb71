"""State files: sealed, found again, checked, kept within a budget; never trusted."""

from __future__ import annotations

import os
import tempfile
import time
from array import array
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.runtime import state_files
from engine.runtime.state_files import (
    DamagedState,
    StateFile,
    StateFolder,
    forget,
    name_of,
    shrink,
    used_bytes,
)
from engine.runtime.state_names import key_beginning, kv_type_of_states, model_identity
from engine.runtime.values import LoadRequest
from engine.runtime.worker.state_key import state_key

KEY, OTHER_KEY = "0" * 32, "f" * 32
BUDGET = 10_000_000


def written(folder: StateFolder, name: str, tokens: list[int], body: bytes = b"state") -> StateFile:
    half = len(body) // 2
    parts = [memoryview(body)[:half], memoryview(body)[half:]]
    return folder.write(name, array("i", tokens), parts)


def read(folder: StateFolder, name: str) -> tuple[list[int], bytes]:
    """Tokens and parts, the parts in one piece."""
    memory = bytearray()

    def place(lengths: Sequence[int]) -> list[memoryview]:
        memory.extend(bytes(sum(lengths)))
        view, at, places = memoryview(memory), 0, []
        for length in lengths:
            places.append(view[at : at + length])
            at += length
        return places

    tokens = folder.read(name, place)
    return list(tokens), bytes(memory)


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=50), st.binary(max_size=200))
def test_what_was_written_is_found_and_read(tokens: list[int], body: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = StateFolder(Path(place), KEY, BUDGET)
        state = written(folder, "name", tokens, body)
        assert list(folder.found()) == [state]
        assert list(state.tokens) == tokens
        assert state.size_bytes == state.path.stat().st_size
        assert read(folder, "name") == (tokens, body)
        assert list(folder.found()) == [], "a crash now leaves nothing to try again"
        folder.give_back("name")
        assert list(folder.found()) == [state]
        written(folder, "name", tokens, body + b"2")
        read(folder, "name")
        newest = written(folder, "name", tokens, body + b"33")
        folder.give_back("name")
        assert list(folder.found()) == [newest]
        read(folder, "name")
        folder.drop("name")
        folder.give_back("name")
        assert list(folder.found()) == []


@settings(deadline=None)
@given(st.data())
def test_any_damage_is_noticed(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = StateFolder(Path(place), KEY, BUDGET)
        state = written(folder, "name", [1, 2, 3], b"x" * 100)
        raw = bytearray(state.path.read_bytes())
        kind = data.draw(st.sampled_from(["flip", "cut", "add", "replace"]))
        if kind == "flip":
            place_of_bit = data.draw(st.integers(0, len(raw) * 8 - 1))
            raw[place_of_bit // 8] ^= 1 << place_of_bit % 8
        elif kind == "cut":
            del raw[data.draw(st.integers(0, len(raw) - 1)) :]
        elif kind == "add":
            raw += data.draw(st.binary(min_size=1, max_size=20))
        else:
            raw = bytearray(data.draw(st.binary(max_size=300)))
        state.path.write_bytes(raw)
        with pytest.raises(DamagedState):
            read(folder, "name")
        assert not list(Path(place).glob("*/*")), "it is not tried again"


@given(st.binary(max_size=400))
def test_looking_at_anything_is_safe(raw: bytes) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = StateFolder(Path(place), KEY, BUDGET)
        (folder.folder / "name.state").write_bytes(raw)
        (found,) = folder.found()
        assert isinstance(found, DamagedState)
        assert list(folder.found()) == []


def test_a_file_of_another_key_is_refused(tmp_path: Path) -> None:
    ours, theirs = StateFolder(tmp_path, KEY, BUDGET), StateFolder(tmp_path, OTHER_KEY, BUDGET)
    state = written(theirs, "name", [1])
    assert list(ours.found()) == []
    state.path.rename(ours.folder / "name.state")
    (found,) = ours.found()
    assert isinstance(found, DamagedState)


def test_only_the_owner_may_look(tmp_path: Path) -> None:
    place = tmp_path / "states"
    place.mkdir(mode=0o777)
    folder = StateFolder(place, KEY, BUDGET)
    state = written(folder, "name", [1])
    assert [path.stat().st_mode & 0o777 for path in (place, folder.folder, state.path)] == [
        0o700,
        0o700,
        0o600,
    ]


@given(st.text(max_size=50), st.text(max_size=50))
def test_conversations_may_be_called_anything(one: str, other: str) -> None:
    assert len(name_of(one)) == 32
    assert set(name_of(one)) <= set("0123456789abcdef")
    assert (name_of(one) == name_of(other)) == (
        one.encode("utf-8", "replace") == other.encode("utf-8", "replace")
    )


def test_forgetting_leaves_nothing_of_it(tmp_path: Path) -> None:
    for key in (KEY, OTHER_KEY):
        folder = StateFolder(tmp_path, key, BUDGET)
        written(folder, name_of("mine"), [1])
        written(folder, name_of("yours"), [1])
        folder.part(name_of("mine"))
    forget(tmp_path, "mine")
    assert {path.name for path in tmp_path.glob("*/*")} == {name_of("yours") + ".state"}
    forget(tmp_path / "nothing here", "mine")


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.integers(0, 3000)), max_size=12))
def test_the_budget_holds_whatever_comes(writes: list[tuple[str, int]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        folders = [StateFolder(Path(place), key, 5000) for key in (KEY, OTHER_KEY)]
        latest = ""
        for number, (name, size) in enumerate(writes):
            folder = folders[number % 2]
            whole = size + 100
            if folder.make_room(whole, name):
                state = written(folder, name, [1], b"x" * size)
                os.utime(state.path, (number, number))
                latest = str(state.path)
            else:
                assert whole > 5000
            assert used_bytes(Path(place)) <= 5000
        assert not latest or Path(latest).exists(), "the newest is never the one that leaves"


def test_the_one_unused_for_longest_leaves_first(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path, KEY, 3000)
    for number, name in enumerate("abc"):
        os.utime(written(folder, name, [1], b"x" * 900).path, (number, number))
    read(folder, "a")
    folder.give_back("a")  # used just now
    assert folder.make_room(1000, "d")
    assert {path.stem for path in folder.folder.iterdir()} == {"a", "c"}
    assert not folder.make_room(3001, "d")
    assert {path.stem for path in folder.folder.iterdir()} == {"a", "c"}, "in vain, so nothing left for it"


def test_a_lower_budget_frees_the_oldest_at_once(tmp_path: Path) -> None:
    folders = [StateFolder(tmp_path, key, BUDGET) for key in (KEY, OTHER_KEY)]
    for number, name in enumerate("abcd"):
        os.utime(written(folders[number % 2], name, [1], b"x" * 900).path, (number, number))
    shrink(tmp_path, 2500)
    assert {path.stem for path in tmp_path.glob("*/*")} == {"c", "d"}
    shrink(tmp_path, 2500)
    assert len(list(tmp_path.glob("*/*"))) == 2
    shrink(tmp_path, 0)
    assert used_bytes(tmp_path) == 0
    shrink(tmp_path / "nothing here", 0)


def test_what_place_refuses_is_given_back(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path, KEY, BUDGET)
    state = written(folder, "name", [1])

    def no_memory(lengths: Sequence[int]) -> list[memoryview]:
        raise OSError("no memory")

    with pytest.raises(OSError, match="no memory"):
        folder.read("name", no_memory)
    assert list(folder.found()) == [state]


def test_a_full_disk_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = StateFolder(tmp_path, KEY, BUDGET)
    written(folder, "a", [1])
    # The limit stands in for a disk that others have filled.
    monkeypatch.setattr(state_files, "_LEFT_FREE", 2**62)
    assert not folder.make_room(1000, "d")
    assert len(list(folder.found())) == 1


def test_what_was_abandoned_is_cleared_away(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path, KEY, BUDGET)
    state = written(folder, "a", [1])
    long_ago = time.time() - 10_000
    os.utime(state.path, (long_ago, long_ago))
    old, new = folder.part("old"), folder.part("new")
    os.utime(old, (long_ago, long_ago))
    folder.clear_rubbish()
    assert {path.name for path in folder.folder.iterdir()} == {state.path.name, new.name}


# the key
def test_a_model_is_known_by_its_content(tmp_path: Path) -> None:
    raw = os.urandom(4_000_000)
    paths = [tmp_path / name for name in ("one", "copy", "end", "middle", "longer")]
    contents = [
        raw,
        raw,
        raw[:-1] + b"?",
        raw[:1_500_000] + os.urandom(300_000) + raw[1_800_000:],
        raw + b"!",
    ]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    found = [model_identity(path) for path in paths]
    assert found[0] == found[1]
    assert len(set(found)) == 4
    empty = tmp_path / "empty"
    empty.touch()
    assert len(model_identity(empty)) == 32


def test_the_key_holds_what_a_state_depends_on(tmp_path: Path) -> None:
    path = tmp_path / "model"
    path.write_bytes(b"model")
    flash = ["resolve_fused_ops: Flash Attention enabled"]

    def key(
        build: str = "1",
        log: list[str] | None = None,
        beyond: bool = False,
        rooms: int = 0,
        **changed: object,
    ) -> str:
        request = LoadRequest(str(path), 4096, 1, **changed)  # type: ignore[arg-type]
        lines = flash if log is None else log
        return state_key(request, build, lines, beyond_original=beyond, rooms=rooms)

    different = [
        key(),
        key(build="2"),
        key(log=[]),
        key(beyond=True),
        key(kv_type="q8_0"),
        key(rooms=2),
    ]
    assert len(set(different)) == len(different)
    assert {len(one) for one in different} == {32}
    assert key() == key(n_batch=256, n_gpu_layers=3) == key(kv_unified=True, n_sequences=4)
    assert key() == key(n_sequences=2)


def test_the_cache_of_a_models_states_is_known_without_its_worker(tmp_path: Path) -> None:
    path, parked = tmp_path / "model", tmp_path / "parked"
    path.write_bytes(b"model")
    assert kv_type_of_states(parked, path) == ""
    for age, identity, kv_type in ((3, "", "f16"), (2, "", "q8_0"), (1, "0" * 32, "q4_0")):
        key = key_beginning(identity or model_identity(path), kv_type).ljust(32, "0")
        state = written(StateFolder(parked, key, BUDGET), "name", [1])
        os.utime(state.path, (1000 - age, 1000 - age))
    assert kv_type_of_states(parked, path) == "q8_0", "the newest of this model"


def test_models_that_differ_in_a_later_shard_only_are_two(tmp_path: Path) -> None:
    found = []
    for number, last in enumerate((b"one", b"two")):
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "m-00001-of-00002.gguf").write_bytes(b"the same header")
        (folder / "m-00002-of-00002.gguf").write_bytes(last)
        found.append(model_identity(folder / "m-00001-of-00002.gguf"))
    assert found[0] != found[1]
