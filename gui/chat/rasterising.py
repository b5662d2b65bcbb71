"""Paints the drawing of a formula. Runs in the process that draws, where nobody waits for it:
in a thread of the window it would hold the lock that the window's own thread needs.
"""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QRectF
from PySide6.QtGui import QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from engine.typesetting.drawing import COLOUR, Drawing
from engine.typesetting.picture import Frame, Style

FORMAT = QImage.Format.Format_ARGB32_Premultiplied


def paint(drawing: Drawing, style: Style, frame: Frame) -> bytes | None:
    """Its pixels, as `engine.typesetting.picture.Picture` has them; None where it cannot be painted."""
    renderer = QSvgRenderer(QByteArray(drawing.svg.replace(COLOUR, style.colour).encode()))
    image = QImage(*frame.pixels(style.ratio), FORMAT)
    if image.isNull() or not renderer.isValid():
        return None
    image.fill(0)
    size, scale = drawing.size, style.em * style.ratio
    top = frame.above * style.ratio - size.ascent * scale
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    renderer.render(painter, QRectF(0, top, size.width * scale, (size.ascent + size.descent) * scale))
    painter.end()
    return bytes(image.constBits())
