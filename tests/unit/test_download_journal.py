"""The journal and what is read back from a part file."""

from __future__ import annotations

import hashlib
import zlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.download.journal import Journal
from engine.download.meter import SpeedMeter
from engine.download.partfile import PartPaths, allocated_bytes, destination_lock, preallocate
from engine.download.segments import Frontier, recheck_unfinished
from engine.download.sizes import size_text
from engine.errors import DownloadError

SHA = hashlib.sha256(b"x").hexdigest()
COMMIT = "c" * 40
REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)


def open_journal(path: Path, size: int = 1000, segment_size: int = 300, sha256: str = SHA) -> Journal:
    return Journal(path, size, segment_size, sha256, COMMIT)


def test_entries_are_found_again(tmp_path: Path) -> None:
    path = tmp_path / "j"
    journal = open_journal(path)
    journal.advance(0, 300, 7)
    journal.advance(3, 50, 0xFFFFFFFF)
    # not closed: a killed process does not close either
    again = open_journal(path)
    assert again.done == [300, 0, 0, 50]
    assert again.crc == [7, 0, 0, 0xFFFFFFFF]


def test_other_content_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "j"
    open_journal(path).advance(0, 300, 7)
    assert open_journal(path, sha256=hashlib.sha256(b"y").hexdigest()).done == [0, 0, 0, 0]
    open_journal(path).advance(0, 300, 7)
    assert open_journal(path, size=1001).done == [0, 0, 0, 0]


def test_another_segment_size_keeps_what_is_there(tmp_path: Path) -> None:
    path = tmp_path / "j"
    open_journal(path).advance(1, 300, 7)
    again = open_journal(path, segment_size=500)
    assert (again.segment_size, again.done) == (300, [0, 300, 0, 0])


@REUSE
@given(data=st.data())
def test_a_damaged_journal_never_claims_more_than_a_segment_holds(
    tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "j"
    path.unlink(missing_ok=True)
    journal = open_journal(path)
    journal.advance(0, 300, 7)
    journal.close()
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(bytes(content[: data.draw(st.integers(0, len(content)))]))
    again = open_journal(path)
    lengths = [300, 300, 300, 100]
    assert all(0 <= done <= length for done, length in zip(again.done, lengths, strict=True))
    assert again.segment_size == 300
    again.close()


def filled(tmp_path: Path, content: bytes) -> tuple[Path, Journal]:
    part = tmp_path / "part"
    part.write_bytes(content)
    journal = Journal(tmp_path / "j", len(content), 300, hashlib.sha256(content).hexdigest(), COMMIT)
    for segment in range(len(journal.done)):
        piece = content[segment * 300 : segment * 300 + 300]
        journal.advance(segment, len(piece), zlib.crc32(piece))
    return part, journal


def test_the_frontier_hashes_the_whole(tmp_path: Path) -> None:
    content = bytes(range(250)) * 4
    part, journal = filled(tmp_path, content)
    frontier = Frontier(part, journal)
    while not frontier.at_end:
        assert frontier.advance(min(300, len(content) - frontier.segment * 300))
    assert frontier.hexdigest() == hashlib.sha256(content).hexdigest()


def test_the_frontier_stops_at_rot_and_goes_on_when_mended(tmp_path: Path) -> None:
    content = bytes(range(250)) * 4
    part, journal = filled(tmp_path, content)
    part.write_bytes(content[:400] + b"\xff" + content[401:])
    frontier = Frontier(part, journal)
    assert frontier.advance(300)
    assert not frontier.advance(300)
    assert frontier.segment == 1
    part.write_bytes(content)
    while not frontier.at_end:
        assert frontier.advance(min(300, len(content) - frontier.segment * 300))
    assert frontier.hexdigest() == hashlib.sha256(content).hexdigest()


def test_unfinished_segments_are_checked_before_they_are_continued(tmp_path: Path) -> None:
    content = bytes(1000)
    part, journal = filled(tmp_path, content)
    journal.advance(1, 200, zlib.crc32(bytes(200)))
    journal.advance(2, 200, zlib.crc32(b"never reached the disk"))
    recheck_unfinished(part, journal)
    assert journal.done == [300, 200, 0, 100]


def test_preallocation_gives_the_exact_size_and_keeps_content(tmp_path: Path) -> None:
    path = tmp_path / "part"
    path.write_bytes(b"abc" * 1000)
    preallocate(path, 100_000)
    assert path.stat().st_size == 100_000
    assert path.read_bytes()[:3000] == b"abc" * 1000
    preallocate(path, 10)
    assert path.read_bytes() == b"abcabcabca"
    assert allocated_bytes(tmp_path / "none") == 0


def test_a_destination_is_locked_once_and_freed(tmp_path: Path) -> None:
    lock = PartPaths(tmp_path / "m.gguf").lock
    with (
        destination_lock(lock, "m.gguf"),
        pytest.raises(DownloadError, match="already being downloaded"),
        destination_lock(lock, "m.gguf"),
    ):
        pytest.fail("locked twice")
    with destination_lock(lock, "m.gguf"):
        assert lock.exists()
    assert not lock.exists()


def test_no_unfinished_file_ends_in_gguf() -> None:
    paths = PartPaths(Path("/m/x.gguf"))
    unfinished = (paths.part, paths.journal, paths.lock, paths.quarantine)
    assert not any(path.name.endswith(".gguf") for path in unfinished)


def test_speed_is_of_the_last_three_seconds_and_zero_in_a_stall() -> None:
    meter = SpeedMeter()
    for tenth in range(50):
        meter.note(tenth / 10, tenth * 100)
    assert meter.bytes_per_second() == pytest.approx(1000)
    for tenth in range(50, 82):
        meter.note(tenth / 10, 4900)
    assert meter.bytes_per_second() == 0
    meter.note(9.0, 0)  # begun again
    assert meter.bytes_per_second() == 0


def test_sizes_in_words() -> None:
    assert [size_text(n) for n in (0, 1023, 1536, 5 << 30, 1 << 50)] == [
        "0 B",
        "1023 B",
        "1.5 KiB",
        "5.0 GiB",
        "1024.0 TiB",
    ]
