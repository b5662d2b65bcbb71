"""Transfers against a hub that misbehaves: all of it over real sockets and real files."""

from __future__ import annotations

import hashlib
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.catalog.model import InstalledModel
from engine.download.discarding import discard
from engine.download.library import Library
from engine.download.pace import Pace
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.tuning import Tuning
from engine.download.values import DownloadPlan, DownloadProgress, TransferState
from engine.errors import Cancelled, DataFolderError, DiskFull, DownloadError
from tests.hub import COMMIT, Faults, HubFile, StandInHub

MIB = 1 << 20
REPOSITORY = "owner/Tiny-GGUF"
NAME = "Tiny-Q4_K_M.gguf"
CONTENT = random.Random(1).randbytes(24 * MIB + 12_345)
QUICK = Tuning(stall_seconds=0.5)  # only where something stands still: a busy machine pauses too


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, NAME, CONTENT)
        yield hub


@pytest.fixture
def models(tmp_path: Path) -> Path:
    return tmp_path / "models"


class Watch:
    """Collects progress, and can act on it."""

    def __init__(self, cancel_at: int | None = None) -> None:
        self.seen: list[DownloadProgress] = []
        self.times: list[float] = []
        self.token = CancelToken()
        self._cancel_at = cancel_at

    def __call__(self, progress: DownloadProgress) -> None:
        self.seen.append(progress)
        self.times.append(time.monotonic())
        if self._cancel_at is not None and progress.done_bytes >= self._cancel_at:
            self.token.cancel()

    @property
    def states(self) -> list[TransferState]:
        return list(dict.fromkeys(progress.state for progress in self.seen))


def plan_of(hub: StandInHub, models: Path) -> DownloadPlan:
    return plan_download(hub.endpoint, REPOSITORY, "", models)


def fetch(
    hub: StandInHub, models: Path, watch: Watch | None = None, tuning: Tuning | None = None
) -> InstalledModel:
    watch = watch or Watch()
    return pull(plan_of(hub, models), watch, watch.token, tuning=tuning or Tuning())


def published(models: Path) -> list[Path]:
    return sorted(models.rglob("*.gguf"))


def assert_arrived(models: Path, model: InstalledModel) -> None:
    assert Path(model.path).read_bytes() == CONTENT
    assert published(models) == [Path(model.path)]
    assert sorted(path.name for path in Path(model.path).parent.iterdir()) == [NAME, NAME + ".json"]


def test_a_model_arrives_whole_and_is_not_fetched_twice(hub: StandInHub, models: Path) -> None:
    watch = Watch()
    model = fetch(hub, models, watch)
    assert_arrived(models, model)
    assert (model.repository, model.quantization, model.verified) == (REPOSITORY, "Q4_K_M", True)
    assert model.sha256 == hashlib.sha256(CONTENT).hexdigest()
    assert hub.at_rest().body_bytes == len(CONTENT)
    assert watch.states[0] is TransferState.FETCHING and watch.states[-1] is TransferState.COMPLETE
    assert watch.seen[-1].done_bytes == len(CONTENT)
    assert Library(models, models / "state", models).find(f"{REPOSITORY}:q4_k_m") == model

    assert fetch(hub, models) == model
    assert hub.at_rest().body_bytes == len(CONTENT)


def test_connections_are_kept_and_segments_spread_over_them(hub: StandInHub, models: Path) -> None:
    fetch(hub, models)
    assert hub.served.requests["GET"] >= 20
    assert hub.served.connections <= 12  # plan, resolve, eight lanes


def test_a_finished_file_without_its_record_is_read_not_fetched(hub: StandInHub, models: Path) -> None:
    model = fetch(hub, models)
    Path(model.path + ".json").unlink()
    watch = Watch()
    fetch(hub, models, watch)
    assert TransferState.VERIFYING in watch.states
    assert hub.at_rest().body_bytes == len(CONTENT)
    assert_arrived(models, model)


def test_a_foreign_file_of_that_name_is_not_touched(hub: StandInHub, models: Path) -> None:
    final = models / REPOSITORY / NAME
    final.parent.mkdir(parents=True)
    final.write_bytes(b"GGUF mine")
    with pytest.raises(DownloadError, match="it was not touched"):
        fetch(hub, models)
    assert final.read_bytes() == b"GGUF mine"


@pytest.mark.parametrize("fault", ["reset_every", "close_every"])
def test_dropped_connections_cost_next_to_nothing(hub: StandInHub, models: Path, fault: str) -> None:
    hub.faults = Faults(**{fault: 3 * MIB})
    assert_arrived(models, fetch(hub, models))
    drops = len(CONTENT) // (3 * MIB)
    # what a reset throws away is what was on its way: buffers, not segments
    assert hub.served.body_bytes - len(CONTENT) <= drops * 256 * 1024


@pytest.mark.parametrize(
    "faults",
    [
        Faults(busy_share=0.5),
        Faults(busy_share=0.5, busy_status=429),
        Faults(truncate=1000),
        Faults(ranges=False),
        Faults(ranges=False, close_every=40 * MIB),
        Faults(link_seconds=1.5, bytes_per_second=1.5e6),
    ],
    ids=["503", "429", "truncated", "no ranges", "no ranges and a drop", "links expire"],
)
def test_faults_that_are_survived(hub: StandInHub, models: Path, faults: Faults) -> None:
    hub.faults = faults
    assert_arrived(models, fetch(hub, models))
    if faults.link_seconds:
        assert hub.served.requests["HEAD"] > 1


@pytest.mark.parametrize("stall_seconds", [1, 5], ids=["ended by us", "said before"])
def test_a_stall_is_noticed_and_said(hub: StandInHub, models: Path, stall_seconds: float) -> None:
    hub.faults = Faults(stall_after=0)
    seen: list[DownloadProgress] = []

    def watch(progress: DownloadProgress) -> None:
        seen.append(progress)
        if progress.waiting_for == "network" and progress.speed_bytes_per_second == 0:
            hub.faults = Faults()

    model = pull(plan_of(hub, models), watch, CancelToken(), tuning=Tuning(stall_seconds=stall_seconds))
    assert_arrived(models, model)
    assert any(p.waiting_for == "network" and p.speed_bytes_per_second == 0 for p in seen)
    assert hub.served.body_bytes - len(CONTENT) <= MIB


def test_a_hub_that_was_away_is_found_again(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=1e6)
    away, back = threading.Event(), threading.Event()
    returned: list[StandInHub] = []

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 3 * MIB and not away.is_set():
            away.set()
            hub.close()
        if progress.waiting_for == "network" and not back.is_set():
            back.set()
            again = StandInHub(hub.port)  # links to its old address are dead now
            again.add_file(REPOSITORY, NAME, CONTENT)
            returned.append(again.__enter__())

    try:
        model = pull(plan_of(hub, models), watch, CancelToken(), tuning=QUICK)
    finally:
        for again in returned:
            again.close()
    assert_arrived(models, model)
    assert back.is_set()
    assert returned[0].served.body_bytes + hub.served.body_bytes - len(CONTENT) <= 2 * MIB


@pytest.mark.parametrize(
    ("faults", "sentence"),
    [
        (Faults(html=True), "make no sense"),
        (Faults(shift_range=1), "make no sense"),
        (Faults(lie_length=100), "make no sense"),
        (Faults(compress=True), "make no sense"),
        (Faults(dead_links=True), "refuses to give out"),
        (Faults(resolve_status=403), "refuses to give out"),
        (Faults(resolve_status=403, gated=True), "accepted its terms"),
        (Faults(resolve_status=404), "any more"),
        (Faults(hub_sha256="f" * 64), "as it was when"),
    ],
    ids=["html", "range", "length", "gzip", "dead links", "403", "gated", "404", "changed"],
)
def test_faults_that_end_in_a_sentence(hub: StandInHub, models: Path, faults: Faults, sentence: str) -> None:
    plan = plan_of(hub, models)
    hub.faults = faults
    watch = Watch()
    with pytest.raises(DownloadError, match=sentence):
        pull(plan, watch, watch.token, tuning=QUICK)
    assert watch.seen[-1].state is TransferState.FAILED
    assert published(models) == []
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))


@pytest.mark.parametrize(
    "target",
    [
        "http://example.com/x",
        "ftp://127.0.0.1/x",
        "file:///etc/passwd",
        "//[",
        f"/{REPOSITORY}/resolve/{COMMIT}/{NAME}",
    ],
    ids=["unencrypted", "ftp", "file", "nonsense", "circle"],
)
@pytest.mark.parametrize("fault", ["redirect_to", "bodies_to"])
def test_redirects_elsewhere_are_not_followed(hub: StandInHub, models: Path, fault: str, target: str) -> None:
    """Whether the hub sends there, or the server that holds the bytes: neither is a network that is away."""
    plan = plan_of(hub, models)
    hub.faults = replace(Faults(), **{fault: target})
    watch = Watch()
    with pytest.raises(DownloadError, match="sends on") as caught:
        pull(plan, watch, watch.token, tuning=QUICK)
    assert caught.value.message.code == "download_redirected"
    assert watch.seen[-1].state is TransferState.FAILED
    assert hub.served.body_bytes == 0
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))


def test_a_login_page_that_goes_away_ends_no_download(hub: StandInHub, models: Path) -> None:
    plan = plan_of(hub, models)
    hub.faults = Faults(redirect_to="http://login.example/")

    def watch(progress: DownloadProgress) -> None:
        if hub.served.requests["HEAD"] > 1:
            hub.faults = Faults()

    assert_arrived(models, pull(plan, watch, CancelToken(), tuning=replace(QUICK, connections=1)))


def test_a_bit_that_always_flips_is_never_published(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(flip_at=9 * MIB + 5)
    with pytest.raises(DownloadError, match="wrong checksum"):
        fetch(hub, models)
    assert published(models) == []
    assert hub.at_rest().body_bytes == 2 * len(CONTENT)
    assert (models / REPOSITORY / (NAME + ".quarantine")).stat().st_size == len(CONTENT)
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))


def test_a_bit_that_flipped_once_is_found_and_only_its_segment_changed(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(flip_at=2 * MIB + 5, flip_times=1)
    assert_arrived(models, fetch(hub, models, tuning=Tuning(connections=1)))
    assert hub.at_rest().body_bytes - len(CONTENT) == 3 * MIB  # compared from the front on


def test_a_disk_at_its_floor_pauses_and_goes_on_when_there_is_room(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=3e5)
    free = [1 << 40]
    tuning = Tuning(free_bytes=lambda _: free[0], floor_bytes=1 << 30)

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 3 * MIB:
            free[0] = (1 << 30) - 1

    with pytest.raises(DiskFull, match="nearly full"):
        pull(plan_of(hub, models), watch, CancelToken(), tuning=tuning)
    kept = hub.served.body_bytes
    assert kept < len(CONTENT) - MIB
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))
    assert hub.served.body_bytes - len(CONTENT) <= 2 * MIB


def test_a_server_that_drips_is_left(hub: StandInHub, models: Path) -> None:
    """Each byte in time, so that no read ever times out."""
    hub.faults = Faults(drip_seconds=0.1)
    seen: list[DownloadProgress] = []

    def watch(progress: DownloadProgress) -> None:
        seen.append(progress)
        if progress.waiting_for:
            hub.faults = Faults()

    assert_arrived(models, pull(plan_of(hub, models), watch, CancelToken(), tuning=QUICK))
    assert any(progress.waiting_for for progress in seen)


def test_a_replaced_file_is_noticed_midway(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=1e6)

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 3 * MIB:
            hub.faults = Faults(etag='"new"', hub_sha256="e" * 64)

    with pytest.raises(DownloadError, match="as it was when"):
        pull(plan_of(hub, models), watch, CancelToken(), tuning=QUICK)
    assert published(models) == []


def test_a_server_with_other_etags_is_accepted_on_the_word_of_the_hub(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=1e6)

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 3 * MIB:
            hub.faults = Faults(etag='"another"')

    model = pull(plan_of(hub, models), watch, CancelToken(), tuning=QUICK)
    assert_arrived(models, model)


def test_a_speed_cap_is_kept_to_and_can_be_lifted_midway(hub: StandInHub, models: Path) -> None:
    pace = Pace(4 * MIB)
    begun = time.monotonic()
    rates: list[float] = []

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 6 * MIB and pace.limit:
            rates.append(progress.done_bytes / (time.monotonic() - begun))
            assert not progress.waiting_for  # held back by us, not by the network
            pace.change(0)

    tuning = Tuning(pace=pace)
    assert_arrived(models, pull(plan_of(hub, models), watch, CancelToken(), tuning=tuning))
    assert rates[0] < 4.5 * MIB


def test_pause_and_resume_cost_little(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=1e6)
    for stop in (5, 11, 17):
        watch = Watch(cancel_at=stop * MIB)
        with pytest.raises(Cancelled):
            fetch(hub, models, watch)
        assert watch.seen[-1].state is TransferState.PAUSED
        assert published(models) == []
    assert_arrived(models, fetch(hub, models))
    assert hub.served.body_bytes - len(CONTENT) <= 3 * 2 * MIB


@pytest.mark.parametrize(
    "faults",
    [Faults(stall_after=100_000), Faults(stall_heads=True), Faults(bytes_per_second=20_000)],
    ids=["stalled", "no answer", "20 kB/s"],
)
def test_cancelling_does_not_wait_for_the_network(hub: StandInHub, models: Path, faults: Faults) -> None:
    hub.faults = faults
    watch = Watch()
    cancelled_at: list[float] = []

    def cancel() -> None:
        cancelled_at.append(time.monotonic())
        watch.token.cancel()

    threading.Timer(1.0, cancel).start()
    with pytest.raises(Cancelled):
        fetch(hub, models, watch)  # its stall limit is 12 s: only a cut can end this sooner
    assert time.monotonic() - cancelled_at[0] < 10
    deadline = time.monotonic() + 60
    while any(thread.name.startswith("download") for thread in threading.enumerate()):
        assert time.monotonic() < deadline, "a lane is left over"
        time.sleep(0.01)


def test_rot_on_the_disk_costs_one_segment(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults(bytes_per_second=1e6)
    with pytest.raises(Cancelled):
        fetch(hub, models, Watch(cancel_at=12 * MIB))
    part = models / REPOSITORY / (NAME + ".part")
    with part.open("r+b") as file:
        file.seek(100_000)
        file.write(b"rotten")
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))
    assert 0 < hub.at_rest().body_bytes - len(CONTENT) <= 3 * MIB  # a segment has 1 MiB here


def test_a_lost_journal_begins_again_and_a_lost_part_too(hub: StandInHub, models: Path) -> None:
    for lost in (".part", ".part.journal"):
        hub.faults = Faults(bytes_per_second=1e6)
        with pytest.raises(Cancelled):
            fetch(hub, models, Watch(cancel_at=6 * MIB))
        (models / REPOSITORY / (NAME + lost)).unlink()
    hub.faults = Faults()
    assert_arrived(models, fetch(hub, models))


def test_a_disk_too_small_is_refused_before_the_first_byte(hub: StandInHub, models: Path) -> None:
    tuning = Tuning(free_bytes=lambda folder: len(CONTENT) + len(CONTENT) // 50 - 1, floor_bytes=0)
    watch = Watch()
    with pytest.raises(DiskFull, match="not enough room"):
        fetch(hub, models, watch, tuning)
    assert hub.served.body_bytes == 0 and hub.served.requests["GET"] == 0
    assert watch.seen[-1].state is TransferState.PAUSED
    enough = Tuning(free_bytes=lambda folder: len(CONTENT) + len(CONTENT) // 50, floor_bytes=0)
    assert_arrived(models, fetch(hub, models, tuning=enough))


def test_shards_are_one_item(hub: StandInHub, models: Path) -> None:
    shards = [f"Big-Q8_0-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    for number, shard in enumerate(shards):
        hub.add_file("owner/Big", "Q8/" + shard, CONTENT[: (number + 2) * MIB])
    plan = plan_download(hub.endpoint, "owner/Big", "q8_0", models)
    hub.faults = Faults(bytes_per_second=5e5)
    watch = Watch(cancel_at=3 * MIB)
    with pytest.raises(Cancelled):
        pull(plan, watch, watch.token, tuning=Tuning())
    assert [path.name for path in published(models)] == shards[:1]
    assert Library(models, models, models).installed() == ()

    hub.faults = Faults()
    watch = Watch()
    model = pull(plan, watch, watch.token, tuning=Tuning())
    assert model.size_bytes == plan.size_bytes == watch.seen[-1].done_bytes == 9 * MIB
    assert watch.seen[0].done_bytes >= 2 * MIB
    assert [p.state for p in watch.seen].count(TransferState.COMPLETE) == 1  # not one a shard
    assert Library(models, models, models).installed() == (model,)
    assert hub.served.body_bytes - 9 * MIB <= 2 * MIB


def test_discarding_removes_all_that_is_unfinished(hub: StandInHub, models: Path) -> None:
    hub.add_file("owner/Big", "Big-Q8_0-00001-of-00002.gguf", CONTENT[:MIB])
    hub.add_file("owner/Big", "Big-Q8_0-00002-of-00002.gguf", CONTENT[: 20 * MIB])
    hub.add_file("owner/Big", "Big-Q4_0.gguf", CONTENT[:MIB])
    pull(plan_download(hub.endpoint, "owner/Big", "Q4_0", models), Watch(), CancelToken())
    hub.faults = Faults(bytes_per_second=1e6)
    watch = Watch(cancel_at=4 * MIB)
    with pytest.raises(Cancelled):
        pull(plan_download(hub.endpoint, "owner/Big", "Q8_0", models), watch, watch.token)
    assert discard(models, "owner/Big", "Q5_0") == 0
    assert discard(models, "owner/Big", "q8_0") == 1
    left = sorted(path.name for path in (models / "owner/Big").iterdir())
    assert left == ["Big-Q4_0.gguf", "Big-Q4_0.gguf.json"]


def test_a_token_is_shown_to_its_own_host_only(
    hub: StandInHub, models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_of_the_environment")
    fetch(hub, models)
    assert hub.served.authorizations == []

    hub.add_file("owner/Closed", "C-Q4_0.gguf", HubFile(CONTENT[:MIB]))
    plan = plan_download(hub.endpoint, "owner/Closed", "", models, hub_token="hf_given")
    pull(plan, Watch(), CancelToken(), hub_token="hf_given")
    assert {origin for origin, _ in hub.served.authorizations} == {hub.endpoint}
    assert {value for _, value in hub.served.authorizations} == {"Bearer hf_given"}
    assert hub.cdn != hub.endpoint


def test_an_unwritable_folder_gets_a_sentence(hub: StandInHub, tmp_path: Path) -> None:
    (tmp_path / "models").write_text("a file where the folder should be")
    with pytest.raises(DataFolderError, match="cannot be written"):
        fetch(hub, tmp_path / "models")
