"""Chunks where HTTP will not do, with a stand-in client; back to HTTP when they stall."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download import origin
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.tuning import Tuning
from engine.download.values import DownloadProgress
from engine.download.xet_line import XetFile
from engine.errors import Cancelled, DownloadError
from tests.hub import COMMIT, Faults, StandInHub

MIB = 1 << 20
REPOSITORY, NAME = "owner/Huge-GGUF", "Huge-Q4_K_M.gguf"
CONTENT = random.Random(6).randbytes(12 * MIB + 9)


class StandInStream:
    def __init__(self, client: StandInXet, start: int, stop: int) -> None:
        self._client = client
        self._start, self._stop = start, stop
        self._ended = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        for offset in range(self._start, self._stop, 100_000):
            if self._client.stall_after is not None and self._client.sent >= self._client.stall_after:
                self._ended.wait()  # a native client: nothing but `cancel` ends it
            if self._ended.is_set():
                return
            if self._client.fails:
                raise RuntimeError("a panic in another language")
            piece = CONTENT[offset : min(offset + 100_000, self._stop)]
            if self._client.flip_at is not None and offset <= self._client.flip_at < offset + len(piece):
                at = self._client.flip_at - offset
                piece = piece[:at] + bytes([piece[at] ^ 1]) + piece[at + 1 :]
                self._client.flip_at = None
            with self._client.lock:
                self._client.sent += len(piece)
            yield piece

    def cancel(self) -> None:
        self._ended.set()


class StandInXet:
    """What hf_xet does for us: ranges of a file, by its hash."""

    def __init__(self) -> None:
        self.files: list[XetFile] = []
        self.sent = 0
        self.stall_after: int | None = None
        self.flip_at: int | None = None
        self.fails = False
        self.lock = threading.Lock()

    def stream(self, file: XetFile, start: int, stop: int) -> StandInStream:
        self.files.append(file)
        return StandInStream(self, start, stop)


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, NAME, CONTENT)
        hub.xet = True
        yield hub


@pytest.fixture
def huge(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that 12 MiB are more than the hub gives out over HTTP."""
    monkeypatch.setattr(origin, "LARGEST_OVER_HTTP", 10 * MIB)


def fetch(
    hub: StandInHub, models: Path, client: StandInXet, stall_seconds: float = 30
) -> list[DownloadProgress]:
    plan = plan_download(hub.endpoint, REPOSITORY, "", models, "hf_x")
    seen: list[DownloadProgress] = []
    tuning = Tuning(stall_seconds=stall_seconds, xet=client)
    model = pull(plan, seen.append, CancelToken(), "hf_x", tuning)
    assert Path(model.path).read_bytes() == CONTENT
    return seen


@pytest.mark.usefixtures("huge")
def test_a_huge_file_comes_in_chunks(hub: StandInHub, tmp_path: Path) -> None:
    client = StandInXet()
    fetch(hub, tmp_path, client)
    assert client.sent == len(CONTENT) and hub.served.body_bytes == 0
    (file,) = set(client.files)
    assert (file.size, len(file.hash), file.hub_token) == (len(CONTENT), 64, "hf_x")
    assert file.token_url == f"{hub.endpoint}/api/models/{REPOSITORY}/xet-read-token/{COMMIT}"


@pytest.mark.usefixtures("huge")
def test_chunks_that_stall_give_way_to_http(hub: StandInHub, tmp_path: Path) -> None:
    client = StandInXet()
    client.stall_after = 3 * MIB
    seen = fetch(hub, tmp_path, client, stall_seconds=1)
    assert 0 < hub.served.body_bytes < len(CONTENT) - MIB  # what came in chunks was kept
    assert any(progress.waiting_for for progress in seen)


@pytest.mark.usefixtures("huge")
@pytest.mark.parametrize("why", ["fails", "no hash", "foreign token"])
def test_without_chunks_http_is_tried(hub: StandInHub, tmp_path: Path, why: str) -> None:
    client = StandInXet()
    client.fails = why == "fails"
    hub.xet = why != "no hash"
    hub.xet_route = "https://elsewhere.example/token" if why == "foreign token" else ""
    fetch(hub, tmp_path, client)
    assert hub.at_rest().body_bytes == len(CONTENT)
    if why == "foreign token":
        assert not client.files


@pytest.mark.usefixtures("huge")
def test_a_flipped_bit_in_chunks_is_noticed_and_mended(hub: StandInHub, tmp_path: Path) -> None:
    client = StandInXet()
    client.flip_at = 5 * MIB
    fetch(hub, tmp_path, client)


@pytest.mark.usefixtures("huge")
def test_stalled_chunks_are_paused_at_once(hub: StandInHub, tmp_path: Path) -> None:
    client = StandInXet()
    client.stall_after = 2 * MIB
    plan, token = plan_download(hub.endpoint, REPOSITORY, "", tmp_path), CancelToken()
    threading.Timer(1.0, token.cancel).start()
    with pytest.raises(Cancelled):
        pull(plan, lambda _: None, token, tuning=Tuning(xet=client))
    deadline = time.monotonic() + 60
    while any(thread.name.startswith("download lane") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a lane is left over"
        time.sleep(0.01)


def test_a_file_that_the_hub_refuses_over_http_comes_in_chunks(hub: StandInHub, tmp_path: Path) -> None:
    plan, client = plan_download(hub.endpoint, REPOSITORY, "", tmp_path), StandInXet()
    hub.faults = Faults(body_status=400)
    model = pull(plan, lambda _: None, CancelToken(), tuning=Tuning(xet=client))
    assert Path(model.path).read_bytes() == CONTENT and client.sent == len(CONTENT)
    other = replace(plan, folder=str(tmp_path / "other"))
    hub.xet = False
    with pytest.raises(DownloadError):
        pull(other, lambda _: None, CancelToken(), tuning=Tuning(xet=client))
