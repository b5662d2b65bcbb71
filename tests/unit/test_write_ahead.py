"""Programs that open one new database in the same moment, in processes of their own."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from engine.write_ahead import write_ahead

ROOT = Path(__file__).resolve().parents[2]

# Each line is a folder, told to all programs in the same moment.
_OPENER = """
import sys
from pathlib import Path
from engine.chat.search_index import SearchIndex
from engine.chat.store import ChatStore
from engine.telemetry.history import History
for line in sys.stdin:
    folder = Path(line.strip())
    store = ChatStore(folder / "chats.sqlite3")
    store.begin("one of three")
    SearchIndex(folder / "search.sqlite3", folder / "chats.sqlite3").close()
    store.close()
    History(folder / "history.sqlite3").close()
    print("done", flush=True)
"""


def test_three_programs_make_the_same_files_at_once(tmp_path: Path) -> None:
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _OPENER],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for round_ in range(60):
        folder = tmp_path / str(round_)
        folder.mkdir()
        for program in programs:
            assert program.stdin is not None
            program.stdin.write(f"{folder}\n")
            program.stdin.flush()
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "done\n", program.communicate()[1]
    for program in programs:
        program.communicate()


def test_a_file_that_stays_locked_is_an_error_after_the_patience(tmp_path: Path) -> None:
    path = tmp_path / "held.sqlite3"
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("CREATE TABLE t (a)")
    holder.execute("BEGIN EXCLUSIVE")
    other = sqlite3.connect(path, timeout=0.01)
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        write_ahead(other, 0.05)
    holder.execute("COMMIT")
    write_ahead(other, 0.05)
    assert other.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    other.close()
    holder.close()
