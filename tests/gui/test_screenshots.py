"""The pictures of the pages: all there, and small; and their scenes still play."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from engine.typesetting.typesetter import Typesetter
from tests.screenshots.__main__ import LOOKS, ROOT, SCENES
from tests.screenshots.palette import save_small
from tests.screenshots.stage import stage

FOLDER = ROOT / "docs" / "screenshots"


def test_every_page_has_its_pictures() -> None:
    wanted = {f"{name}-{language[:2]}-{theme}.png" for name in SCENES for language, theme in LOOKS}
    assert wanted <= {path.name for path in FOLDER.iterdir()}
    assert max(path.stat().st_size for path in FOLDER.iterdir()) < 150_000


@pytest.mark.parametrize("name", ["chat-details", "models-search", "wizard-paused"])
def test_a_scene_plays(qapp: QApplication, translations: Path, tmp_path: Path, name: str) -> None:
    wizard = name.startswith("wizard")
    with stage(qapp, Typesetter(()), tmp_path, translations, ("zh_CN", "dark"), wizard) as made:
        SCENES[name](made)
        image = made.parts.window.grab().toImage()
    assert save_small(image, tmp_path / "picture.png") < 150_000
