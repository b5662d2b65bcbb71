"""The signed list of versions that installed programs ask for, where somebody has switched that on.

python installer/release_list.py FOLDER KEY-FILE

Writes FOLDER/releases.signed: this version, its part of the changelog, and the installers that lie in FOLDER.

KEY-FILE is made by installer/runtimes/sign.py; the form of the list stands in engine/releases/listing.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.releases.listing import Installer, read_list

NAME = "releases.signed"
_FORMS = (
    (r"deskside_{v}_(amd64|arm64)\.deb", "deb", "linux"),
    (r"Deskside-{v}-(x86_64|aarch64)\.AppImage", "appimage", "linux"),
    (r"Deskside-{v}-(x64)-setup\.exe", "exe", "win32"),
    (r"Deskside-{v}-(arm64|x86_64)\.dmg", "dmg", "darwin"),
)
# Debian's and Inno Setup's names -> what `platform.machine` says there.
_MACHINES = {("deb", "amd64"): "x86_64", ("deb", "arm64"): "aarch64", ("exe", "x64"): "amd64"}


def installers_in(folder: Path, version: str) -> Iterator[Installer]:
    for path in sorted(folder.iterdir()):
        for form, kind, system in _FORMS:
            found = re.fullmatch(form.format(v=re.escape(version)), path.name)
            if found:
                machine = _MACHINES.get((kind, found[1]), found[1])
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                yield Installer(kind, system, machine, path.name, path.stat().st_size, digest)


def signed_list(folder: Path, version: str, notes: str, key: Ed25519PrivateKey, made: int) -> bytes:
    """Read again as programs will read it. Raises: UpdateError, for what they would not believe."""
    installers = [asdict(each) for each in installers_in(folder, version)]
    release = {"version": version, "notes": notes, "installers": installers}
    body = json.dumps({"made": made, "releases": [release]}, indent=1).encode() + b"\n"
    document = base64.b64encode(key.sign(body)) + b"\n" + body
    read_list(document, [key.public_key().public_bytes_raw()])
    return document


if __name__ == "__main__":
    from release import notes, version

    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(Path(sys.argv[2]).read_bytes()))
    made = signed_list(folder, version(), notes(version()), private, int(time.time()))
    (folder / NAME).write_bytes(made)
    print(f"{folder / NAME}: {version()}, {len(list(installers_in(folder, version())))} installers")
