"""Searching the hub: a real server that behaves, and one that does not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.download.hub import list_files
from engine.download.hub_search import search_models
from engine.errors import DownloadError, HubUnreachable
from engine.jobs.searching import search
from engine.planning.machine import machine_of
from engine.planning.plan import Verdict
from tests.hub import Faults, StandInHub
from tests.unit.planning_machines import RYZEN_64

QWEN = "unsloth/Qwen3-8B-GGUF"
OTHER = "someone/Qwen3-9000-GGUF"


@pytest.fixture(scope="module")
def hub() -> Iterator[StandInHub]:
    with pytest.MonkeyPatch.context() as patch, StandInHub() as hub:
        patch.delenv("HF_HUB_OFFLINE", raising=False)
        patch.setenv("HF_TOKEN", "hf_secret")
        hub.add_file(QWEN, "Qwen3-8B-Q4_K_M.gguf", b"x")
        hub.add_file(QWEN, "README.md", b"x")
        hub.add_file(OTHER, "Qwen3-9000-Q4_K_M-00001-of-00002.gguf", b"x")
        hub.facts[QWEN] = {"total": 8_190_735_360, "architecture": "qwen3", "context_length": 40_960}
        hub.facts[OTHER] = {"total": 9_000_000_000_000, "architecture": "qwen9", "context_length": 4096}
        yield hub


@pytest.fixture(autouse=True)
def well_behaved(hub: StandInHub) -> None:
    hub.faults = Faults()


def test_results_say_how_they_would_run_here(hub: StandInHub) -> None:
    results = search(hub.endpoint, "qwen3", machine_of(RYZEN_64))
    assert [result.model.repository for result in results] == [QWEN, OTHER]
    small, huge = results
    assert small.model.quantizations == ("Q4_K_M",)
    assert small.plan is not None and huge.plan is not None
    assert small.plan.verdict is not Verdict.WILL_NOT_RUN
    assert small.plan.quantization.size_bytes == pytest.approx(5.03e9, rel=0.03)
    assert not huge.plan.quantization.exact
    assert huge.plan.verdict is Verdict.WILL_NOT_RUN
    assert hub.served.authorizations == []


def test_without_a_check_there_is_no_verdict(hub: StandInHub) -> None:
    assert [result.plan for result in search(hub.endpoint, "9000", None)] == [None]


@pytest.mark.parametrize(
    ("faults", "kind"),
    [
        (Faults(api_status=503), HubUnreachable),
        (Faults(api_status=401), DownloadError),
        (Faults(api_status=404), DownloadError),
        (Faults(api_body=b"<html>please log in</html>"), DownloadError),
        (Faults(api_body=b'{"error": 1}'), DownloadError),
    ],
)
def test_a_hub_that_misbehaves_is_a_sentence(
    hub: StandInHub, faults: Faults, kind: type[DownloadError]
) -> None:
    hub.faults = faults
    with pytest.raises(kind):
        search_models(hub.endpoint, "qwen3")


def test_nobody_there_is_a_sentence() -> None:
    with pytest.raises(HubUnreachable):
        search_models("http://127.0.0.1:9", "qwen3")


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.just(QWEN) | st.text(max_size=8) | ANYTHING
ENTRY = st.fixed_dictionaries(
    {"id": NAMES},
    optional={
        "downloads": ANYTHING,
        "gated": ANYTHING,
        "gguf": ANYTHING | st.fixed_dictionaries({"total": ANYTHING, "architecture": ANYTHING}),
        "siblings": ANYTHING | st.lists(st.fixed_dictionaries({"rfilename": ANYTHING}), max_size=3),
    },
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ENTRY, max_size=3) | ANYTHING)
def test_hostile_answers_are_values_or_sentences(hub: StandInHub, content: object) -> None:
    hub.faults = Faults(api_body=json.dumps(content).encode())
    try:
        results = search(hub.endpoint, "x", machine_of(RYZEN_64))
    except DownloadError:
        return
    for result in results:
        assert result.model.repository.count("/") == 1
        assert result.model.downloads >= 0


FILE = st.fixed_dictionaries(
    {"rfilename": NAMES},
    optional={
        "size": ANYTHING,
        "lfs": ANYTHING
        | st.fixed_dictionaries({"size": ANYTHING, "sha256": ANYTHING, "pointerSize": ANYTHING}),
    },
)
LISTING = st.fixed_dictionaries(
    {"id": NAMES, "sha": ANYTHING | st.just("0" * 40)},
    optional={"gated": ANYTHING, "siblings": ANYTHING | st.lists(FILE, max_size=3), "tags": ANYTHING},
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LISTING | ANYTHING)
def test_hostile_lists_of_files_are_values_or_sentences(hub: StandInHub, content: object) -> None:
    hub.faults = Faults(api_body=json.dumps(content).encode())
    try:
        listing = list_files(hub.endpoint, QWEN, None)
    except DownloadError:
        return
    assert len(listing.commit) == 40
    for file in listing.files:
        assert file.size_bytes is None or file.size_bytes > 0
        assert file.sha256 is None or len(file.sha256) == 64


def test_on_the_command_line(hub: StandInHub, tmp_path: Path) -> None:
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    (tmp_path / "config" / "deskside").mkdir(parents=True)
    (tmp_path / "config" / "deskside" / "settings.json").write_text(json.dumps({"endpoint": hub.endpoint}))
    program = str(Path(__file__).parents[2] / "deskside.py")
    done = subprocess.run(
        [sys.executable, program, "models", "--search", "qwen3", "--json"],
        env={**os.environ, **folders},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [model["repository"] for model in found["models"]] == [QWEN, OTHER]
