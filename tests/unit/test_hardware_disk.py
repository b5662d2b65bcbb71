"""Which disk holds a folder, and which file may be read to measure it."""

from __future__ import annotations

import os
from pathlib import Path

from engine.hardware.disk import Mount, mount_of, nearest_existing, probe_disk
from engine.hardware.ssd import is_solid, usable_file

MIB = 2**20
ROOT, HOME, OLD = Mount("/", "a", "ext4"), Mount("/home", "b", "xfs"), Mount("/home", "c", "ext4")


def test_longest_mount_wins_and_the_last_covers_the_others() -> None:
    assert mount_of(Path("/home/me"), [ROOT, OLD, HOME]) == HOME
    assert mount_of(Path("/homes"), [HOME, ROOT]) == ROOT
    assert mount_of(Path("/x"), []).point == "/"


def test_a_folder_that_is_not_there_yet_has_the_disk_of_its_parent(tmp_path: Path) -> None:
    assert nearest_existing(tmp_path / "a" / "b") == tmp_path.resolve()
    disk = probe_disk(tmp_path / "a" / "b")
    assert disk.path == str(tmp_path / "a" / "b")
    assert disk.mount_point and 0 < disk.free_bytes <= disk.total_bytes
    assert not (tmp_path / "a").exists()


def test_only_a_large_solid_file_is_read(tmp_path: Path) -> None:
    sparse, small, solid = tmp_path / "sparse", tmp_path / "small", tmp_path / "solid"
    with sparse.open("wb") as file:
        file.truncate(100 * MIB)
    small.write_bytes(os.urandom(MIB))
    assert not is_solid(sparse.stat()) and is_solid(small.stat())
    assert usable_file(tmp_path, [sparse, small, tmp_path / "gone"]) is None
    solid.write_bytes(os.urandom(33 * MIB))
    assert usable_file(tmp_path, [sparse, small, solid]) == solid
