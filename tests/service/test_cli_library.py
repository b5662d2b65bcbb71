"""`deskside pull` and `deskside models` as a person or another program uses them."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.hub import COMMIT, Faults, StandInHub

ROOT = Path(__file__).parents[2]
PROGRAM = [sys.executable, str(ROOT / "deskside.py")]
MIB = 1 << 20
CONTENTS = {name: b"GGUF" + random.Random(name).randbytes(4 * MIB) for name in ("One", "Two")}


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        for name, content in CONTENTS.items():
            hub.add_file(f"owner/{name}", f"{name}-Q4_K_M.gguf", content)
        yield hub


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in ("HF_HUB_OFFLINE", "HF_HOME")}
    folders = {f"XDG_{name.upper()}_HOME": str(tmp_path / name) for name in ("data", "config", "state")}
    return {**kept, **folders, "HOME": str(tmp_path / "home"), "XDG_CACHE_HOME": str(tmp_path / "cache")}


def deskside(environment: dict[str, str], *words: str) -> tuple[int, list[dict[str, Any]], str]:
    done = subprocess.run(
        [*PROGRAM, *words, "--json"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def models(environment: dict[str, str]) -> list[dict[str, Any]]:
    code, records, stderr = deskside(environment, "models")
    assert code == 0, stderr
    return [model for model in records[-1]["models"] if model["source"] != "starter"]


def pull(environment: dict[str, str], hub: StandInHub, *words: str) -> list[dict[str, Any]]:
    code, records, stderr = deskside(environment, "pull", "--endpoint", hub.endpoint, *words)
    assert code == 0, stderr
    return records


def test_pull_tells_all_it_does(environment: dict[str, str], hub: StandInHub, tmp_path: Path) -> None:
    records = pull(environment, hub, "owner/One:Q4_K_M", "owner/Two", "--to", str(tmp_path / "disk"))
    assert [r["event"] for r in records if r["event"] not in ("progress", "warning")] == [
        "plan",
        "verified",
        "model",
    ] * 2
    states = {record["progress"]["state"] for record in records if record["event"] == "progress"}
    assert "complete" in states
    listed = models(environment)
    assert [Path(model["path"]).parent.name for model in listed] == ["One", "Two"]
    assert all(model["folder"] == str(tmp_path / "disk") for model in listed)
    assert all(model["standing"] == "ready" and model["verified_at"] > 1.7e9 for model in listed)


def test_ctrl_c_pauses_and_pull_without_a_name_goes_on(
    environment: dict[str, str], hub: StandInHub, tmp_path: Path
) -> None:
    hub.faults = Faults(bytes_per_second=100_000)
    words = [*PROGRAM, "pull", "--endpoint", hub.endpoint, "owner/One", "--json"]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while hub.served.body_bytes < MIB:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=200)
    assert process.returncode == 130
    code, records, _ = deskside(environment, "pull", "--queue")
    assert code == 0
    (waiting,) = records[-1]["downloads"]
    assert (waiting["repository"], waiting["state"]) == ("owner/One", "paused")
    assert waiting["done_bytes"] >= MIB // 2
    hub.faults = Faults()
    records = pull(environment, hub)
    assert records[-1]["model"]["repository"] == "owner/One"
    assert hub.served.body_bytes - len(CONTENTS["One"]) <= 2_000_000
    assert deskside(environment, "pull", "--queue")[1][-1]["downloads"] == []


def test_another_command_pauses_what_a_command_fetches(
    environment: dict[str, str], hub: StandInHub, tmp_path: Path
) -> None:
    hub.faults = Faults(bytes_per_second=40_000)
    address = f"{hub.cdn}/owner/Two/resolve/{COMMIT}/Two-Q4_K_M.gguf"
    words = [*PROGRAM, "pull", "--endpoint", hub.endpoint, "owner/One", address, "--json"]
    process = subprocess.Popen(words, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while hub.served.body_bytes < MIB // 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    code, records, stderr = deskside(environment, "pull", "--pause")
    assert code == 0, stderr
    process.communicate(timeout=200)
    assert process.returncode == 130
    waiting = {each["repository"]: each["state"] for each in records[-1]["downloads"]}
    assert waiting == {"owner/One": "paused", address: "paused"}
    assert deskside(environment, "pull", "--pause", "owner/Three")[0] == 2
    hub.faults = Faults()
    done = [record["model"] for record in pull(environment, hub) if record["event"] == "model"]
    assert [model["verified"] for model in done] == [True, False]
    assert deskside(environment, "pull", "--queue")[1][-1]["downloads"] == []


def test_a_mistyped_name_leaves_nothing_in_the_queue(environment: dict[str, str], hub: StandInHub) -> None:
    code, records, stderr = deskside(environment, "pull", "--endpoint", hub.endpoint, "owner/Onee")
    assert code == 7 and "There is no model owner/Onee" in stderr
    assert records[-1]["code"] == "repository_missing"
    assert deskside(environment, "pull", "--queue")[1][-1]["downloads"] == []


def test_a_speed_that_is_none_is_refused(environment: dict[str, str], hub: StandInHub) -> None:
    assert deskside(environment, "pull", "owner/One", "--limit", "-3")[0] == 2


def test_verify_move_remove_restore(environment: dict[str, str], hub: StandInHub, tmp_path: Path) -> None:
    pull(environment, hub, "owner/One")
    code, records, _ = deskside(environment, "models", "verify", "--all")
    assert code == 0 and records[-1]["event"] == "verified"
    assert any(record["event"] == "progress" for record in records)

    code, records, _ = deskside(environment, "models", "move", "owner/One", "--to", str(tmp_path / "disk"))
    assert code == 0 and records[-1]["event"] == "moved"
    (model,) = models(environment)
    assert model["path"] == records[-1]["path"] and model["folder"] == str(tmp_path / "disk")

    code, records, _ = deskside(environment, "models", "remove", "One")
    assert code == 0 and records[-1]["event"] == "removed"
    assert models(environment) == []
    assert deskside(environment, "models", "restore")[0] == 0
    (model,) = models(environment)
    assert Path(model["path"]).read_bytes() == CONTENTS["One"]

    deskside(environment, "models", "remove", "One")
    code, records, _ = deskside(environment, "models", "empty-trash")
    assert records[-1]["freed_bytes"] == len(CONTENTS["One"])
    assert deskside(environment, "models", "restore", "One")[0] == 2


def test_a_file_changed_by_hand(environment: dict[str, str], hub: StandInHub) -> None:
    pull(environment, hub, "owner/One")
    path = Path(models(environment)[0]["path"])
    path.write_bytes(CONTENTS["One"][:-1] + b"!")
    (model,) = models(environment)
    assert (model["standing"], model["verified"]) == ("changed", False)
    code, records, stderr = deskside(environment, "models", "verify", "owner/One")
    assert code == 4 and "not what was downloaded any more" in stderr
    assert records[-1]["code"] == "verify_mismatch"
    assert deskside(environment, "chat", "--model", "owner/One", "-p", "x")[0] != 0
    pull(environment, hub, "owner/One")
    assert path.read_bytes() == CONTENTS["One"]
    assert models(environment)[0]["standing"] == "ready"


def test_import_and_take_off_the_list_again(environment: dict[str, str], tmp_path: Path) -> None:
    path = tmp_path / "home" / ".lmstudio" / "models" / "owner" / "Mine-GGUF" / "Mine-Q8_0.gguf"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"GGUF mine")
    code, records, _ = deskside(environment, "models", "import")
    assert code == 0 and records[-1]["event"] == "found"
    assert models(environment) == []
    code, records, _ = deskside(environment, "models", "import", "mine")
    assert code == 0 and records[-1]["event"] == "imported"
    (model,) = models(environment)
    assert (model["path"], model["source"], model["standing"]) == (str(path), "lm_studio", "ready")
    assert deskside(environment, "models", "import", "--from", str(tmp_path / "nothing"))[0] == 4
    assert deskside(environment, "models", "move", "mine", "--to", str(tmp_path / "x"))[0] == 2
    code, records, _ = deskside(environment, "models", "remove", "mine")
    assert code == 0 and records[-1]["trashed"] is None
    assert models(environment) == [] and path.read_bytes() == b"GGUF mine"


def test_where_there_is_nothing_a_line_says_so(environment: dict[str, str], tmp_path: Path) -> None:
    """The last line is the result, also of nothing."""
    for words, result in (
        (("pull",), {"event": "queue", "downloads": []}),
        (("models", "restore"), {"event": "restored", "name": None}),
        (("models", "verify", "--all"), {"event": "verified", "path": None}),
    ):
        code, records, stderr = deskside(environment, *words)
        assert (code, records) == (0, [result]) and stderr
    listed = [*PROGRAM, "models"]
    done = subprocess.run(listed, env=environment, capture_output=True, text=True, timeout=250, check=True)
    assert "came with Deskside" in done.stdout and "verified" not in done.stdout
    code, records, _ = deskside(environment, "models", "import", "--from", str(tmp_path / "none"))
    assert code != 0 and "(No such file or directory)" in records[-1]["message"]
