"""Our icons: one-colour drawings of `resources/icons`, tinted when asked for."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QSize, Qt
from PySide6.QtGui import QGuiApplication, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

import resources

_INK = b"#000"  # what every drawing is drawn in
_SCALES = (1.0, 1.5, 2.0, 3.0)


def icon(name: str, colour: str, size: int = 20) -> QIcon:
    """The drawing `name` in `colour` ("#rrggbb"), sharp at every screen scale.

    Raises: FileNotFoundError, for a name without a drawing.
    """
    made = QIcon()
    for scale in _SCALES:
        made.addPixmap(pixmap(name, colour, size, scale))
    return made


def pixmap(name: str, colour: str, size: int = 20, scale: float | None = None) -> QPixmap:
    """As `icon`, for painting: `size` in device-independent pixels, `scale` that of the screen."""
    return _rendered(name, colour, size, scale or QGuiApplication.primaryScreen().devicePixelRatio())


def application_icon() -> QIcon:
    """The program's own icon."""
    drawing = QPixmap()
    drawing.loadFromData(_drawing("deskside"))
    return QIcon(drawing)


@lru_cache(maxsize=512)
def _rendered(name: str, colour: str, size: int, scale: float) -> QPixmap:
    renderer = QSvgRenderer(QByteArray(_drawing(name).replace(_INK, colour.encode("ascii"))))
    made = QPixmap(QSize(round(size * scale), round(size * scale)))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter)
    painter.end()
    made.setDevicePixelRatio(scale)
    return made


@lru_cache(maxsize=64)
def _drawing(name: str) -> bytes:
    return resources.path("icons", f"{name}.svg").read_bytes()
