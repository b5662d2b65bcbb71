"""A byte that arrived wrong: what it costs to find its segment, with what the source tells and without."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cancellation import CancelToken
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.tuning import Tuning
from engine.download.xet_parts import file_hash
from engine.errors import Cancelled, DownloadError
from tests.hub import Faults, StandInHub
from tests.xet_storage import CHUNK, content_of, reconstruction

SEGMENT = 1 << 20
REPOSITORY, NAME = "owner/Tiny-GGUF", "Tiny-Q4_K_M.gguf"
PLAIN = random.Random(3).randbytes(20 * SEGMENT + 77)
XORBS = [("abcd"[number % 4] + "abcd"[number // 4]) * 8 for number in range(10)]  # of 2 MiB each
CHUNKED = content_of("".join(XORBS))
LATE = 13 * SEGMENT + 4321  # of its content no hint tells


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        yield hub


def refetched(hub: StandInHub, models: Path, content: bytes, tuning: Tuning | None = None) -> int:
    """Bytes beyond those of the file."""
    hub.add_file(REPOSITORY, NAME, content)
    plan = plan_download(hub.endpoint, REPOSITORY, "", models, "hf_x")
    model = pull(plan, lambda _: None, CancelToken(), "hf_x", tuning or Tuning())
    assert Path(model.path).read_bytes() == content
    return hub.at_rest().body_bytes - len(content)


def test_without_any_digest_segments_are_compared_from_the_front(hub: StandInHub, tmp_path: Path) -> None:
    hub.faults = Faults(flip_at=LATE, flip_times=1)
    assert 13 * SEGMENT <= refetched(hub, tmp_path, PLAIN) <= 16 * SEGMENT


def test_a_source_that_tells_digests_of_answers_costs_one_segment(hub: StandInHub, tmp_path: Path) -> None:
    hub.digests = True
    hub.faults = Faults(flip_at=LATE, flip_times=1)
    assert refetched(hub, tmp_path, PLAIN) <= SEGMENT


def test_a_server_that_never_sends_what_it_says_is_refused_and_nothing_published(
    hub: StandInHub, tmp_path: Path
) -> None:
    hub.digests = True
    hub.faults = Faults(flip_at=LATE)
    with pytest.raises(DownloadError):
        refetched(hub, tmp_path, PLAIN)
    assert not list(tmp_path.rglob("*.gguf"))


def test_what_arrived_wrong_and_was_told_so_is_not_taken_up_after_a_restart(
    hub: StandInHub, tmp_path: Path
) -> None:
    hub.digests = True
    hub.faults = Faults(flip_at=LATE)
    with pytest.raises(DownloadError):
        refetched(hub, tmp_path, PLAIN)
    hub.faults, hub.served.body_bytes = Faults(), 0
    assert refetched(hub, tmp_path, PLAIN) < -18 * SEGMENT


def test_the_storage_of_chunks_tells_which_part_it_is(hub: StandInHub, tmp_path: Path) -> None:
    hub.xet, hub.xet_parts = True, json.dumps(reconstruction(XORBS)).encode()
    hub.faults = Faults(flip_at=LATE, flip_times=1)
    assert refetched(hub, tmp_path, CHUNKED) <= 2 * SEGMENT  # as many as the part has
    assert hub.served.requests["xet"] == 2
    for origin, value in hub.served.authorizations:
        assert (value == "Bearer hf_x") == (origin == hub.endpoint)
        assert value in ("Bearer hf_x", "Bearer storage")


def test_parts_that_cannot_be_compared_are_left_to_the_comparison(hub: StandInHub, tmp_path: Path) -> None:
    """Terms that are a piece of a xorb, as of a file that shares chunks with others."""
    told = reconstruction(XORBS)
    for term in told["terms"][2:]:
        term["range"] = {"start": 3, "end": 19}
    hub.xet, hub.xet_parts = True, json.dumps(told).encode()
    hub.faults = Faults(flip_at=LATE, flip_times=1)
    got = refetched(hub, tmp_path, CHUNKED)
    assert 9 * SEGMENT <= got <= 12 * SEGMENT  # 4 segments are known to be right: they come last


def changed(**values: Any) -> bytes:
    told = reconstruction(XORBS)
    told["terms"][3] |= values
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>",
        b"[" * 100_000,
        b"{}",
        json.dumps({"offset_into_first_range": 0, "terms": []}).encode(),
        changed(unpacked_length=10**18),
        changed(unpacked_length="1"),
        changed(unpacked_length=CHUNK),
        changed(hash="../../etc/passwd"),
        changed(hash=["x"]),
        changed(range=None),
        changed(hash="0" * 64),  # well-formed and wrong
    ],
)
def test_whatever_the_storage_says_the_file_arrives(hub: StandInHub, tmp_path: Path, answer: bytes) -> None:
    hub.xet, hub.xet_parts = True, answer
    hub.faults = Faults(flip_at=3 * SEGMENT, flip_times=1)
    assert refetched(hub, tmp_path, CHUNKED) <= 7 * SEGMENT


def test_a_pause_does_not_wait_for_the_storage(hub: StandInHub, tmp_path: Path) -> None:
    hub.xet = hub.xet_stalls = True
    hub.faults = Faults(flip_at=LATE, flip_times=1)
    hub.add_file(REPOSITORY, NAME, CHUNKED)
    plan, token = plan_download(hub.endpoint, REPOSITORY, "", tmp_path), CancelToken()
    ended: list[float] = []

    def run() -> None:
        with pytest.raises(Cancelled):
            pull(plan, lambda _: None, token)
        ended.append(time.monotonic())

    thread = threading.Thread(target=run)
    thread.start()
    deadline = time.monotonic() + 60
    while not hub.served.requests["xet"]:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    time.sleep(0.2)
    begun = time.monotonic()
    token.cancel()
    thread.join(60)
    assert ended and ended[0] - begun < 20  # the storage would have kept it for a minute


def test_the_hash_of_a_file_of_one_xorb_is_the_published_one() -> None:
    """The reference file of the specification (xet-team/xet-spec-reference-files)."""
    xorb = "eea25d6ee393ccae385820daed127b96ef0ea034dfb7cf6da3a950ce334b7632"
    assert file_hash(xorb) == "118a53328412787fee04011dcf82fdc4acf3a4a1eddec341c910d30a306aaf97"
