"""The AppImage as a person uses it, and where it cannot start: damaged, without room, without what it needs.

Not part of ./test: installer/try_appimage.sh names the folder with the AppImage in DESKSIDE_PACKAGES.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.e2e.desktop import Desktop, Program, wait_for
from tests.e2e.starter import starter
from tests.e2e.test_main_job import Chats, ask

(IMAGE,) = Path(os.environ["DESKSIDE_PACKAGES"]).resolve().glob("*.AppImage")

pytestmark = pytest.mark.timeout(600)


@pytest.fixture
def desktop() -> Iterator[Desktop]:
    with Desktop() as made:
        yield made


def start(
    home: Path, *words: str, image: Path = IMAGE, inside: Sequence[str] = ()
) -> subprocess.CompletedProcess[str]:
    """`inside`: a command that starts it in surroundings of its own."""
    home.mkdir(exist_ok=True)
    return subprocess.run(
        [*inside, str(image), *words],
        env={"HOME": str(home), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def trees(home: Path) -> list[str]:
    return sorted(path.name for path in (home / ".cache/deskside/appimage").glob("*"))


def test_a_person_double_clicks_it_and_gets_an_answer(desktop: Desktop, tmp_path: Path) -> None:
    program = Program(desktop, tmp_path, [str(IMAGE)])
    chats = Chats(program)
    program.config.mkdir(parents=True)
    settings = {"wizard_done": True, "last_model": str(starter())}
    (program.config / "settings.json").write_text(json.dumps(settings))
    program.start()
    ask(program, chats, "Write one sentence about the sea.")
    wait_for("a whole answer", lambda: [state for state, _ in chats.answers()] == ["complete"], 120)
    program.screenshot("appimage")
    program.close()
    program.wait_for_the_engines_end()


def test_the_next_start_unpacks_nothing(tmp_path: Path) -> None:
    assert start(tmp_path, "--version").stdout.startswith("deskside ")
    (tree,) = trees(tmp_path)
    before = (tmp_path / ".cache/deskside/appimage" / tree / "AppRun").stat().st_ctime_ns
    assert start(tmp_path, "--version").returncode == 0
    assert (tmp_path / ".cache/deskside/appimage" / tree / "AppRun").stat().st_ctime_ns == before


def test_a_start_that_is_killed_as_it_unpacks_leaves_nothing_in_the_way(tmp_path: Path) -> None:
    unpacking = subprocess.Popen([IMAGE, "--version"], env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
    wait_for("half of the files", lambda: list(tmp_path.glob(".cache/deskside/appimage/*/usr/lib")), 60)
    unpacking.send_signal(signal.SIGSTOP)
    half = trees(tmp_path)
    unpacking.kill()
    unpacking.wait()
    assert len(half) == 1 and half[0].endswith(f".{unpacking.pid}"), "it was quicker"
    assert start(tmp_path, "--version").returncode == 0
    assert len(trees(tmp_path)) == 1 and trees(tmp_path) != half


@pytest.mark.parametrize("share", [0.5, 0.999])
def test_one_that_was_not_fetched_whole_says_so(tmp_path: Path, share: float) -> None:
    cut = tmp_path / "cut.AppImage"
    with IMAGE.open("rb") as whole, cut.open("wb") as file:
        file.write(whole.read(int(IMAGE.stat().st_size * share)))
    cut.chmod(0o755)
    done = start(tmp_path / "home", "--version", image=cut)
    assert done.returncode == 1 and f"{cut} is damaged" in done.stderr, done.stderr
    assert trees(tmp_path / "home") == []


def test_a_changed_byte_is_not_run(tmp_path: Path) -> None:
    changed = tmp_path / "changed.AppImage"
    shutil.copy(IMAGE, changed)
    with changed.open("r+b") as file:
        file.seek(IMAGE.stat().st_size // 2)
        byte = file.read(1)[0]
        file.seek(-1, os.SEEK_CUR)
        file.write(bytes([byte ^ 0xFF]))
    done = start(tmp_path / "home", "--version", image=changed)
    assert done.returncode == 1 and f"{changed} is damaged" in done.stderr, done.stderr
    assert trees(tmp_path / "home") == []


@pytest.mark.parametrize("disk", ["size=60m", "ro"])
def test_a_cache_that_takes_nothing_is_said(tmp_path: Path, disk: str) -> None:
    cache = tmp_path / ".cache"
    cache.mkdir()
    script = (
        f'mount -t tmpfs -o {disk} none "$0" && "$@"; code=$?;'
        ' ls -A "$0"/deskside/appimage 2>/dev/null; exit $code'
    )
    inside = ["unshare", "-rm", "sh", "-c", script, str(cache)]
    if subprocess.run([*inside, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no file systems can be mounted here")
    done = start(tmp_path, "--version", inside=inside)
    assert done.returncode == 1 and "XDG_CACHE_HOME" in done.stderr, done.stderr
    assert done.stdout == "", "what was unpacked is still there"
    elsewhere = start(tmp_path, "--version", inside=[*inside, "env", f"XDG_CACHE_HOME={tmp_path / 'other'}"])
    assert elsewhere.returncode == 0, "the way that it names does not help"


def test_it_is_portable_beside_a_folder_for_its_data(tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    (stick / "deskside-data").mkdir(parents=True)
    image = stick / "Deskside.AppImage"
    shutil.copy(IMAGE, image)
    found = json.loads(start(tmp_path / "home", "doctor", "--json", image=image).stdout.splitlines()[-1])
    texts = [each["text"] for each in found["findings"]]
    assert f"data in {stick / 'deskside-data' / 'data'}" in texts
    assert not (tmp_path / "home" / ".local").exists(), "something was kept at home all the same"


def test_a_new_version_takes_its_place_while_the_old_one_is_at_work(tmp_path: Path) -> None:
    """A person puts the new file in the place of the old one: what runs goes on from what it had unpacked."""
    image = tmp_path / "Deskside.AppImage"
    shutil.copy(IMAGE, image)
    talk = subprocess.Popen(
        [image, "chat", "-p", "Count to a hundred.", "--max-tokens", "64", "--model", str(starter())],
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"},
        stdout=subprocess.PIPE,
    )
    assert talk.stdout is not None and talk.stdout.read(1)
    fresh = tmp_path / "fresh"
    shutil.copy(IMAGE, fresh)
    fresh.rename(image)
    assert talk.stdout.read() and talk.wait(120) == 0
    assert start(tmp_path, "--version", image=image).returncode == 0
    deadline = time.monotonic() + 60
    while (tmp_path / ".local/state/deskside/engine.json").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
