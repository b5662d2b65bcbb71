"""The list of versions: what is believed, what is newer, and that nothing in it can do harm."""

from __future__ import annotations

import base64
import importlib.util
import json
import platform
import sys
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from types import ModuleType

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as some

from engine.cancellation import CancelToken
from engine.errors import UpdateError
from engine.events import Event, JobFailed, JobId
from engine.jobs.threads import JobThreads, sentence_for
from engine.releases import replaced
from engine.releases.here import installed_as, installer_of
from engine.releases.listing import Installer, Release, ReleaseList, read_list, version_number

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.generate()
PUBLIC = KEY.public_key().public_bytes_raw()
HERE = Installer("deb", sys.platform, platform.machine().lower(), "deskside.deb", 10, "0" * 64)

numbers = some.integers(0, 999_999)
versions = some.builds("{}.{}.{}".format, numbers, numbers, numbers)
installers = some.builds(
    Installer,
    kind=some.sampled_from(["deb", "appimage", "rpm"]),
    system=some.just("linux"),
    machine=some.sampled_from(["x86_64", "aarch64"]),
    file=some.from_regex(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,120}", fullmatch=True).filter(str.isascii),
    size=some.integers(1, 2 << 30),
    sha256=some.from_regex(r"[0-9a-f]{64}", fullmatch=True),
)
releases = some.builds(
    Release,
    version=versions,
    notes=some.text(some.characters(codec="utf-8"), max_size=200),
    installers=some.lists(installers, max_size=3).map(tuple),
)
lists = some.builds(ReleaseList, some.integers(0, 1 << 39), some.lists(releases, max_size=4).map(tuple))
anything = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=20),
    lambda inner: (
        some.lists(inner, max_size=3) | some.dictionaries(some.text(max_size=12), inner, max_size=4)
    ),
    max_leaves=12,
)


def signed(body: bytes, key: Ed25519PrivateKey = KEY) -> bytes:
    return base64.b64encode(key.sign(body)) + b"\n" + body


def document(listed: ReleaseList) -> bytes:
    return signed(json.dumps(asdict(listed)).encode())


@given(lists)
def test_what_was_signed_is_read(listed: ReleaseList) -> None:
    read = read_list(document(listed), [b"\1" * 32, PUBLIC])
    assert read.made == listed.made
    assert [one.version for one in read.releases] == [one.version for one in listed.releases]
    assert [one.installers for one in read.releases] == [one.installers for one in listed.releases]
    for one in read.releases:
        assert all(mark == "\n" or mark.isprintable() for mark in one.notes)


@given(lists, some.data())
def test_any_changed_or_missing_byte_is_refused(listed: ReleaseList, data: some.DataObject) -> None:
    whole = document(listed)
    at = data.draw(some.integers(0, len(whole) - 1))
    changed = whole[:at] + bytes([whole[at] ^ data.draw(some.integers(1, 255))]) + whole[at + 1 :]
    for bad in (whole[:at], changed, whole + b" "):
        with pytest.raises(UpdateError) as caught:
            read_list(bad, [PUBLIC])
        assert caught.value.message.code == "release_unsigned"


@given(some.binary(max_size=300))
def test_bytes_that_nobody_signed_are_refused(body: bytes) -> None:
    with pytest.raises(UpdateError):
        read_list(body, [PUBLIC])


@given(anything | some.fixed_dictionaries({"made": some.integers(), "releases": some.lists(anything)}))
def test_what_is_signed_may_still_make_no_sense(stored: object) -> None:
    try:
        read_list(signed(json.dumps(stored).encode()), [PUBLIC])
    except UpdateError as error:
        assert error.message.code == "release_damaged"


@pytest.mark.parametrize(
    "values",
    [
        {"file": "../evil.deb"},
        {"file": "/etc/passwd"},
        {"file": "a/b"},
        {"file": "https:evil"},
        {"file": ".hidden"},
        {"sha256": "x"},
        {"sha256": 3},
        {"size": 0},
        {"size": True},
        {"size": 1 << 60},
        {"kind": "DEB; rm"},
    ],
)
def test_an_installer_that_could_do_harm_is_refused(values: dict[str, object]) -> None:
    entry = {"version": "9.0.0", "notes": "", "installers": [{**asdict(HERE), **values}]}
    with pytest.raises(UpdateError) as caught:
        read_list(signed(json.dumps({"made": 1, "releases": [entry]}).encode()), [PUBLIC])
    assert caught.value.message.code == "release_damaged"


@pytest.mark.parametrize(
    "text", ["1.0", "1.0.0.0", "v1.0.0", "01.0.0", "1.0.0-rc1", "1.0.٣", "1.0.1000000", ""]
)
def test_versions_have_one_form(text: str) -> None:
    with pytest.raises(ValueError, match="no version"):
        version_number(text)


def test_bombs_are_refused() -> None:
    for body in (b"[" * 100_000, b'{"made": 1, "releases": ' + b"[" * 100_000):
        with pytest.raises(UpdateError):
            read_list(signed(body), [PUBLIC])
    many = {"version": "9.0.0", "notes": "", "installers": [asdict(HERE)] * 51}
    with pytest.raises(UpdateError):
        read_list(signed(json.dumps({"made": 1, "releases": [many]}).encode()), [PUBLIC])


def test_the_newest_counts_if_it_is_newer() -> None:
    found = ReleaseList(1, tuple(Release(version, "", ()) for version in ("0.9.0", "0.10.0", "0.2.9")))
    newest = found.newer_than("0.9.9")
    assert newest is not None and newest.version == "0.10.0"
    assert found.newer_than("0.10.0") is None
    assert found.newer_than("1.0.0") is None
    assert ReleaseList(1, ()).newer_than("0.0.1") is None


def test_the_installer_is_that_of_this_system() -> None:
    others = (
        Installer("appimage", HERE.system, HERE.machine, "a", 1, "0" * 64),
        Installer("deb", HERE.system, "s390x", "b", 1, "0" * 64),
        Installer("deb", "plan9", HERE.machine, "c", 1, "0" * 64),
    )
    assert installer_of(Release("1.0.0", "", (*others, HERE)), "deb") == HERE
    assert installer_of(Release("1.0.0", "", others), "deb") is None
    assert installer_of(Release("1.0.0", "", (*others, HERE)), "") is None


@pytest.mark.skipif(sys.platform != "linux", reason="it looks at paths of Linux")
def test_how_this_program_was_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert installed_as() == ""  # a checkout
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    monkeypatch.delenv("APPIMAGE", raising=False)
    assert installed_as() == ""  # a folder that was unpacked by hand
    monkeypatch.setattr(sys, "executable", "/usr/lib/deskside/deskside")
    assert installed_as() == "deb"
    monkeypatch.setenv("APPIMAGE", "/home/person/Deskside.AppImage")
    assert installed_as() == "appimage"
    for system, kind in (("win32", "exe"), ("darwin", "dmg")):
        monkeypatch.setattr(sys, "platform", system)
        assert installed_as() == kind


@pytest.fixture
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("release_list", ROOT / "installer" / "release_list.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    return made


def test_a_release_is_listed_with_its_installers(script: ModuleType, tmp_path: Path) -> None:
    for name in (
        "deskside_1.2.3_amd64.deb",
        "Deskside-1.2.3-x86_64.AppImage",
        "Deskside-1.2.3-x64-setup.exe",
        "Deskside-1.2.3-arm64.dmg",
        "deskside-starter_1.2.3_all.deb",
        "deskside_1.2.2_amd64.deb",
        "SHA256SUMS",
    ):
        (tmp_path / name).write_text(name)
    (release,) = read_list(script.signed_list(tmp_path, "1.2.3", "- This.", KEY, 7), [PUBLIC]).releases
    assert (release.version, release.notes) == ("1.2.3", "- This.")
    assert {(one.kind, one.system, one.machine) for one in release.installers} == {
        ("deb", "linux", "x86_64"),
        ("appimage", "linux", "x86_64"),
        ("exe", "win32", "amd64"),
        ("dmg", "darwin", "arm64"),
    }


def test_a_failure_after_an_update_of_the_program_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "deskside"
    program.write_bytes(b"old")
    monkeypatch.setattr(sys, "executable", str(program))
    monkeypatch.setattr(replaced, "_AT_START", replaced._mark())

    def told() -> str:
        return sentence_for(ImportError("a part of it"), "log").code

    (tmp_path / "new").write_bytes(b"newer")
    (tmp_path / "new").replace(program)
    assert told() == "unexpected", "a checkout is changed by whoever works on it"
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert told() == "program_replaced"
    assert sentence_for(UpdateError.of("release_no_place"), "log").code == "release_no_place"
    program.unlink()
    assert told() == "program_replaced"
    monkeypatch.setattr(replaced, "_AT_START", replaced._mark())
    assert told() == "unexpected"


def test_a_job_ends_with_a_failure_when_the_program_was_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PyInstaller's importer asks for the end of the program where its file has gone."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "gone"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    ended: SimpleQueue[Event] = SimpleQueue()

    def work(job: JobId, token: CancelToken) -> None:
        raise SystemExit("ERROR: appears to have been moved or deleted")

    threads = JobThreads(ended.put, "log")
    threads.start("late", work)
    ending = ended.get(timeout=60)
    assert isinstance(ending, JobFailed) and ending.message.code == "program_replaced"
