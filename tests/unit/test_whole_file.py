from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from engine.whole_file import replace_file

POSIX = pytest.mark.skipif(sys.platform == "win32", reason="modes and limits of POSIX")
WRITER = """
import resource, signal, sys
from pathlib import Path
from engine.whole_file import replace_file
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    replace_file(Path(sys.argv[1]), b"n" * 5000)
except OSError as error:
    sys.exit(7)
"""


def test_it_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for content in (b"first", b"second", b""):
        replace_file(path, content)
        assert path.read_bytes() == content
    assert list(tmp_path.iterdir()) == [path]


@POSIX
def test_a_private_one_is_its_users_alone(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"old")
    path.chmod(0o644)
    replace_file(path, b"new", private=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@POSIX
def test_it_does_not_write_through_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"somebody else's")
    (tmp_path / f"file.{os.getpid()}.new").symlink_to(other)
    replace_file(tmp_path / "file", b"ours")
    assert other.read_bytes() == b"somebody else's"


@POSIX
def test_a_full_disk_leaves_the_old_one(tmp_path: Path) -> None:
    """The limit of a file's size stands for the disk: both fail in `write`."""
    path = tmp_path / "file"
    path.write_bytes(b"old")
    done = subprocess.run([sys.executable, "-c", WRITER, str(path)], timeout=200, check=False)
    assert done.returncode == 7
    assert path.read_bytes() == b"old" and list(tmp_path.iterdir()) == [path]


def test_without_its_folder_it_fails_and_makes_none(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="gone"):
        replace_file(tmp_path / "gone" / "file", b"x")
    assert not list(tmp_path.iterdir())
