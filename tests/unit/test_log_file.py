"""The log of window and command line stays small, whoever else writes to it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

LINES = 40_000
WRITER = f"""
import logging, sys
from pathlib import Path
from engine.log_file import log_to_file
from engine.paths import Paths

log_to_file(Paths(*[Path(sys.argv[1])] * 3))
for number in range({LINES}):
    logging.getLogger("test").warning("line %d, and as many words again as a warning has", number)
"""


def write(folder: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-c", WRITER, str(folder)], capture_output=True, text=True, timeout=200, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "deskside.log"


def test_two_files_of_a_mebibyte_are_kept(tmp_path: Path) -> None:
    log = write(tmp_path)
    assert f"line {LINES - 1}," in log.read_text("utf-8").splitlines()[-1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deskside.log", "deskside.log.1"]
    assert all(path.stat().st_size <= 1024 * 1024 for path in tmp_path.iterdir())


def test_nothing_is_lost_while_another_program_has_it_open(tmp_path: Path) -> None:
    """On Windows it cannot be renamed then."""
    with (tmp_path / "deskside.log").open("a"):
        log = write(tmp_path)
    assert f"line {LINES - 1}," in log.read_text("utf-8").splitlines()[-1]
