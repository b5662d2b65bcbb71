"""The queue of downloads: its order, its file, and whatever may stand in that file."""

from __future__ import annotations

import json
import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.download.queue import (
    DownloadQueue,
    QueueEntry,
    QueueState,
    changed,
    key_of,
    moved,
    planned,
    with_entry,
    without,
)
from engine.download.unfinished import unfinished_downloads
from engine.download.values import DownloadPlan, RemoteFile
from engine.messages import sentence

REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
FOLDER = "/models"


def entry(name: str, quantization: str = "Q4_K_M", **values: Any) -> QueueEntry:
    return QueueEntry("", f"owner/{name}", quantization, FOLDER, **values)


def plan(name: str, quantization: str = "Q4_K_M", size: int = 1000) -> DownloadPlan:
    files = (RemoteFile(f"{name}-{quantization}.gguf", size, "a" * 64),)
    folder = f"{FOLDER}/owner/{name}"
    return DownloadPlan("https://huggingface.co", f"owner/{name}", "c" * 40, quantization, files, folder)


@pytest.fixture
def queue(tmp_path: Path) -> DownloadQueue:
    return DownloadQueue(tmp_path / "state" / "downloads.json")


def test_everything_comes_back_after_a_restart(queue: DownloadQueue, tmp_path: Path) -> None:
    entries = (
        entry("one", plan=plan("one"), done_bytes=400),
        entry("two", state=QueueState.PAUSED),
        entry("three", state=QueueState.FAILED, failure=sentence("no_gguf", repository="owner/three")),
    )
    queue.change(lambda _: entries)
    assert DownloadQueue(tmp_path / "state" / "downloads.json").entries() == entries


def test_changes_of_the_order() -> None:
    entries = (entry("a"), entry("b"), entry("c"))
    assert [e.repository[-1] for e in moved(entries, entries[2].key, 0)] == ["c", "a", "b"]
    assert [e.repository[-1] for e in moved(entries, entries[0].key, 1)] == ["b", "a", "c"]
    assert [e.repository[-1] for e in moved(entries, entries[0].key, 99)] == ["b", "c", "a"]
    assert moved(entries, key_of("no", "such"), 0) == entries
    assert without(entries, entries[1].key) == (entries[0], entries[2])
    again = with_entry(entries, entry("B"))  # as many disks see it, the same
    assert [e.repository for e in again] == ["owner/a", "owner/B", "owner/c"]
    assert changed(entries, entries[0].key, state=QueueState.PAUSED)[0].state is QueueState.PAUSED


def test_what_the_hub_names_as_usual_is_not_there_twice() -> None:
    entries = (entry("a", "Q4_K_M"), entry("b"), entry("a", ""))
    after = planned(entries, entries[2].key, plan("a"))
    assert [(e.repository, e.quantization) for e in after] == [("owner/b", "Q4_K_M"), ("owner/a", "Q4_K_M")]
    assert after[1].plan == plan("a")


def _add_twenty(path: str, name: str) -> None:
    queue = DownloadQueue(Path(path))
    for number in range(20):
        queue.change(lambda entries, number=number: with_entry(entries, entry(f"{name}{number}")))


def test_two_programs_at_once_lose_nothing(queue: DownloadQueue, tmp_path: Path) -> None:
    path = str(tmp_path / "state" / "downloads.json")
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_add_twenty, args=(path, name)) for name in ("x", "y")]
    for other in others:
        other.start()
    for other in others:
        other.join(200)
    assert len(queue.entries()) == 40


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@REUSE
@given(
    where=st.sampled_from(["entry", "plan", "file"]),
    key=st.sampled_from([*QueueEntry.__slots__, *DownloadPlan.__slots__, *RemoteFile.__slots__]),
    value=json_values
    | st.sampled_from(["../../etc", "/etc/passwd", "a/../b", "http://x", "\0", "file:///x"]),
)
def test_an_odd_entry_is_absent_or_harmless(
    queue: DownloadQueue, tmp_path: Path, where: str, key: str, value: object
) -> None:
    queue.change(lambda _: (entry("one", plan=plan("one")),))
    path = tmp_path / "state" / "downloads.json"
    stored = json.loads(path.read_text())
    odd = stored["downloads"][0]
    {"entry": odd, "plan": odd["plan"], "file": odd["plan"]["files"][0]}[where][key] = value
    path.write_text(json.dumps(stored))
    for each in queue.entries():
        assert ".." not in each.repository.split("/") and Path(each.folder).is_absolute()
        if each.plan is not None:
            assert Path(each.plan.folder).parts[-2:] == tuple(each.plan.repository.split("/"))
            assert all(".." not in file.path.split("/") for file in each.plan.files)
            assert each.plan.endpoint.startswith("https://")


@REUSE
@given(st.binary(max_size=300))
def test_any_bytes_are_survived(queue: DownloadQueue, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "state" / "downloads.json"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    assert queue.entries() == ()
    queue.change(lambda entries: with_entry(entries, entry("one")))
    assert queue.entries() == (entry("one"),)


def test_parts_that_no_queue_knows_of_are_found(tmp_path: Path) -> None:
    for path in ("owner/A-GGUF/A-Q4_K_M.gguf.part", "owner/A-GGUF/sub/A-Q8_0.gguf.part", "A.gguf.part"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(b"x")
    known = QueueEntry("", "owner/A-GGUF", "Q8_0", str(tmp_path))
    (found,) = unfinished_downloads(tmp_path, [known])
    assert (found.repository, found.quantization, found.state) == (
        "owner/A-GGUF",
        "Q4_K_M",
        QueueState.PAUSED,
    )
