"""Several places that hold one file: the fastest is found, each may fail, and none is believed."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download.mirror_choice import NONE, USUAL, USUAL_ONES, mirrors_for
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.tuning import Tuning
from engine.download.values import DownloadPlan, DownloadProgress, Place, Way
from engine.errors import DownloadError, HubUnreachable
from tests.hub import Faults, HubFile, StandInHub

MIB = 1 << 20
REPOSITORY, NAME = "owner/Tiny-GGUF", "q/Tiny-Q4_K_M.gguf"
CONTENT = random.Random(3).randbytes(12 * MIB + 77)


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, NAME, CONTENT)
        yield hub


@pytest.fixture
def mirror() -> Iterator[StandInHub]:
    with StandInHub() as mirror:
        mirror.add_file(REPOSITORY, NAME, CONTENT)
        yield mirror


def fetch(hub: StandInHub, models: Path, *mirrors: str) -> list[DownloadProgress]:
    """Fetches, and checks what arrived."""
    seen: list[DownloadProgress] = []
    plan = plan_download(hub.endpoint, REPOSITORY, "", models, mirrors=mirrors)
    model = pull(plan, seen.append, CancelToken(), tuning=Tuning(mirrors=mirrors))
    assert Path(model.path).read_bytes() == CONTENT
    return seen


def modelscope(hub: StandInHub) -> str:
    return f"modelscope+{hub.endpoint}"


def test_the_fastest_place_is_found_by_trying(hub: StandInHub, mirror: StandInHub, tmp_path: Path) -> None:
    hub.faults = Faults(bytes_per_second=300_000)
    seen = fetch(hub, tmp_path, mirror.endpoint)
    assert mirror.at_rest().body_bytes >= len(CONTENT)
    assert hub.served.body_bytes <= MIB
    assert mirror.endpoint in {progress.source for progress in seen}


@pytest.mark.parametrize("way", ["mirror", "modelscope"])
def test_another_place_takes_over_when_one_dies_midway(
    hub: StandInHub, mirror: StandInHub, tmp_path: Path, way: str
) -> None:
    mirror.faults = Faults(bytes_per_second=100_000)  # not the first choice
    hub.faults = Faults(bytes_per_second=1e6)
    other = mirror.endpoint if way == "mirror" else modelscope(mirror)
    plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path)
    died = threading.Event()

    def watch(progress: DownloadProgress) -> None:
        if progress.done_bytes > 4 * MIB and not died.is_set():
            died.set()
            mirror.faults = Faults()
            hub.close()

    model = pull(plan, watch, CancelToken(), tuning=Tuning(stall_seconds=1, mirrors=(other,)))
    assert Path(model.path).read_bytes() == CONTENT
    assert died.is_set()
    served = hub.served.body_bytes + mirror.served.body_bytes
    assert served - len(CONTENT) <= 3 * MIB  # half a MiB from each for the trial, and what was under way


@pytest.mark.parametrize("fault", [Faults(dead_links=True), Faults(html=True), Faults(resolve_status=403)])
def test_a_place_that_refuses_is_not_asked_for_ever(
    hub: StandInHub, mirror: StandInHub, tmp_path: Path, fault: Faults
) -> None:
    plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path)
    hub.faults = fault
    model = pull(plan, lambda _: None, CancelToken(), tuning=Tuning(mirrors=(mirror.endpoint,)))
    assert Path(model.path).read_bytes() == CONTENT
    assert hub.served.requests["GET"] <= 30


def test_wrong_bytes_of_one_place_are_mended_from_another(
    hub: StandInHub, mirror: StandInHub, tmp_path: Path
) -> None:
    mirror.faults = Faults(flip_at=MIB + 5)  # always, and it is the faster one
    hub.faults = Faults(bytes_per_second=2e6)
    fetch(hub, tmp_path, mirror.endpoint)
    fetched_again = hub.served.body_bytes + mirror.served.body_bytes - len(CONTENT)
    assert fetched_again <= 6 * MIB  # the trial, the wrong segment, those before it and those beside it


def test_a_mirror_vouches_when_the_hub_is_away(mirror: StandInHub, tmp_path: Path) -> None:
    with StandInHub() as gone:
        pass
    for mirrors in ((mirror.endpoint,), (modelscope(mirror),)):
        plan = plan_download(gone.endpoint, REPOSITORY, "", tmp_path / mirrors[0][:5], mirrors=mirrors)
        assert plan.endpoint == mirror.endpoint
        model = pull(plan, lambda _: None, CancelToken(), tuning=Tuning(mirrors=mirrors))
        assert Path(model.path).read_bytes() == CONTENT
    with pytest.raises(HubUnreachable):
        plan_download(gone.endpoint, REPOSITORY, "", tmp_path, mirrors=("modelscope+http://127.0.0.1:1",))


def test_a_mirror_with_other_content_is_not_used(hub: StandInHub, mirror: StandInHub, tmp_path: Path) -> None:
    mirror.add_file(REPOSITORY, NAME, HubFile(bytes(len(CONTENT))))
    for each in (mirror.endpoint, modelscope(mirror)):
        fetch(hub, tmp_path / each[:5], each)
    assert mirror.served.body_bytes == 0


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[]", b'{"Data": {"Files": [{"Path": 5}]}}', b'{"Data": {"Files": {}}}', b"{" * 50_000],
)
def test_a_mirror_of_nonsense_does_no_harm(
    hub: StandInHub, mirror: StandInHub, tmp_path: Path, body: bytes
) -> None:
    mirror.faults = Faults(api_body=body)
    fetch(hub, tmp_path, modelscope(mirror), mirror.endpoint, "https://[bad", str(tmp_path / "none"))


def test_a_folder_is_a_source_and_its_bytes_are_verified(hub: StandInHub, tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    held = folder / "Tiny-Q4_K_M.gguf"
    held.write_bytes(CONTENT)
    fetch(hub, tmp_path / "a", str(folder))
    assert hub.served.body_bytes <= MIB
    held.write_bytes(CONTENT[: 6 * MIB] + b"\xff" + CONTENT[6 * MIB + 1 :])
    fetch(hub, tmp_path / "b", str(folder))


def test_a_token_never_reaches_a_mirror(hub: StandInHub, mirror: StandInHub, tmp_path: Path) -> None:
    plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path, "hf_secret", (mirror.endpoint,))
    mirrors = (mirror.endpoint, modelscope(mirror))
    hub.faults = Faults(dead_links=True)
    pull(plan, lambda _: None, CancelToken(), "hf_secret", Tuning(mirrors=mirrors))
    assert mirror.served.authorizations == []
    assert {origin for origin, _ in hub.served.authorizations} == {hub.endpoint}


def test_private_endpoints_are_told_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    assert mirrors_for("https://huggingface.co", ()) == ()
    assert mirrors_for("https://huggingface.co", (NONE,)) == ()
    assert mirrors_for("https://huggingface.co", (USUAL_ONES,)) == USUAL
    assert mirrors_for("https://huggingface.co", ("/mnt/models", USUAL_ONES)) == ("/mnt/models", *USUAL)
    assert mirrors_for("https://hub.corp.example", (USUAL_ONES,)) == ()
    assert mirrors_for("https://hub.corp.example", ("/mnt/models",)) == ("/mnt/models",)


def only_at(plan: DownloadPlan, url: str) -> DownloadPlan:
    (file,) = plan.files
    return replace(plan, commit="", files=(replace(file, elsewhere=(Place(Way.PLAIN, url),)),))


def test_a_plain_address_that_answers_html_is_said(hub: StandInHub, tmp_path: Path) -> None:
    plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path)
    address = f"{hub.endpoint}/api/v1/models/{REPOSITORY}/repo?FilePath={NAME}"
    hub.faults = Faults(html=True)
    with pytest.raises(DownloadError, match="make no sense"):
        pull(only_at(plan, address), lambda _: None, CancelToken(), tuning=Tuning())
    hub.faults = Faults()
    model = pull(only_at(plan, address), lambda _: None, CancelToken(), tuning=Tuning())
    assert Path(model.path).read_bytes() == CONTENT
