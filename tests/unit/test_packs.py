"""Runtime packs: signatures, archives that mean harm, and the shelf's choice."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import lzma
import os
import platform
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.errors import PackError
from engine.messages import Sentence, english, sentence
from engine.packs.fitting import Card, fitting, old_driver
from engine.packs.manifest import Pack, read_manifest, trusted_keys
from engine.packs.outlived import clear_out
from engine.packs.shelf import BUILT_IN, Shelf
from engine.packs.unpack import unpack

KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()


def pack(name: str = "vulkan-1", backend: str = "vulkan", **values: object) -> Pack:
    made = Pack(name, backend, sys.platform, platform.machine().lower(), "1.0", "a.tar.xz", 10, 20, "0" * 64)
    return dataclasses.replace(made, **values)


def manifest(*entries: object) -> tuple[bytes, bytes]:
    body = json.dumps({"packs": entries}).encode()
    return body, base64.b64encode(KEY.sign(body)) + b"\n"


def test_a_signed_manifest_is_read() -> None:
    assert read_manifest(*manifest(dataclasses.asdict(pack())), [b"\1" * 32, PUBLIC]) == (pack(),)


@pytest.mark.parametrize("at", [0, 20, -1])
def test_a_changed_byte_or_another_key_is_refused(at: int) -> None:
    body, signature = manifest(dataclasses.asdict(pack()))
    changed = bytearray(body)
    changed[at] ^= 1
    other = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    for keys, text, mark in (
        ([PUBLIC], bytes(changed), signature),
        ([other], body, signature),
        ([], body, signature),
        ([PUBLIC], body, b""),
        ([PUBLIC], body, b"\xff" * 90),
        ([b"short"], body, signature),
    ):
        with pytest.raises(PackError) as caught:
            read_manifest(text, mark, keys)
        assert caught.value.message.code == "pack_unsigned"


@pytest.mark.parametrize(
    "values",
    [
        {"name": "../evil"},
        {"file": "/etc/passwd"},
        {"file": "a/b"},
        {"backend": "abacus"},
        {"sha256": "x"},
        {"size": -1},
        {"size": True},
        {"unpacked": 1 << 60},
        {"abi": 3},
    ],
)
def test_a_signed_manifest_may_still_make_no_sense(values: dict[str, object]) -> None:
    with pytest.raises(PackError) as caught:
        read_manifest(*manifest({**dataclasses.asdict(pack()), **values}), [PUBLIC])
    assert caught.value.message.code == "pack_manifest_damaged"


@pytest.mark.parametrize("body", [b"", b"[]", b'{"packs": 3}', b'{"packs": [3]}', b"[" * 100_000])
def test_a_signed_manifest_of_another_form_is_refused(body: bytes) -> None:
    with pytest.raises(PackError):
        read_manifest(body, base64.b64encode(KEY.sign(body)), [PUBLIC])


def test_keys_are_lines_with_remarks(tmp_path: Path) -> None:
    good, bad = tmp_path / "keys.txt", tmp_path / "bad.txt"
    good.write_text(f"# who\n\n{base64.b64encode(PUBLIC).decode()}  # ours\n")
    assert trusted_keys(good, tmp_path / "none") == (PUBLIC,)
    bad.write_text("not base64!")
    with pytest.raises(PackError):
        trusted_keys(bad)


def archive(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:xz") as made:
        for member, content in members:
            member.size = len(content)
            made.addfile(member, io.BytesIO(content))
    return path


def entry(
    name: str, content: bytes = b"", kind: bytes = tarfile.REGTYPE, link: str = ""
) -> tuple[tarfile.TarInfo, bytes]:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, link
    return member, content


def test_plain_files_are_unpacked(tmp_path: Path) -> None:
    made = archive(tmp_path / "a.tar.xz", entry("libggml-x.so", b"x" * 3_000_000), entry("LICENSE", b"MIT"))
    folder = tmp_path / "out"
    folder.mkdir()
    unpack(made, folder, 3_000_003)
    assert (folder / "libggml-x.so").read_bytes() == b"x" * 3_000_000
    assert (folder / "LICENSE").read_bytes() == b"MIT"


@pytest.mark.parametrize(
    "members",
    [
        [entry("../escaped", b"x")],
        [entry("/tmp/escaped", b"x")],
        [entry("sub/file", b"x")],
        [entry("link", kind=tarfile.SYMTYPE, link="/etc/passwd")],
        [entry("link", kind=tarfile.SYMTYPE, link=".."), entry("link/escaped", b"x")],
        [entry("hard", kind=tarfile.LNKTYPE, link="/etc/passwd")],
        [entry("pipe", kind=tarfile.FIFOTYPE)],
        [entry("device", kind=tarfile.CHRTYPE)],
        [entry("folder", kind=tarfile.DIRTYPE)],
        [entry("twice", b"a"), entry("TWICE", b"b")],
        [entry(f"many{number}", b"") for number in range(200)],
        [entry("big", b"x" * 2_000_000)],
        [],
    ],
    ids=lambda members: members[0][0].name if members else "empty",
)
def test_archives_that_mean_harm_are_refused(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]]
) -> None:
    made = archive(tmp_path / "a.tar.xz", *members)
    folder = tmp_path / "in" / "out"
    folder.mkdir(parents=True)
    with pytest.raises(PackError):
        unpack(made, folder, 1_000_000)
    assert sorted(path.name for path in (tmp_path / "in").rglob("*") if path.name == "escaped") == []


def test_a_bomb_is_stopped_early(tmp_path: Path) -> None:
    """A header that says it has gigabytes of remarks would be read into memory by tarfile."""
    made = tmp_path / "bomb.tar.xz"
    header = tarfile.TarInfo("remarks")
    header.type, header.size = tarfile.XHDTYPE, 1 << 40
    with lzma.open(made, "wb") as file:
        file.write(header.tobuf())
        for _ in range(64):
            file.write(b"\0" * (1 << 20))
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(PackError):
        unpack(made, folder, 1_000_000)


@pytest.mark.parametrize("keep", [0, 10, 100, -1000])
def test_a_truncated_archive_is_refused(tmp_path: Path, keep: int) -> None:
    made = archive(tmp_path / "a.tar.xz", entry("libggml-x.so", os.urandom(200_000)))
    made.write_bytes(made.read_bytes()[:keep])
    folder = tmp_path / "out"
    folder.mkdir()
    with pytest.raises(PackError):
        unpack(made, folder, 1_000_000)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    made = Shelf(tmp_path / "runtimes", "1.0")
    for one in (pack("cpu-1", "cpu"), pack("vulkan-1", "vulkan"), pack("cuda-1", "cuda")):
        unpacked = tmp_path / one.name
        unpacked.mkdir()
        made.folder.mkdir(parents=True, exist_ok=True)
        made.add(one, unpacked)
    return made


def test_what_was_chosen_is_taken_and_the_one_before_comes_back(shelf: Shelf) -> None:
    assert [one.name for one in shelf.packs()] == ["cuda-1", "vulkan-1", "cpu-1"]
    assert shelf.in_use() == BUILT_IN  # nothing is taken that nobody chose
    shelf.use("vulkan-1")
    shelf.use("cuda-1")
    assert shelf.in_use() == "cuda-1"
    assert shelf.roll_back() == "vulkan-1"
    assert shelf.roll_back() == BUILT_IN


def test_what_dead_installations_left_goes_and_what_others_are_at_stays(shelf: Shelf) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    left, others = shelf.folder / f".fresh-{dead.pid}-x", shelf.folder / f".fresh-{os.getpid()}-y"
    for folder in (left, others):
        folder.mkdir()
        (folder / "libggml-x.so").write_bytes(b"half of it")
    with shelf.workbench() as made:
        assert made.is_dir() and made.parent == shelf.folder
        assert not left.exists() and others.exists()
    assert not made.exists()


def broken(why: str) -> Sentence:
    return sentence("pack_refused", name="libggml-x.so", reason=why)


def test_one_that_was_put_aside_gives_way_to_the_next_best(shelf: Shelf) -> None:
    shelf.use("cuda-1")
    shelf.put_aside("cuda-1", broken("it is broken"))
    assert shelf.in_use() == "vulkan-1"
    shelf.put_aside("vulkan-1", broken("it is broken, too"))
    shelf.put_aside("cpu-1", broken("and this"))
    assert shelf.in_use() == BUILT_IN
    shelf.use("cuda-1")  # another chance
    assert shelf.in_use() == "cuda-1"


def test_one_that_is_too_slow_gives_way_to_what_was_there_before(shelf: Shelf) -> None:
    shelf.use("cpu-1")
    shelf.use("cuda-1")
    assert shelf.before() == "cpu-1"
    shelf.go_back("cuda-1", broken("slow"))
    assert shelf.in_use() == "cpu-1"  # not vulkan-1, which is better and which nobody chose
    assert shelf.choice().aside["cuda-1"] == broken("slow")
    assert shelf.before() == BUILT_IN
    shelf.go_back("cpu-1", broken("slow"))
    assert shelf.in_use() == BUILT_IN
    shelf.use("cuda-1")
    assert shelf.in_use() == "cuda-1"
    assert "cuda-1" not in shelf.choice().aside


def test_what_was_there_before_may_be_gone_or_broken(shelf: Shelf) -> None:
    for name in (BUILT_IN, "cpu-1", "vulkan-1", "cuda-1"):
        shelf.use(name)
    shelf.put_aside("vulkan-1", broken("it is"))
    shelf.remove("cpu-1")
    assert shelf.before() == BUILT_IN
    shelf.go_back("cuda-1", broken("slow"))
    assert shelf.in_use() == BUILT_IN


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("the driver is gone", "the driver is gone"),  # as versions before kept it
        ({"code": "pack_of_the_future", "values": {}}, "pack_of_the_future"),
        ({"code": "pack_refused", "values": {}}, "pack_refused"),
        ({}, "?"),
    ],
)
def test_reasons_of_other_versions_are_shown_all_the_same(shelf: Shelf, kept: object, said: str) -> None:
    (shelf.folder / "choice.json").write_text(json.dumps({"chosen": ["cuda-1"], "aside": {"cuda-1": kept}}))
    assert said in english(shelf.choice().aside["cuda-1"])
    assert shelf.in_use() == "vulkan-1"


def test_removed_packs_are_gone(shelf: Shelf) -> None:
    shelf.use("cuda-1")
    shelf.remove("cuda-1")
    assert "cuda-1" not in [one.name for one in shelf.packs()]
    assert shelf.in_use() == BUILT_IN


def test_a_pack_that_ends_workers_twice_is_put_aside(shelf: Shelf) -> None:
    shelf.use("cuda-1")
    child = (
        "import os, sys; from pathlib import Path; from engine.packs.shelf import Shelf\n"
        "with Shelf(Path(sys.argv[1]), '1.0').attempt() as name: os._exit(9)"
    )
    for _ in range(2):
        assert shelf.in_use() == "cuda-1"
        done = subprocess.run(
            [sys.executable, "-c", child, str(shelf.folder.parent)], check=False, timeout=200
        )
        assert done.returncode == 9
    with shelf.attempt() as name:
        assert name == "vulkan-1"
    assert shelf.choice().aside["cuda-1"].code == "pack_ended_engine"


def test_a_good_start_forgets_a_bad_one(shelf: Shelf) -> None:
    shelf.use("cuda-1")
    for _ in range(3):
        (shelf.folder / "trying-4999999-cuda-1").touch()
        with shelf.attempt() as name:
            assert name == "cuda-1"
    assert list(shelf.folder.glob("trying-*")) == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"chosen": 3, "aside": {}}',
        '{"chosen": [], "aside": []}',
        '{"chosen": [], "aside": {"a": 3}}',
        '{"chosen": [], "aside": {"a": {"code": "pack_refused", "values": 3}}}',
    ],
)
def test_a_damaged_choice_counts_as_none(shelf: Shelf, text: str) -> None:
    (shelf.folder / "choice.json").write_text(text)
    assert shelf.in_use() == BUILT_IN
    shelf.use("vulkan-1")
    assert shelf.in_use() == "vulkan-1"


def test_another_build_of_the_engine_sees_nothing_of_it(shelf: Shelf) -> None:
    shelf.use("cuda-1")
    assert Shelf(shelf.folder.parent, "1.1").packs() == ()


def add(shelf: Shelf, *names: str, backend: str = "vulkan") -> None:
    for name in names:
        with shelf.workbench() as work:
            (work / name).mkdir()
            (work / name / "libggml-x.so").write_bytes(b"x" * 1000)
            shelf.add(pack(name, backend), work / name)


def test_an_update_keeps_what_is_in_use_and_what_was_before_it(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    for number in range(1, 4):
        add(shelf, f"vulkan-1.0-{number}")
        shelf.use(f"vulkan-1.0-{number}")
        clear_out(shelf)
    assert {one.name for one in shelf.packs()} == {"vulkan-1.0-2", "vulkan-1.0-3"}
    assert shelf.roll_back() == "vulkan-1.0-2"
    assert shelf.roll_back() == BUILT_IN, "the one that is gone must not lead to another"
    assert not list(shelf.folder.glob(".fresh-*"))


def test_packs_that_do_not_replace_each_other_stay(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    add(shelf, "vulkan-1.0-1", "vulkan-of-us", "vulkan-2.0-7")
    add(shelf, "cuda-1.0-2", backend="cuda")
    for name in ("vulkan-1.0-1", "vulkan-of-us", "vulkan-2.0-7"):
        shelf.use(name)
    clear_out(shelf)
    assert len(shelf.packs()) == 4


def test_an_older_one_that_a_person_chose_stays(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    add(shelf, "vulkan-1.0-1", "vulkan-1.0-2", "vulkan-1.0-3")
    shelf.use("vulkan-1.0-3")
    shelf.use("vulkan-1.0-1")
    clear_out(shelf)
    assert {one.name for one in shelf.packs()} == {"vulkan-1.0-1", "vulkan-1.0-3"}
    assert (shelf.in_use(), shelf.before()) == ("vulkan-1.0-1", "vulkan-1.0-3")


DAY_S = 86_400


def test_builds_that_no_program_uses_any_more_go(tmp_path: Path) -> None:
    now = time.time()
    ages = {"0.1": 400, "0.2": 300, "0.3": 200, "0.4.1": 40, "0.9": 3}  # days since a worker started with it
    for abi, age in ages.items():
        old = Shelf(tmp_path / "runtimes", abi)
        add(old, f"vulkan-{abi}-1")
        old.use(f"vulkan-{abi}-1")
        with old.attempt():
            pass
        os.utime(old.folder, (now - age * DAY_S,) * 2)
    others = [tmp_path / "runtimes" / "not-ours", tmp_path / "outside"]
    for folder in others:
        folder.mkdir()
        os.utime(folder, (1, 1))
    (tmp_path / "outside" / "kept").touch()
    (tmp_path / "runtimes" / "0.0.7").symlink_to(tmp_path / "outside")
    (tmp_path / "runtimes" / ".going-0.0-1").mkdir()  # of a program that was killed as it deleted
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    add(shelf, "vulkan-1.0-1")
    clear_out(shelf)
    left = {path.name for path in (tmp_path / "runtimes").iterdir()}
    assert left == {"1.0", "0.9", "0.0.7", "not-ours"}
    assert (tmp_path / "outside" / "kept").exists()


def test_the_build_before_this_one_stays_however_old_it_is(tmp_path: Path) -> None:
    for abi, age in (("0.1", 400), ("0.2", 300)):
        add(Shelf(tmp_path / "runtimes", abi), f"vulkan-{abi}-1")
        os.utime(tmp_path / "runtimes" / abi, (time.time() - age * DAY_S,) * 2)
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    add(shelf, "vulkan-1.0-1")
    clear_out(shelf)
    assert {path.name for path in (tmp_path / "runtimes").iterdir()} == {"1.0", "0.2"}
    assert [one.name for one in Shelf(tmp_path / "runtimes", "0.2").packs()] == ["vulkan-0.2-1"]


def test_a_start_of_a_worker_tells_that_its_build_is_used(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "runtimes", "1.0")
    add(shelf, "vulkan-1.0-1")
    shelf.use("vulkan-1.0-1")
    os.utime(shelf.folder, (1, 1))
    with shelf.attempt():
        pass
    assert shelf.folder.stat().st_mtime > time.time() - DAY_S


# which are for a machine's cards


ALL = (
    pack("cpu-1", "cpu"),
    pack("vulkan-1.0-1"),
    pack("cuda-1.0-1", "cuda", driver="525.60"),
    pack("hip-1.0-1", "hip"),
    pack("vulkan-1.0-2"),
)


@pytest.mark.parametrize(
    ("cards", "wanted"),
    [
        (None, ["cuda-1.0-1", "hip-1.0-1", "vulkan-1.0-2"]),
        ([], ["vulkan-1.0-2"]),
        ([Card("NVIDIA")], ["cuda-1.0-1", "vulkan-1.0-2"]),
        ([Card("AMD"), Card("Intel")], ["hip-1.0-1", "vulkan-1.0-2"]),
        ([Card("Intel")], ["vulkan-1.0-2"]),
        ([Card("")], ["cuda-1.0-1", "hip-1.0-1", "vulkan-1.0-2"]),
    ],
)
def test_cards_are_offered_what_is_for_them_the_newest_first(
    cards: list[Card] | None, wanted: list[str]
) -> None:
    assert [one.name for one in fitting(ALL, cards)] == wanted


@pytest.mark.parametrize(
    ("have", "old"),
    [
        ("525.60.13", ""),
        ("525.9", "525.9"),
        ("470.256.02", "470.256.02"),
        ("550.54", ""),
        ("", ""),
        ("?", ""),
    ],
)
def test_a_driver_that_is_too_old_is_known_before_anything_is_fetched(have: str, old: str) -> None:
    cuda = ALL[2]
    assert old_driver(cuda, [Card("AMD", "1.0"), Card("NVIDIA", have)]) == old
    assert old_driver(cuda, None) == "" and old_driver(ALL[1], [Card("NVIDIA", "1.0")]) == ""


def test_lists_without_drivers_are_still_read() -> None:
    entry = dataclasses.asdict(pack())
    del entry["driver"]
    assert read_manifest(*manifest(entry), [PUBLIC]) == (pack(),)
    with pytest.raises(PackError):
        read_manifest(*manifest({**entry, "driver": "the newest"}), [PUBLIC])
