"""The release's check: tag, version and changelog must agree."""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import engine

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def release(tmp_path: Path) -> ModuleType:
    """The script, in a checkout of its own."""
    spec = importlib.util.spec_from_file_location("release", ROOT / "installer" / "release.py")
    assert spec is not None and spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    made.ROOT = tmp_path
    (tmp_path / "engine").mkdir()
    (tmp_path / "engine" / "__init__.py").write_text('__version__: Final = "1.2.3"\n')
    log = "# Changelog\n\n## 1.2.3 (2026-11-27)\n\n- This.\n\n## 1.2.2 (2026-01-01)\n\n- That.\n"
    (tmp_path / "CHANGELOG.md").write_text(log)
    return made


def test_a_tag_that_agrees_has_its_notes(release: ModuleType) -> None:
    release.check("v1.2.3")
    assert release.notes("1.2.3") == "- This."


@pytest.mark.parametrize(
    ("old", "new"), [("1.2.3", "1.2.4"), ("2026-11-27", "unreleased"), ("## 1.2.3", "1.2.3")]
)
def test_what_does_not_agree_is_said(release: ModuleType, old: str, new: str) -> None:
    log = release.ROOT / "CHANGELOG.md"
    log.write_text(log.read_text().replace(old, new))
    with pytest.raises(SystemExit, match=r"CHANGELOG\.md"):
        release.check("v1.2.3")
    with pytest.raises(SystemExit, match="the tag is"):
        release.check("v1.2.2")


@pytest.fixture
def checkout(release: ModuleType) -> ModuleType:
    """Committed, with a build that writes down what it was called for."""
    if sys.platform == "win32" or shutil.which("git") is None:
        pytest.skip("needs git and a shell")
    build = release.ROOT / "installer" / "build.sh"
    build.parent.mkdir()
    build.write_text(
        '#!/bin/sh\ncd "$(dirname "$0")/.." && git describe >>.git/built && test ! -e .git/broken\n'
    )
    build.chmod(0o755)
    for words in (
        ["init", "-q"],
        ["config", "user.name", "A"],
        ["config", "user.email", "a@localhost"],
        ["add", "."],
        ["commit", "-qm", "All"],
    ):
        release.git(*words)
    return release


def test_one_command_makes_the_tag_and_builds(checkout: ModuleType) -> None:
    checkout.tag()
    assert checkout.git("tag", "--list", "-n", "v1.2.3").split() == ["v1.2.3", "-", "This."]
    assert (checkout.ROOT / ".git" / "built").read_text() == "v1.2.3\n"


def test_a_build_that_failed_is_begun_again_with_the_same_tag(checkout: ModuleType) -> None:
    broken = checkout.ROOT / ".git" / "broken"
    broken.touch()
    with pytest.raises(subprocess.CalledProcessError):
        checkout.tag()
    broken.unlink()
    checkout.tag()
    assert (checkout.ROOT / ".git" / "built").read_text() == "v1.2.3\n" * 2


def test_a_version_is_released_once(checkout: ModuleType) -> None:
    checkout.tag()
    checkout.git("commit", "-q", "--allow-empty", "-m", "More")
    with pytest.raises(SystemExit, match="at another commit"):
        checkout.tag()


def test_what_is_not_committed_is_not_released(checkout: ModuleType) -> None:
    (checkout.ROOT / "more").touch()
    with pytest.raises(SystemExit, match="not committed"):
        checkout.tag()
    assert checkout.git("tag") == ""


def test_the_version_stands_in_one_place() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"{engine.__version__}"' not in text
    assert 'attr = "engine.__version__"' in text
