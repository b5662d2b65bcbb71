"""Headers read from afar: a real server that behaves and misbehaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from engine.cancellation import CancelToken
from engine.catalog.gguf import read_file_header, shape_of
from engine.catalog.hollow import write_hollow
from engine.download.remote_header import header_at
from engine.errors import Cancelled, DownloadError, ModelFileError
from engine.jobs.remote_models import RemoteModel, hollow_file, remote_model
from tests.hub import COMMIT, Faults, StandInHub
from tests.models import tiny
from tests.unit.catalog_files import write_model

PROGRAM = [sys.executable, str(Path(__file__).parents[2] / "deskside.py")]
REPOSITORY = "someone/Tiny-GGUF"
NAME = "Tiny-Q8_0.gguf"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its header is larger than one request."""
    path = tiny(tmp_path_factory.mktemp("models"), "llama")
    assert read_file_header(path).data_offset > 1 << 20
    return path


@pytest.fixture
def hub(model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInHub]:
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, NAME, model.read_bytes())
        yield hub


def read(hub: StandInHub, text: str = f"{REPOSITORY}:Q8_0") -> RemoteModel:
    return remote_model(text, "", hub.endpoint, CancelToken())


def address(hub: StandInHub, name: str = NAME) -> str:
    return f"{hub.endpoint}/{REPOSITORY}/resolve/{COMMIT}/{name}"


def test_a_repository_is_known_without_its_weights(hub: StandInHub, model: Path) -> None:
    found = read(hub)
    local = read_file_header(model)
    assert found.header == local
    assert found.spec.shape == shape_of(local)
    assert (found.quantization.exact, found.quantization.repository) == (True, REPOSITORY)
    assert hub.served.authorizations == []  # the token is the hub's own


def test_an_address_is_known_without_its_weights(hub: StandInHub, model: Path) -> None:
    found = read(hub, address(hub))
    assert found.header == read_file_header(model)
    assert found.quantization.name == "Q8_0"


def test_a_server_without_ranges_is_read_no_further_than_the_header(hub: StandInHub, model: Path) -> None:
    """The weights here are 64 MB that must not be fetched."""
    hub.faults = Faults(ranges=False)
    whole = model.read_bytes() + bytes(64 << 20)
    hub.add_file(REPOSITORY, "Large-Q8_0.gguf", whole)
    header = header_at(address(hub, "Large-Q8_0.gguf"), CancelToken())
    assert header.tensors == read_file_header(model).tensors
    assert header.file_size == len(whole)
    assert hub.served.body_bytes < 16 << 20


def part(folder: Path, number: int, tensors: dict[str, tuple[int, ...]]) -> tuple[str, bytes]:
    facts = {"block_count": 1, "embedding_length": 32, "attention.head_count": 1}
    name = f"Split-Q8_0-{number:05d}-of-00002.gguf"
    return name, write_model(folder / name, "llama", facts, tensors).read_bytes()


def test_shards_are_summed(hub: StandInHub, tmp_path: Path) -> None:
    first = part(tmp_path, 1, {"token_embd.weight": (64, 32)})
    second = part(tmp_path, 2, {"blk.0.ffn_up.weight": (128, 32)})
    hub.add_file("someone/Split-GGUF", *first)
    hub.add_file("someone/Split-GGUF", *second)
    found = read(hub, "someone/Split-GGUF")
    assert [each.name for each in found.header.tensors] == ["token_embd.weight", "blk.0.ffn_up.weight"]
    assert found.header.file_size == len(first[1]) + len(second[1])
    at = f"{hub.endpoint}/someone/Split-GGUF/resolve/{COMMIT}/Split-Q8_0-00002-of-00002.gguf"
    assert header_at(at, CancelToken()) == found.header


def test_a_missing_shard_is_a_sentence(hub: StandInHub, tmp_path: Path) -> None:
    hub.add_file("someone/Split-GGUF", *part(tmp_path, 1, {"token_embd.weight": (64, 32)}))
    with pytest.raises(DownloadError):
        read(hub, "someone/Split-GGUF")
    with pytest.raises(DownloadError, match="404"):
        header_at(
            f"{hub.endpoint}/someone/Split-GGUF/resolve/{COMMIT}/Split-Q8_0-00001-of-00002.gguf",
            CancelToken(),
        )


@pytest.mark.parametrize(
    "faults",
    [
        Faults(html=True),
        Faults(compress=True),
        Faults(shift_range=7),
        Faults(dead_links=True, link_seconds=1),
        Faults(busy_share=1.0),
        Faults(truncate=900_000),
        Faults(reset_every=300_000),
        Faults(close_every=300_000),
    ],
)
def test_a_server_that_misbehaves_is_a_sentence(hub: StandInHub, faults: Faults) -> None:
    hub.faults = faults
    with pytest.raises((DownloadError, ModelFileError)):
        header_at(address(hub), CancelToken())


def test_what_is_no_gguf_is_a_sentence(hub: StandInHub) -> None:
    hub.add_file(REPOSITORY, "Other-Q8_0.gguf", b"PK" + bytes(100))
    with pytest.raises(ModelFileError):
        header_at(address(hub, "Other-Q8_0.gguf"), CancelToken())


@pytest.mark.parametrize(
    "url", ["http://example.com/a.gguf", "https://user:word@example.com/a.gguf", "https://", "https://\x00/a"]
)
def test_an_address_that_is_not_allowed_is_refused(url: str) -> None:
    with pytest.raises(DownloadError):
        header_at(url, CancelToken())


def test_cancelling_ends_a_read_that_stands_still(hub: StandInHub) -> None:
    hub.faults = Faults(stall_after=100_000)
    token = CancelToken()
    threading.Timer(0.3, token.cancel).start()
    with pytest.raises(Cancelled):
        header_at(address(hub), token)


def test_a_hollow_file_says_the_same(hub: StandInHub, model: Path, tmp_path: Path) -> None:
    found = read(hub)
    with hollow_file(found.header, found.spec.shape.vocabulary, tmp_path) as path:
        hollow = read_file_header(path)
        assert [(each.name, each.shape, each.type_name) for each in hollow.tensors] == [
            (each.name, each.shape, each.type_name) for each in found.header.tensors
        ]
        assert shape_of(hollow) == found.spec.shape
    assert list(tmp_path.iterdir()) == []
    again = write_hollow(found.header, found.spec.shape.vocabulary, tmp_path / "again.gguf")
    assert again.stat().st_size > found.header.tensor_bytes


def test_plan_on_the_command_line(hub: StandInHub, model: Path, tmp_path: Path) -> None:
    """A repository, an address and the file itself are planned alike."""
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    settings = tmp_path / "config" / "deskside" / "settings.json"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"endpoint": hub.endpoint}))

    def plan(file: str) -> dict[str, Any]:
        done = subprocess.run(
            [*PROGRAM, "plan", "--json", "--gguf", file, "--context", "4096"],
            env={**os.environ, **folders},
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        planned: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return planned

    here, named, addressed = plan(str(model)), plan(REPOSITORY), plan(address(hub))
    for part in ("kv_cache", "compute", "output", "repack", "weights"):
        total = here["memory"]["total"][part]
        assert named["memory"]["total"][part] == addressed["memory"]["total"][part] == total, part
    assert named["repository"] == REPOSITORY
