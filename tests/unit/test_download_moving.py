"""Verifying again, moving to another disk, deleting with undo."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download import moving
from engine.download.library import Library
from engine.download.library_values import LibraryEntry, Standing
from engine.download.moving import move
from engine.download.records import VerifiedFile, read_record, write_record
from engine.download.trash import KEPT_SECONDS, empty_trash, put_in_trash, restore, trashed
from engine.download.verifying import verify
from engine.errors import Cancelled, DataFolderError, DiskFull, DownloadError, ModelFileError, UsageError

SHARDS = tuple(f"Big-Q4_K_M-0000{n}-of-00002.gguf" for n in (1, 2))
MIB = 1 << 20


def publish(models: Path, size: int = 3 * MIB) -> list[Path]:
    """A download of two shards, as `pull` leaves it."""
    finals = []
    for number, path in enumerate(SHARDS):
        final = models / "owner" / "Big-GGUF" / path
        final.parent.mkdir(parents=True, exist_ok=True)
        final.write_bytes(b"GGUF" + random.Random(number).randbytes(size))
        digest = hashlib.sha256(final.read_bytes()).hexdigest()
        status = final.stat()
        record = ("owner/Big-GGUF", "c" * 40, "Q4_K_M", path, status.st_size, digest, status.st_mtime_ns)
        write_record(final, VerifiedFile(*record, SHARDS, 1_700_000_000.0))
        finals.append(final)
    return finals


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


@pytest.fixture
def library(models: Path, tmp_path: Path) -> Library:
    publish(models)
    return Library(models, tmp_path / "state", tmp_path / "no starter")


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that counts as another volume; /dev/shm is one, where it is there."""
    shm = Path("/dev/shm")
    if not shm.is_dir() or shm.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second volume here")
    folder = shm / f"deskside-test-{os.getpid()}-{time.time_ns()}"
    folder.mkdir()
    yield folder
    subprocess.run(["rm", "-rf", str(folder)], check=True)


def only(library: Library) -> LibraryEntry:
    (entry,) = library.entries()
    return entry


def nothing(*_: object) -> None:
    """No progress wanted."""


# verifying again
def test_verifying_notes_when(library: Library) -> None:
    seen: list[tuple[int, int]] = []
    assert verify(library, only(library), lambda *news: seen.append(news), CancelToken())
    assert seen[-1][0] == seen[-1][1] == only(library).model.size_bytes
    assert only(library).verified_at > time.time() - 60


def test_a_rotten_byte_is_found_though_size_and_time_are_the_same(library: Library) -> None:
    path = Path(only(library).files[1])
    status = path.stat()
    content = bytearray(path.read_bytes())
    content[MIB] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert only(library).standing is Standing.READY  # nobody can know yet
    with pytest.raises(ModelFileError, match="not what was downloaded any more"):
        verify(library, only(library), nothing, CancelToken())
    assert only(library).standing is Standing.CHANGED
    assert library.installed() == ()


def test_a_file_that_was_only_touched_is_good_again(library: Library) -> None:
    Path(only(library).files[0]).touch()
    assert only(library).standing is Standing.CHANGED
    assert verify(library, only(library), nothing, CancelToken())
    assert only(library).standing is Standing.READY and library.installed()


def test_verifying_can_be_cancelled(library: Library) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        verify(library, only(library), lambda *_: token.cancel(), token)
    assert only(library).verified_at == 1_700_000_000.0


# moving
def test_moving_within_a_volume_renames(library: Library, tmp_path: Path) -> None:
    old = [Path(file) for file in only(library).files]
    inodes = [file.stat().st_ino for file in old]
    new = move(library, only(library), tmp_path / "elsewhere", nothing, CancelToken())
    entry = only(library)
    assert (entry.model.path, entry.folder) == (str(new), str(tmp_path / "elsewhere"))
    assert [Path(file).stat().st_ino for file in entry.files] == inodes
    assert entry.standing is Standing.READY and entry.verified_at == 1_700_000_000.0
    assert not old[0].parent.exists()
    assert (tmp_path / "models").is_dir()


def test_moving_to_another_disk_compares_what_is_there(library: Library, disk: Path) -> None:
    before = [Path(file).read_bytes() for file in only(library).files]
    seen: list[tuple[int, int, bool]] = []
    move(library, only(library), disk, lambda *news: seen.append(news), CancelToken(), floor_bytes=0)
    entry = only(library)
    assert [Path(file).read_bytes() for file in entry.files] == before
    assert entry.folder == str(disk) and entry.verified_at > time.time() - 60
    assert {comparing for _, _, comparing in seen} == {False, True}
    assert sorted(p.name for p in disk.rglob("*") if p.is_file()) == sorted(
        [*SHARDS, *(f"{shard}.json" for shard in SHARDS)]
    )


KILLED = """
import sys, time
from pathlib import Path
from engine.cancellation import CancelToken
from engine.download import moving
from engine.download.library import Library
moving._BLOCK_BYTES = 64 << 10
library = Library(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[2]))
(entry,) = [e for e in library.entries() if e.folder == sys.argv[1]]

def wait_in_the_middle(done, total, comparing):
    if done >= int(sys.argv[4]) and not comparing:
        print(done, flush=True)
        time.sleep(600)

moving.move(library, entry, Path(sys.argv[3]), wait_in_the_middle, CancelToken(), 0)
"""


def test_a_move_that_is_killed_loses_nothing_and_goes_on(
    library: Library, models: Path, disk: Path, tmp_path: Path
) -> None:
    before = [Path(file).read_bytes() for file in only(library).files]
    words = [sys.executable, "-c", KILLED, str(models), str(tmp_path / "state"), str(disk)]
    for least in (MIB, 4 * MIB):
        process = subprocess.Popen([*words, str(least)], stdout=subprocess.PIPE)
        assert process.stdout is not None and int(process.stdout.readline()) >= least
        process.kill()
        process.communicate()
        (entry,) = (each for each in library.entries() if each.folder == str(models))
        assert entry.standing is Standing.READY
    copied: list[int] = []
    move(
        library,
        entry,
        disk,
        lambda done, total, comparing: None if comparing else copied.append(done),
        CancelToken(),
        floor_bytes=0,
    )
    assert min(copied) > 3 * MIB  # the first shard was there already
    assert [Path(file).read_bytes() for file in only(library).files] == before
    assert only(library).folder == str(disk)


FULL = """
import sys
from pathlib import Path
from engine.cancellation import CancelToken
from engine.download import moving
from engine.download.library import Library
from engine.errors import DiskFull
moving._BLOCK_BYTES = 64 << 10
models, state, disk = map(Path, sys.argv[1:])
library, filler = Library(models, state, state), disk / "filler"

def fill(done, total, comparing):
    "Somebody else takes the rest of the disk."
    if not filler.exists():
        with filler.open("wb", buffering=0) as file:
            try:
                while file.write(bytes(1 << 16)):
                    pass
            except OSError:
                pass

def move(progress):
    (entry,) = library.entries()
    return moving.move(library, entry, disk, progress, CancelToken(), 0)

try:
    move(fill)
except DiskFull as error:
    print(error.message.code)
assert [entry.folder for entry in library.entries()] == [str(models)] and library.installed()
assert not list(disk.rglob("*.gguf"))
filler.unlink()
new = move(lambda *news: None)
assert str(new).startswith(str(disk)) and not list(models.rglob("*.gguf"))
assert not list(disk.rglob("*.moving"))
print("moved")
"""


def test_a_disk_that_fills_up_in_mid_move_loses_nothing(
    library: Library, models: Path, tmp_path: Path
) -> None:
    disk = tmp_path / "small"
    disk.mkdir()
    mounted = 'mount -t tmpfs -o size=8m none "$0" && exec "$@"'
    inside = ["unshare", "-rm", "sh", "-c", mounted, str(disk)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file systems can be mounted here")
    words = [*inside, sys.executable, "-c", FULL, str(models), str(tmp_path / "state"), str(disk)]
    done = subprocess.run(words, capture_output=True, text=True, timeout=200, check=False)
    assert done.stdout.split() == ["disk_filled_up", "moved"], done.stderr


def test_a_rename_that_is_interrupted_goes_on(library: Library, tmp_path: Path) -> None:
    target = tmp_path / "elsewhere"
    first = Path(only(library).files[0])
    new = target / "owner" / "Big-GGUF" / first.name
    new.parent.mkdir(parents=True)
    record = read_record(first)
    assert record is not None
    first.replace(new)
    write_record(new, record)
    library.add_folder(target)
    (half,) = (entry for entry in library.entries() if entry.standing is Standing.MISSING)
    move(library, half, target, nothing, CancelToken())
    assert only(library).folder == str(target) and only(library).standing is Standing.READY


def test_cancelling_a_move_keeps_the_old_files(library: Library, disk: Path, models: Path) -> None:
    token = CancelToken()
    with pytest.raises(Cancelled):
        move(library, only(library), disk, lambda *_: token.cancel(), token, floor_bytes=0)
    assert only(library).standing is Standing.READY and only(library).folder == str(models)
    assert list(disk.rglob("*.gguf")) == []


def test_a_damaged_file_is_not_moved(library: Library, disk: Path) -> None:
    path = Path(only(library).files[0])
    status = path.stat()
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(ModelFileError, match="was read with a wrong checksum"):
        move(library, only(library), disk, nothing, CancelToken(), floor_bytes=0)
    assert list(disk.rglob("*.gguf*")) == [] or not list(disk.rglob("*.gguf"))
    assert path.exists()


def test_places_that_a_model_cannot_go_to(library: Library, models: Path, disk: Path) -> None:
    entry = only(library)
    with pytest.raises(UsageError):
        move(library, entry, models, nothing, CancelToken())
    with pytest.raises(UsageError):
        move(library, entry, Path("relative"), nothing, CancelToken())
    with pytest.raises(DiskFull, match="nothing was moved"):
        move(library, entry, disk, nothing, CancelToken(), floor_bytes=1 << 60)
    taken = disk / "owner" / "Big-GGUF" / SHARDS[0]
    taken.parent.mkdir(parents=True, exist_ok=True)
    taken.write_bytes(b"mine")
    with pytest.raises(DownloadError, match="nothing was overwritten"):
        move(library, entry, disk, nothing, CancelToken(), floor_bytes=0)
    assert taken.read_bytes() == b"mine"
    assert only(library).standing is Standing.READY


def test_a_folder_that_cannot_be_written_is_a_sentence(library: Library, models: Path) -> None:
    """A read-only disk: /proc takes no folders, whoever asks."""
    with pytest.raises(DataFolderError):
        move(library, only(library), Path("/proc/models"), nothing, CancelToken())
    assert only(library).standing is Standing.READY


# the trash
def test_deleting_can_be_undone(library: Library, models: Path) -> None:
    before = only(library)
    gone = put_in_trash(before)
    assert library.entries() == () and library.installed() == ()
    assert not (models / "owner").exists()
    assert trashed(library.folders()) == (gone,)
    assert (gone.name, gone.size_bytes) == (before.model.name, before.model.size_bytes)
    restore(library.folders(), gone.key)
    assert only(library) == before
    assert trashed(library.folders()) == ()
    with pytest.raises(UsageError):
        restore(library.folders(), gone.key)


def test_the_trash_is_emptied_by_hand_or_after_a_week(library: Library, models: Path) -> None:
    gone = put_in_trash(only(library))
    assert empty_trash(library.folders(), KEPT_SECONDS) == 0
    assert trashed(library.folders()) == (gone,)
    assert empty_trash(library.folders()) == gone.size_bytes
    assert trashed(library.folders()) == () and not (models / ".trash").exists()


def test_what_was_fetched_again_meanwhile_is_not_overwritten(library: Library, models: Path) -> None:
    gone = put_in_trash(only(library))
    publish(models, MIB)
    with pytest.raises(DownloadError, match="nothing was overwritten"):
        restore(library.folders(), gone.key)
    assert only(library).standing is Standing.READY
    assert trashed(library.folders()) == (gone,)


@pytest.mark.parametrize(
    "note",
    ["", "[]", '{"files": ["../../../x"]}', '{"files": 3, "name": "x"}', "[" * 100_000],
)
def test_hostile_notes_in_the_trash(library: Library, models: Path, note: str, tmp_path: Path) -> None:
    outside = tmp_path / "x"
    outside.write_text("mine")
    gone = put_in_trash(only(library))
    (Path(gone.key) / "model.json").write_text(note)
    assert trashed(library.folders()) == ()
    with pytest.raises(UsageError):
        restore(library.folders(), gone.key)
    assert empty_trash(library.folders(), KEPT_SECONDS) == 0  # it was not a week there
    assert len(list(Path(gone.key).rglob("*.gguf"))) == 2
    assert outside.read_text() == "mine"


def test_files_of_others_are_not_deleted(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "Mine-Q8_0.gguf"
    path.write_bytes(b"GGUF mine")
    library.register(library.local(path))
    entry = library.find_entry("Mine")
    with pytest.raises(UsageError, match="neither moves nor deletes"):
        put_in_trash(entry)
    with pytest.raises(UsageError, match="neither moves nor deletes"):
        move(library, entry, tmp_path / "elsewhere", nothing, CancelToken())
    assert path.exists()


def test_blocks_are_small_enough_to_cancel_soon() -> None:
    assert moving._BLOCK_BYTES <= 8 * MIB
