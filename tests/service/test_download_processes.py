"""Several processes, killed processes, full disks: `pull` in a process of its own."""

from __future__ import annotations

import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.errors import DownloadError
from tests.hub import Faults, StandInHub

MIB = 1 << 20
REPOSITORY, NAME = "owner/Tiny-GGUF", "Tiny-Q4_K_M.gguf"
CONTENT = random.Random(2).randbytes(40 * MIB)

PULL = """
import sys
from pathlib import Path
from engine.cancellation import CancelToken
from engine.download.tuning import Tuning
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.errors import DesksideError

tuning = Tuning(free_bytes=lambda folder: 1 << 50)
try:
    plan = plan_download(sys.argv[1], "owner/Tiny-GGUF", "", Path(sys.argv[2]))
    pull(plan, lambda progress: None, CancelToken(), tuning=tuning)
except DesksideError as error:
    print(type(error).__name__, error)
    sys.exit(error.exit_code)
"""


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        hub.add_file(REPOSITORY, NAME, CONTENT)
        hub.faults = Faults(bytes_per_second=1.5e6)
        yield hub


@pytest.fixture
def started() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    processes: list[subprocess.Popen[str]] = []

    def start(hub: StandInHub, models: Path, *before: str) -> subprocess.Popen[str]:
        command = [*before, sys.executable, "-c", PULL, hub.endpoint, str(models)]
        processes.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return processes[-1]

    yield start
    for process in processes:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def finish(hub: StandInHub, models: Path) -> None:
    hub.faults = Faults()
    plan = plan_download(hub.endpoint, REPOSITORY, "", models)
    model = pull(plan, lambda progress: None, CancelToken())
    assert Path(model.path).read_bytes() == CONTENT


def test_kill_9_costs_at_most_four_megabytes(
    hub: StandInHub, tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    for share in (0.25, 0.55):
        process = started(hub, tmp_path)
        wait_until(lambda share=share: hub.served.body_bytes > share * len(CONTENT))
        process.send_signal(signal.SIGKILL)
        process.wait()
        wait_until(lambda: hub.served.open_bodies == 0)
        assert list(tmp_path.rglob("*.gguf")) == []
    finish(hub, tmp_path)
    assert hub.served.body_bytes - len(CONTENT) <= 2 * 4_000_000


def test_two_processes_fetch_one_file_once(
    hub: StandInHub, tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path)
    first = started(hub, tmp_path)
    wait_until(lambda: hub.served.body_bytes > MIB)
    with pytest.raises(DownloadError, match="already being downloaded"):
        pull(plan, lambda progress: None, CancelToken())
    hub.faults = Faults()
    assert first.wait(200) == 0
    finish(hub, tmp_path)  # is there, so nothing is fetched
    assert hub.served.body_bytes <= 1.01 * len(CONTENT)


def test_a_limit_on_file_sizes_keeps_what_arrived(
    hub: StandInHub, tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    """What a FAT32 disk does, and the way every failure of the disk midway takes."""
    process = started(hub, tmp_path)
    wait_until(lambda: hub.served.body_bytes > 8 * MIB)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (4 * MIB, 4 * MIB))
    assert process.wait(200) == DownloadError.exit_code
    assert process.stdout is not None and "cannot hold a file as large" in process.stdout.read()
    before = hub.served.body_bytes
    finish(hub, tmp_path)
    assert hub.served.body_bytes - before < len(CONTENT) - 6 * MIB


def test_a_full_disk_is_a_sentence_and_no_byte(
    hub: StandInHub, tmp_path: Path, started: Callable[..., subprocess.Popen[str]]
) -> None:
    """A disk that says it has room and then has none: a small tmpfs of our own."""
    if (
        not shutil.which("unshare")
        or subprocess.run(
            ["unshare", "-rm", "mount", "-t", "tmpfs", "-o", "size=8m", "none", str(tmp_path)],
            capture_output=True,
        ).returncode
    ):
        pytest.skip("no private mounts here")
    mounted = [
        "unshare",
        "-rm",
        "sh",
        "-c",
        'mount -t tmpfs -o size=8m none "$0" && exec "$@"',
        str(tmp_path),
    ]
    process = started(hub, tmp_path, *mounted)
    assert process.wait(200) == 9
    assert process.stdout is not None and "disk became full" in process.stdout.read()
    assert hub.served.body_bytes == 0
