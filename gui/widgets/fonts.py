"""The bundled fonts, and the Chinese ones of the system behind them."""

from __future__ import annotations

from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from PySide6.QtCore import qWarning
from PySide6.QtGui import QFont, QFontDatabase

_PACKAGES = ("fontpkg_inter", "fontpkg_jetbrains_mono")
_CHINESE = ("Noto Sans CJK SC", "WenQuanYi Micro Hei", "Microsoft YaHei", "PingFang SC")
_UI_FAMILIES = ("Inter", *_CHINESE)
_MONO_FAMILIES = ("JetBrains Mono", *_CHINESE)

BASE_POINTS = 10.5  # 14 px at 96 DPI


def register_fonts() -> None:
    """Adds the fonts of the font packages to this application; call once, after QApplication."""
    for package in _PACKAGES:
        folder = files(package) / "files"
        for font in folder.iterdir():
            if font.name.endswith(".ttf"):
                _register(font)


def ui_font(scale: float = 1.0, weight: int = 400) -> QFont:
    """The font of the window's words; `scale` times the base size, `weight` from 100 to 900."""
    font = QFont(list(_UI_FAMILIES))
    font.setPointSizeF(BASE_POINTS * scale)
    # Inter is one variable font: its axis gives true weights, where Qt alone would smear a bold.
    # The weight itself is for the Chinese fonts behind it.
    if weight != 400:
        font.setWeight(QFont.Weight(min(weight, 600)))
        font.setVariableAxis(QFont.Tag("wght"), weight)
    return font


def mono_font(scale: float = 0.95) -> QFont:
    """The font of code and paths, without ligatures: they turn `->` into an arrow."""
    font = QFont(list(_MONO_FAMILIES))
    font.setPointSizeF(BASE_POINTS * scale)
    font.setStyleHint(QFont.StyleHint.Monospace)
    font.setFeature(QFont.Tag("calt"), 0)
    return font


def _register(font: Traversable) -> None:
    with as_file(font) as path:
        if QFontDatabase.addApplicationFont(str(path)) < 0:
            qWarning(f"The bundled font {path} could not be loaded")
