"""What is inside a frozen build: a bill of materials (CycloneDX) and the licences of it all.

    python installer/bill.py TREE SOURCES

TREE is the frozen folder; `licences/` and `bom.cdx.json` are written into it. SOURCES is the list of
files that the freeze took (the spec writes it): each belongs to this project, to Python, to an installed
distribution or to a package of the system. One that belongs to nobody ends this with an error.
"""

from __future__ import annotations

import json
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.metadata import Distribution, distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LICENCES = ROOT / "installer" / "licences"
_NAMES = re.compile(r"(licen[cs]e|copying|notice|authors|copyright)", re.IGNORECASE)


@dataclass(frozen=True)
class Part:
    """Something that others made and that is inside."""

    name: str
    version: str
    purl: str  # its name in the world of packages
    licence: str  # an SPDX expression, or what its maker calls it
    texts: tuple[Path, ...] = field(compare=False, hash=False)


def parts_of(sources: list[Path], work: Path) -> set[Part]:
    """`work`: where the freeze put files of its own making.

    Raises: SystemExit, naming a file that nobody owns.
    """
    owners = {path: part for part, paths in _distributions() for path in paths}
    own = (ROOT, _pythons_folder(), work)
    found, system = {_python()}, set()
    for source in sources:
        if source in owners:
            found.add(owners[source])
        elif not any(source.is_relative_to(folder) for folder in own):
            system.add(source)
    found.update(part for part, _ in _distributions() if part.name == "pyinstaller")  # its boot loader
    return found | {_system_package(source) for source in sorted(system)}


def _distributions() -> Iterator[tuple[Part, set[Path]]]:
    for found in distributions():
        files = {Path(str(file.locate())).resolve() for file in found.files or ()}
        texts = sorted(file for file in files if _NAMES.search(file.name) and file.suffix[:3] != ".py")
        name, version = found.metadata["Name"].lower(), found.version
        yield Part(name, version, f"pkg:pypi/{name}@{version}", _licence(found), tuple(texts)), files


def _licence(found: Distribution) -> str:
    told = found.metadata.get("License-Expression") or found.metadata.get("License") or ""
    if told and "\n" not in told:
        return str(told)
    kinds = [text for text in found.metadata.get_all("Classifier") or () if text.startswith("License")]
    return ", ".join(kind.rpartition(" :: ")[2] for kind in kinds) or "see its text"


def _pythons_folder() -> Path:
    """What belongs to Python itself. Where it is a package of the system, its modules alone: beside them, in
    /usr, lie the files of other packages."""
    modules = Path(sysconfig.get_path("stdlib")).resolve()
    prefix = Path(sys.base_prefix).resolve()
    return modules if prefix == Path("/usr") else prefix


def _python() -> Part:
    version = platform.python_version()
    folders = (sysconfig.get_path("stdlib"), sys.base_prefix)  # the second on Windows
    texts = tuple(Path(folder) / "LICENSE.txt" for folder in folders)
    return Part("cpython", version, f"pkg:generic/cpython@{version}", "PSF-2.0", texts)


def _system_package(source: Path) -> Part:
    if sys.platform != "linux":  # the runtime libraries of its compiler, which its maker lets programs carry
        name, version = f"{platform.system()} runtime libraries", platform.release()
        return Part(
            name, version, f"pkg:generic/{platform.system().lower()}-runtime@{version}", "its maker's", ()
        )
    names = (str(source), str(source).removeprefix("/usr"))  # before and after /usr was merged
    asked = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, check=False).stdout
    if not asked:
        sys.exit(f"{source} belongs to no package, so its licence is not known")
    package = asked.partition(":")[0]
    told = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", package], capture_output=True, text=True, check=True
    )
    return Part(
        package,
        told.stdout,
        f"pkg:deb/debian/{package}@{told.stdout}",
        "see its text",
        (Path("/usr/share/doc") / package / "copyright",),
    )


def write(parts: set[Part], version: str, tree: Path) -> None:
    texts = tree / "licences"
    shutil.rmtree(texts, ignore_errors=True)
    shutil.copytree(LICENCES, texts)
    shutil.copy(ROOT / "LICENSE", texts / "deskside.txt")
    components = []
    for part in sorted(parts, key=lambda part: part.purl):
        for number, text in enumerate(path for path in part.texts if path.is_file()):
            shutil.copyfile(text, texts / f"{part.name}{f'-{number}' if number else ''}.txt")
        components.append(
            {"type": "library", "name": part.name, "version": part.version, "purl": part.purl}
            | {"licenses": [{"license": {"name": part.licence}}]}
        )
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "deskside", "version": version}},
        "components": components,
    }
    (tree / "bom.cdx.json").write_text(json.dumps(bill, indent=1) + "\n", "utf-8")


def main(words: list[str]) -> None:
    sys.path.insert(0, str(ROOT))
    from engine import __version__

    tree, listed = Path(words[0]), Path(words[1])
    sources = [Path(line).resolve() for line in listed.read_text("utf-8").splitlines()]
    write(parts_of(sources, listed.parent.resolve()), __version__, tree)


if __name__ == "__main__":
    main(sys.argv[1:])
