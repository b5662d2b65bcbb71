"""What the packages are made of, tried on a small tree in place of the frozen program.

The real ones are installed in clean roots by installer/try_deb.sh.
"""

from __future__ import annotations

import configparser
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]
LINUX = ROOT / "installer" / "linux"
TIME = "1764000000"

pytestmark = pytest.mark.skipif(shutil.which("dpkg-deb") is None, reason="packages are made on Debian")


def run(*words: str | Path) -> str:
    done = subprocess.run(
        [str(word) for word in words],
        env={**os.environ, "SOURCE_DATE_EPOCH": TIME},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    frozen = tmp_path / "frozen"
    (frozen / "_internal").mkdir(parents=True)
    (frozen / "deskside").write_text("#!/bin/sh\necho started $*\n")
    (frozen / "deskside").chmod(0o755)
    (frozen / "glibc").write_text("2.35\n")
    run(LINUX / "lay_out.sh", frozen, tmp_path / "tree", "1.2.3")
    return tmp_path / "tree"


def make_deb(tree: Path, folder: Path) -> Path:
    control = folder / "control"
    folder.mkdir()
    fields = (
        (LINUX / "deskside.control").read_text().replace("@GLIBC@", "2.35").replace("@ARCHITECTURE@", "amd64")
    )
    control.write_text(fields)
    run(LINUX / "deb.sh", tree, folder, "deskside", "1.2.3", control)
    return folder / "deskside_1.2.3_amd64.deb"


def test_the_package_tells_what_it_is(tree: Path, tmp_path: Path) -> None:
    deb = make_deb(tree, tmp_path / "out")
    fields = dict(
        line.split(": ", 1) for line in run("dpkg-deb", "-f", deb).splitlines() if re.match(r"[A-Z]", line)
    )
    assert fields["Package"] == "deskside"
    assert fields["Version"] == "1.2.3"
    assert "libc6 (>= 2.35)" in fields["Depends"]
    assert "python3" not in fields["Depends"]
    assert int(fields["Installed-Size"]) > 0
    unpacked = tmp_path / "control"
    run("dpkg-deb", "-e", deb, unpacked)
    assert (unpacked / "postrm").stat().st_mode & 0o111
    assert "stay in ~/.local/share/deskside" in run("sh", unpacked / "postrm", "remove")
    for line in (unpacked / "md5sums").read_text().splitlines():
        digest, _, name = line.partition("  ")
        assert hashlib.md5((tree / name).read_bytes()).hexdigest() == digest


def test_what_is_in_the_package(tree: Path, tmp_path: Path) -> None:
    deb = make_deb(tree, tmp_path / "out")
    with (tmp_path / "data.tar").open("wb") as file:
        subprocess.run(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=file, check=True)
    with tarfile.open(tmp_path / "data.tar") as members:
        found = {member.name.removeprefix("./"): member for member in members}
    for path in (
        "usr/bin/deskside",
        "usr/lib/deskside/deskside",
        "usr/share/applications/deskside.desktop",
        "usr/share/doc/deskside/copyright",
        "usr/share/icons/hicolor/scalable/apps/deskside.svg",
        "usr/share/metainfo/deskside.metainfo.xml",
        "usr/share/mime/packages/deskside.xml",
    ):
        assert path in found
    assert all(member.uid == member.gid == 0 for member in found.values())
    assert all(not member.mode & 0o022 for member in found.values() if not member.issym())
    assert {member.mtime for member in found.values()} == {int(TIME)}
    assert found["usr/bin/deskside"].linkname == "../lib/deskside/deskside"
    assert str(ROOT).encode() not in (tmp_path / "data.tar").read_bytes()


def test_the_same_tree_makes_the_same_package(tree: Path, tmp_path: Path) -> None:
    first = make_deb(tree, tmp_path / "first").read_bytes()
    for path in tree.rglob("*"):
        os.utime(path, (1, 1), follow_symlinks=False)
    assert make_deb(tree, tmp_path / "second").read_bytes() == first


def test_desktops_can_read_what_they_are_told(tree: Path) -> None:
    share = tree / "usr" / "share"
    entry = configparser.RawConfigParser()
    entry.read(share / "applications" / "deskside.desktop", "utf-8")
    wanted = dict(entry["Desktop Entry"])
    assert wanted["exec"] == "deskside %f"
    mime = ElementTree.parse(share / "mime" / "packages" / "deskside.xml").getroot()[0]
    assert wanted["mimetype"] == f"{mime.get('type')};"
    match = next(each for each in mime.iter() if each.tag.endswith("match"))
    assert (match.get("value"), match.get("offset")) == ("GGUF", "0")
    about = ElementTree.parse(share / "metainfo" / "deskside.metainfo.xml").getroot()
    release = about.find("releases/release")
    assert release is not None and release.get("version") == "1.2.3" and release.get("date") == "2025-11-24"
    assert about.findtext("launchable") == "deskside.desktop"
    assert about.findtext("provides/mediatype") == mime.get("type")


def test_an_old_c_library_is_told_in_a_sentence(tree: Path, tmp_path: Path) -> None:
    for wanted, code in (("2.17", 0), ("9.9", 1)):
        run_file = tmp_path / wanted / "AppRun"
        run_file.parent.mkdir()
        run_file.write_text((LINUX / "AppRun").read_text().replace("@GLIBC@", wanted))
        run_file.chmod(0o755)
        shutil.copytree(tree / "usr", run_file.parent / "usr", symlinks=True)
        done = subprocess.run([run_file, "a", "b"], capture_output=True, text=True, timeout=200, check=False)
        assert done.returncode == code
        assert ("started a b" in done.stdout) == (code == 0)
        assert ("needs glibc 9.9" in done.stderr) == (code == 1)


def test_the_bill_names_what_files_belong_to_and_their_licences(tmp_path: Path) -> None:
    import psutil
    import PySide6

    sources = tmp_path / "sources.txt"
    sources.write_text(f"{psutil.__file__}\n{PySide6.__file__}\n{os.__file__}\n{ROOT / 'deskside.py'}\n")
    tree = tmp_path / "tree"
    tree.mkdir()
    run(sys.executable, ROOT / "installer" / "bill.py", tree, sources)
    bill = (tree / "bom.cdx.json").read_text()
    assert all(f'"{name}"' in bill for name in ("psutil", "pyside6_essentials", "cpython", "pyinstaller"))
    assert "numpy" not in bill
    licences = {path.name for path in (tree / "licences").iterdir()}
    assert {"deskside.txt", "psutil.txt", "llama.cpp.txt", "LGPL-3.0.txt", "GPL-3.0.txt"} <= licences
    stranger = tmp_path / "stranger.so"
    stranger.write_bytes(b"")
    (tmp_path / "elsewhere").mkdir()
    listed = tmp_path / "elsewhere" / "sources.txt"
    listed.write_text(f"{stranger}\n")
    done = subprocess.run(
        [sys.executable, ROOT / "installer" / "bill.py", tree, listed],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0 and "belongs to no package" in done.stderr
