"""Which mounted volumes are disks of this machine that could hold models."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.hardware.volumes import Volume, could_hold_models, further_folders, is_writable, volumes

GIB = 2**30


def volume(point: str, filesystem: str = "ext4", options: str = "rw") -> Volume:
    return Volume(point, f"/dev/{point}", filesystem, tuple(options.split(",")))


@pytest.mark.parametrize(
    ("one", "could"),
    [
        (volume("/data"), True),
        (volume("/media/me/USB", "exfat"), True),
        (volume("/mnt/share", "nfs4"), False),
        (volume("/mnt/there", "fuse.sshfs"), False),
        (volume("/snap/core/1", "squashfs", "ro"), False),
        (volume("/boot/efi", "vfat"), False),
        (volume("/run", "tmpfs"), False),
    ],
)
def test_by_kind_and_place(one: Volume, could: bool) -> None:
    assert could_hold_models(one) is could


def test_each_further_disk_once(tmp_path: Path) -> None:
    models, data, bound, small = (tmp_path / name for name in ("models", "data", "bound", "small"))
    for folder in (models, data, bound, small):
        folder.mkdir()
    file = tmp_path / "file"
    file.touch()
    numbers = {models: 1, data: 2, bound: 2, small: 3}
    sizes = {data: 900 * GIB, bound: 900 * GIB, small: GIB, models: 100 * GIB}
    gone = tmp_path / "gone"
    mounted = [volume(str(path)) for path in (models, data, bound, small, gone, file)]
    found = further_folders([models], mounted, sizes.__getitem__, numbers.__getitem__)
    assert found == (data,)


def test_a_disk_that_does_not_answer_is_left_out(tmp_path: Path) -> None:
    def broken(point: Path) -> int:
        raise OSError("input/output error")

    assert further_folders([], [volume(str(tmp_path))], broken) == ()


def test_read_only_is_not_writable(tmp_path: Path) -> None:
    assert is_writable(tmp_path, [volume("/")])
    assert not is_writable(tmp_path, [volume("/"), volume(str(tmp_path), options="ro,relatime")])


def test_this_machines_volumes_are_listed() -> None:
    assert all(one.point for one in volumes())
