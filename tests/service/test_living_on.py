"""One window, crash reports, the doctor's bundle, a program on a stick."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import zipfile
from dataclasses import fields, replace
from multiprocessing.connection import Client
from pathlib import Path
from queue import SimpleQueue
from typing import Any

import pytest

from engine.crashes import crash_folder, crashes_since
from engine.events import Event, JobFailed, JobId, ReportMade
from engine.host.window import WindowDoor, hand_over
from engine.jobs.doctoring import _without_places, write_bundle
from engine.jobs.local_desk import LocalDesk
from engine.jobs.redacting import redactor
from engine.paths import Paths, portable_folder, prepare
from engine.settings import Loading, Remote, Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    made = Paths(tmp_path / "data", tmp_path / "config", tmp_path / "state")
    prepare(made)
    return made


def test_a_second_start_hands_over_its_file(paths: Paths, tmp_path: Path) -> None:
    assert not hand_over(paths, "nobody.gguf")
    door = WindowDoor.take(paths)
    assert door is not None
    heard: list[str] = []
    try:
        door.listen(heard.append)
        assert WindowDoor.take(paths) is None
        assert hand_over(paths, "model.gguf")
        assert hand_over(paths, "")
        assert heard == [str(Path("model.gguf").absolute()), ""]
    finally:
        door.close()
    assert not hand_over(paths, "gone.gguf")
    again = WindowDoor.take(paths)
    assert again is not None
    again.close()


def test_a_second_start_is_heard_before_the_window_is_up(paths: Paths) -> None:
    door = WindowDoor.take(paths)
    assert door is not None
    try:
        assert hand_over(paths, "early.gguf") and hand_over(paths, "")
        heard: list[str] = []
        door.listen(heard.append)
        assert heard == [str(Path("early.gguf").absolute()), ""]
        assert hand_over(paths, "late.gguf")
        assert heard[2:] == [str(Path("late.gguf").absolute())]
    finally:
        door.close()


def test_a_window_that_was_killed_leaves_the_door_open(paths: Paths) -> None:
    child = (
        "import os, sys; from pathlib import Path; from engine.paths import Paths;"
        "from engine.host.window import WindowDoor;"
        "assert WindowDoor.take(Paths(*map(Path, sys.argv[1:]))); os._exit(9)"
    )
    words = [str(folder) for folder in (paths.data, paths.config, paths.state)]
    subprocess.run([sys.executable, "-c", child, *words], check=False, timeout=200)
    assert (paths.state / "window.json").exists()
    assert not hand_over(paths, "")
    door = WindowDoor.take(paths)
    assert door is not None
    door.close()


def test_nonsense_at_the_door_does_not_reach_the_window(paths: Paths) -> None:
    from engine.host.address import read_address
    from engine.host.sockets import connect

    door = WindowDoor.take(paths)
    assert door is not None
    heard: list[str] = []
    silent: list[Any] = []
    family = "AF_PIPE" if sys.platform == "win32" else "AF_UNIX"
    try:
        door.listen(heard.append)
        for body in (b"", b"[]", b'{"open": 3}', b'{"open": "a\\u0000b"}', b"{" * 9000, b"x" * 100_000):
            address = read_address(paths, "window")
            assert address is not None
            channel = connect(address)
            assert channel is not None
            channel.send(body)
            channel.close()
            silent.append(connect(address))  # never says a word
            silent.append(Client(address.text, family))  # nor shows that it may come in
        assert hand_over(paths, "good.gguf")
        assert heard == [str(Path("good.gguf").absolute())]
    finally:
        for quiet in silent:
            quiet.close()
        door.close()


def start(paths: Paths, deed: str) -> None:
    child = (
        "import ctypes, os, sys; from pathlib import Path; from engine.crashes import *\n"
        "state = Path(sys.argv[1]); watch_for_crashes(state)\n" + deed
    )
    subprocess.run([sys.executable, "-c", child, str(paths.state)], check=False, timeout=200, cwd=ROOT)


def test_a_crash_is_found_by_the_next_start_once(paths: Paths) -> None:
    start(paths, "ctypes.string_at(0)")
    (report,) = crashes_since(paths.state)
    told = report.read_text()
    assert "string_at" in told and ("Segmentation fault" in told or "access violation" in told)
    assert crashes_since(paths.state) == ()


@pytest.mark.parametrize("deed", ["end_watch(state)", "os._exit(1)", "os.kill(os.getpid(), 9)"])
def test_other_ends_are_no_crashes(paths: Paths, deed: str) -> None:
    start(paths, deed)
    assert crashes_since(paths.state) == ()
    assert list(crash_folder(paths.state).iterdir()) == []


def test_a_program_that_runs_is_left_alone_and_old_reports_go(paths: Paths) -> None:
    folder = crash_folder(paths.state)
    folder.mkdir()
    (folder / f"running-{os.getpid()}.txt").write_text("at work")
    for number in range(9):
        (folder / f"crash-2026010{number}-000000-1.txt").write_text("old")
    assert crashes_since(paths.state) == ()
    assert len(list(folder.glob("crash-*"))) == 5
    assert (folder / f"running-{os.getpid()}.txt").exists()


def test_a_bundle_holds_no_private_data(paths: Paths, tmp_path: Path) -> None:
    secrets = (
        "hf_abcdefghijklmnop",
        "sk-aaaaaaaaaaaaaaaa",
        "s3cret-pass",
        "anna@example.org",
        "10.1.2.3",
        "hidden-host",
        "K7QF-3ZMA-XN2E-W5TD-PB6H-R4YC",
        "fe80::1c2d:3eff:fe4f:5a6b",
        "52:54:00:ab:cd:ef",
        "ownKeyOfThisServer-1234567890",
        "big-secret-project",
    )
    home = str(Path.home())
    paths.log.write_text(
        f"get https://anna:{secrets[2]}@proxy.example/ {secrets[0]}\nAuthorization: Bearer {secrets[1]}\n"
        f"mail {secrets[3]} from {secrets[4]}\n{home}/models/x.gguf and 127.0.0.1 stay\n"
        f"{secrets[5].upper()}:8443 is silent, [{secrets[7]}]:443 at {secrets[8]} too\n"
        f"{secrets[6]} and {secrets[9]} open doors\n"
        f"/mnt/{secrets[10]}/y.gguf, {json.dumps(home + os.sep + 'z.gguf')}, {home.replace('/', '//')}\n"
    )
    paths.settings.write_text("{}")
    (paths.config / "api_key").write_text(secrets[9] + "\n")
    (paths.data / "chats.sqlite3").write_text("what was said")
    settings = Settings(
        remotes=(Remote("work", f"https://{secrets[5]}/v1"),),
        proxy=f"http://anna:{secrets[2]}@{secrets[5]}:80",
        mirrors=(f"https://{secrets[5]}",),
        last_model=str(Path.home() / "models" / "x.gguf"),
        download_folder=f"/mnt/{secrets[10]}",
        runtimes_from=f"https://{secrets[5]}/runtimes",
        releases_from=f"https://{secrets[5]}/list",
        loading=(Loading(str(Path.home() / "models" / "x.gguf"), 3),),
        theme="dark",
    )
    target = tmp_path / "bundle.zip"
    write_bundle(paths, settings, [], target)
    with zipfile.ZipFile(target) as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    whole = "\n".join(texts.values()).lower()
    assert [secret for secret in (*secrets, home, "what was said") if secret.lower() in whole] == []
    assert "127.0.0.1 stay" in texts["deskside.log"]
    told = json.loads(texts["settings.json"])
    assert (told["last_model"], told["theme"], told["loading"]) == ("x.gguf", "dark", "[1]")


def test_settings_of_later_versions_are_not_told_either() -> None:
    """Every text that may name something is kept back, without a list of them that has to be kept up."""
    given = {entry.name: "x-private" for entry in fields(Settings) if entry.type == "str"}
    told = _without_places(replace(Settings(), **given))
    shown = {name for name, value in told.items() if value == "x-private"}
    assert shown == {"language", "theme", "contrast", "motion", "currency", "last_model"}


@pytest.mark.parametrize(
    "text",
    [
        "loaded 42 tensors at 1.2.3 in 0.5 s",
        "2026-11-27 21:43:09,123 INFO engine.host.main: Deskside 0.1.0 std::vector<int>::at ::1",
        "0000:01:00.0 NVIDIA 550.54.14, sha256 0123456789abcdef0123456789abcdef",
    ],
)
def test_redaction_leaves_words_alone(paths: Paths, text: str) -> None:
    assert redactor(paths, Settings())(text) == text


def test_the_window_has_a_report_written_and_says_where_it_cannot(paths: Paths, tmp_path: Path) -> None:
    told: SimpleQueue[Event] = SimpleQueue()
    desk = LocalDesk(told.put, paths, Settings(), (sys.executable, str(ROOT / "deskside.py")), live=False)

    def ending(job: JobId) -> ReportMade | JobFailed:
        while True:
            event = told.get(timeout=120)
            if event.job == job and isinstance(event, ReportMade | JobFailed):
                return event

    try:
        made = ending(desk.make_report(str(tmp_path / "report.zip")))
        assert isinstance(made, ReportMade) and zipfile.is_zipfile(made.path)
        failed = ending(desk.make_report(str(tmp_path / "none" / "report.zip")))
        assert isinstance(failed, JobFailed) and failed.message.code == "report_unwritable"
    finally:
        desk.close()


@pytest.mark.skipif(sys.platform != "linux", reason="folders of this test are named by XDG")
def test_doctor_says_what_is_wrong(paths: Paths, tmp_path: Path) -> None:
    folders = {
        f"XDG_{name.upper()}_HOME": str(tmp_path / name / "home") for name in ("data", "config", "state")
    }
    crashes = crash_folder(tmp_path / "state" / "home" / "deskside")
    crashes.mkdir(parents=True)
    command = [
        sys.executable,
        str(ROOT / "deskside.py"),
        "doctor",
        "--json",
        "--bundle",
        str(tmp_path / "b.zip"),
    ]

    def ask() -> tuple[int, list[str]]:
        done = subprocess.run(
            command, env={**os.environ, **folders}, capture_output=True, text=True, timeout=200, check=False
        )
        last = json.loads(done.stdout.splitlines()[-1])
        return done.returncode, [each["text"] for each in last["findings"] if not each["good"]]

    code, wrong = ask()
    assert (code, wrong) == (0, []) or (code == 1 and all("free" in text for text in wrong))
    assert zipfile.is_zipfile(tmp_path / "b.zip")
    (crashes / "crash-20260101-000000-1.txt").write_text("Fatal")
    code, wrong = ask()
    assert code == 1 and any("crash reports: 1" in text for text in wrong)


def test_a_folder_beside_the_frozen_program_makes_it_portable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "stick" / "deskside"
    program.parent.mkdir()
    program.touch()
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.delenv("APPIMAGE", raising=False)
    kept = program.parent / "deskside-data"
    kept.mkdir()
    assert portable_folder() is None  # not frozen
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert portable_folder() == kept
    kept.rmdir()
    assert portable_folder() is None


def test_on_macos_it_lies_beside_the_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside it would break the app's signature, and go with the next version."""
    inside = tmp_path / "stick" / "Deskside.app" / "Contents" / "MacOS"
    (inside / "deskside-data").mkdir(parents=True)
    monkeypatch.setattr(sys, "executable", str(inside / "deskside"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("APPIMAGE", raising=False)
    assert portable_folder() is None
    (tmp_path / "stick" / "deskside-data").mkdir()
    assert portable_folder() == tmp_path / "stick" / "deskside-data"


def test_threads_end_with_the_door(paths: Paths) -> None:
    door = WindowDoor.take(paths)
    assert door is not None
    door.listen(lambda file: None)
    door.close()
    for thread in threading.enumerate():
        if thread.name == "window door":
            thread.join(60)
            assert not thread.is_alive()
