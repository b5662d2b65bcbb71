"""Makes the pictures in docs/screenshots: every page, in both languages, light and dark.

    xvfb-run -a -s "-screen 0 1600x1200x24" python -m tests.screenshots [--out FOLDER] [NAME ...]

NAME picks some of the pages. The formulas are drawn by the real process.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PySide6.QtWidgets import QApplication

from engine.typesetting.main import TYPESETTING_WORD
from engine.typesetting.typesetter import Typesetter
from gui.__main__ import build_application
from tests.screenshots.chat_scenes import CHAT_SCENES
from tests.screenshots.page_scenes import PAGE_SCENES
from tests.screenshots.palette import save_small
from tests.screenshots.preference_scenes import PREFERENCE_SCENES
from tests.screenshots.stage import Scene, Stage, stage

ROOT = Path(__file__).resolve().parents[2]
SCENES: dict[str, Scene] = {**CHAT_SCENES, **PAGE_SCENES, **PREFERENCE_SCENES}
LOOKS = tuple((language, theme) for language in ("en", "zh_CN") for theme in ("light", "dark"))
_QUIET_S = 0.4  # without a repaint that is still to come


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("names", nargs="*", choices=[*SCENES, []], metavar="NAME")
    chosen = parser.parse_args()
    application = build_application()
    application.setCursorFlashTime(0)
    words = Path(tempfile.mkdtemp())
    _compile(words)
    typesetter = Typesetter((sys.executable, str(ROOT / "deskside.py"), TYPESETTING_WORD))
    for name in chosen.names or SCENES:
        for language, theme in LOOKS:
            with tempfile.TemporaryDirectory() as folder:
                _take(application, typesetter, Path(folder), words, name, (language, theme), chosen.out)
    typesetter.close()
    return 0


def _take(
    application: QApplication,
    typesetter: Typesetter,
    folder: Path,
    words: Path,
    name: str,
    look: tuple[str, str],
    out: Path,
) -> None:
    language, theme = look
    with stage(application, typesetter, folder, words, look, wizard=name.startswith("wizard")) as made:
        SCENES[name](made)
        _settle(application, made)
        path = out / f"{name}-{language[:2]}-{theme}.png"
        size = save_small(made.parts.window.grab().toImage(), path)
        print(f"{path.name}: {size / 1000:.0f} kB", flush=True)


def _compile(folder: Path) -> None:
    """The translations, as ./run makes them."""
    lrelease = Path(sys.executable).parent / "pyside6-lrelease"
    for source in (ROOT / "resources" / "translations").glob("*.ts"):
        target = folder / source.with_suffix(".qm").name
        subprocess.run([lrelease, "-silent", source, "-qm", target], check=True)


def _settle(application: QApplication, made: Stage) -> None:
    """Until formulas are drawn and nothing waits to be painted."""
    end = time.monotonic() + 30
    quiet = time.monotonic() + _QUIET_S
    while time.monotonic() < min(quiet, end):
        application.processEvents()
        if made.parts.chat.transcript.formulas.busy:
            quiet = time.monotonic() + _QUIET_S
        time.sleep(0.01)


if __name__ == "__main__":
    sys.exit(main())
