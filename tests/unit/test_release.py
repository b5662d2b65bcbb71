"""The release's check: tag, version and changelog must agree."""

from __future__ import annotations

import importlib.util
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


def test_the_version_stands_in_one_place() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    assert f'"{engine.__version__}"' not in text
    assert 'attr = "engine.__version__"' in text
