"""Puts modules into a pack and adds it to the manifest beside it.

python installer/runtimes/pack.py MODULES FOLDER NAME BACKEND ABI [DRIVER]
"""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tarfile
from dataclasses import asdict
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.packs.manifest import MANIFEST, Pack


def make_pack(modules: Path, folder: Path, name: str, backend: str, abi: str, driver: str = "") -> Pack:
    """The same modules give the same bytes."""
    machine = platform.machine().lower()
    file = f"{name}-{sys.platform}-{machine}.tar.xz"
    paths = sorted(modules.iterdir())
    with tarfile.open(folder / file, "w:xz", preset=9, format=tarfile.USTAR_FORMAT) as archive:
        for path in paths:
            about = tarfile.TarInfo(path.name)
            about.size, about.mode = path.stat().st_size, 0o644
            with path.open("rb") as content:
                archive.addfile(about, content)
    body = (folder / file).read_bytes()
    unpacked = sum(path.stat().st_size for path in paths)
    return Pack(
        name=name,
        backend=backend,
        system=sys.platform,
        machine=machine,
        abi=abi,
        file=file,
        size=len(body),
        unpacked=unpacked,
        sha256=hashlib.sha256(body).hexdigest(),
        driver=driver,
    )


def add_to_manifest(folder: Path, pack: Pack) -> None:
    path = folder / MANIFEST
    stored = json.loads(path.read_text("utf-8"))["packs"] if path.exists() else []
    others = [entry for entry in stored if entry["file"] != pack.file]
    path.write_text(json.dumps({"packs": [*others, asdict(pack)]}, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    made = make_pack(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:7])
    add_to_manifest(Path(sys.argv[2]), made)
    print(f"{made.file}: {made.size} bytes, {made.unpacked} unpacked")
