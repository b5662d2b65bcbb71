"""From the changelog to a release. The version stands in engine/__init__.py and nowhere else.

python installer/release.py tag            checks, tags, builds for this system into dist/; may be repeated
python installer/release.py check vX.Y.Z   whether the tag, the version and the changelog agree
python installer/release.py notes vX.Y.Z   the changelog's part for that version
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def version() -> str:
    text = (ROOT / "engine" / "__init__.py").read_text("utf-8")
    found = re.search(r'^__version__.*"(\d+\.\d+\.\d+)"$', text, re.MULTILINE)
    return found[1] if found else sys.exit("engine/__init__.py has no version X.Y.Z")


def notes(wanted: str) -> str:
    """What stands under that version's heading."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")
    found = re.search(rf"^## {re.escape(wanted)} \((.+?)\)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if found is None:
        sys.exit(f"CHANGELOG.md has no heading '## {wanted} (DATE)'")
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", found[1]):
        sys.exit(f"CHANGELOG.md says that {wanted} is '{found[1]}': put the date there")
    return found[2].strip()


def check(tag: str) -> None:
    if tag != f"v{version()}":
        sys.exit(f"the tag is {tag} and the version {version()}")
    notes(version())


def tag() -> None:
    name = f"v{version()}"
    check(name)
    if git("status", "--porcelain"):
        sys.exit("there are changes that are not committed")
    if not git("tag", "--list", name):
        git("tag", "-a", name, "-m", notes(version()))
    elif git("rev-parse", f"{name}^{{commit}}") != git("rev-parse", "HEAD"):
        sys.exit(f"the tag {name} is there already, at another commit: a release needs a version of its own")
    subprocess.run([ROOT / "installer" / "build.sh"], check=True)


def git(*words: str) -> str:
    """What it says."""
    done = subprocess.run(["git", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
    return done.stdout.strip()


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["tag"]:
            tag()
        case ["check", name]:
            check(name)
        case ["notes", name]:
            print(notes(name.removeprefix("v")))
        case _:
            sys.exit(__doc__)
