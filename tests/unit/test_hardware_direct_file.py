"""Files that are read past the cache: on each system where the tests run, Windows under wine among them."""

from __future__ import annotations

import contextlib
import errno
import mmap
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.hardware.direct_file import DirectFile, is_supported, nameless

MIB = 2**20


@pytest.fixture
def file(tmp_path: Path) -> Iterator[DirectFile]:
    """Skips where the temporary folder cannot be read past the cache (tmpfs before Linux 6.6)."""
    if not is_supported():
        pytest.skip("nothing is measured on this system")
    with contextlib.ExitStack() as stack:
        try:
            made = stack.enter_context(nameless(tmp_path))
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.EOPNOTSUPP):
                raise
            pytest.skip("no direct access here")
        yield made
    assert list(tmp_path.iterdir()) == []


def filled(letter: bytes) -> mmap.mmap:
    page_aligned = mmap.mmap(-1, MIB)
    page_aligned[:] = letter * MIB
    return page_aligned


def test_what_one_handle_wrote_another_reads(file: DirectFile) -> None:
    for number, letter in enumerate((b"a", b"b", b"c")):
        with filled(letter) as block:
            assert file.write(block, number * MIB) == MIB
    file.sync()
    other = file.again()
    with filled(b"-") as block:
        assert other.read(block, 2 * MIB) == MIB
        assert block[:] == b"c" * MIB
        assert file.read(block, 0) == MIB
        assert block[:] == b"a" * MIB
    other.close()
    with filled(b"-") as block:  # the first handle is still good
        assert file.read(block, MIB) == MIB
        assert block[-1:] == b"b"


def test_a_folder_that_is_missing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError), nameless(tmp_path / "none"):
        pass
