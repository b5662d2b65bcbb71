"""Pictures of formulas: drawn beside the window's thread, kept by formula, size, colour and screen.

What is not there yet is asked for and told of by `arrived`; until then the source is shown, or a gap
of the right size where the size is known from before.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QByteArray, QObject, QRectF, Signal
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

from engine.chat.maths import Formula
from engine.typesetting.drawing import COLOUR, Drawing
from engine.typesetting.typesetter import Typesetter

_KEPT_BYTES = 12 * 2**20  # of pictures
_KEPT_SIZES = 4_000
_KEPT_CHARS = 2_000_000  # of drawings
_MOST_WAITING = 600
_MOST_PIXELS = 24_000_000  # of one picture
_REST_S = 60.0  # without a formula, after which the drawing process ends
_TO_LETTERS = 1.12  # its letters are smaller than those of the words' font


@dataclass(frozen=True, slots=True)
class Wanted:
    """A formula among words. `em` and `descent` are their font's, in pixels."""

    formula: Formula
    em: float
    descent: float
    colour: str
    ratio: float  # pixels of the screen for each of ours


@dataclass(frozen=True, slots=True)
class Size:
    """In em. None stands for a formula that cannot be drawn."""

    width: float
    ascent: float
    descent: float


@dataclass(frozen=True, slots=True)
class Picture:
    """`image` has the size in pixels of the screen; it is empty while it is being drawn.

    Qt sets the foot of a picture where the letters of its font have theirs: `grown` is how much larger
    than the words' font that font has to be."""

    image: QImage
    width: float
    height: float
    grown: float


class Formulas(QObject):
    arrived = Signal()  # some formulas look other now
    _drawn = Signal(object, object, object)  # Wanted, Size or None, Picture or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ratio = 1.0
        self._typesetter: Typesetter | None = None
        self._sizes: OrderedDict[Formula, Size | None] = OrderedDict()
        self._pictures: OrderedDict[Wanted, Picture] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[Wanted, None] = OrderedDict()  # asked for last comes first
        self._in_work: set[Wanted] = set()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._drawn.connect(self._keep)

    def draw_with(self, typesetter: Typesetter) -> None:
        """Without one every formula is shown as its source."""
        self._typesetter = typesetter

    def wanted(self, formula: Formula, font: QFont, colour: str) -> Wanted:
        """That formula beside words in that font."""
        em = QFontInfo(font).pixelSize() * _TO_LETTERS
        return Wanted(formula, em, QFontMetricsF(font).descent(), colour, self.ratio)

    def picture(self, wanted: Wanted) -> Picture | None:
        """None where the source is to be shown; `is_waiting` says whether for good."""
        found = self._pictures.get(wanted)
        if found is not None:
            self._pictures.move_to_end(wanted)
            return found
        if self._typesetter is None or self._sizes.get(wanted.formula, _UNKNOWN) is None:
            return None
        self._ask(wanted)
        size = self._sizes.get(wanted.formula)
        return _placed(size, wanted) if size is not None else None

    def is_waiting(self, wanted: Wanted) -> bool:
        """Its picture is on its way."""
        return wanted in self._in_work

    def _ask(self, wanted: Wanted) -> None:
        with self._wake:
            self._in_work.add(wanted)
            self._waiting[wanted] = None
            self._waiting.move_to_end(wanted)
            while len(self._waiting) > _MOST_WAITING:
                forgotten, _ = self._waiting.popitem(last=False)
                self._in_work.discard(forgotten)
            self._wake.notify()
        if self._thread is None:
            self._thread = threading.Thread(target=self._draw_all, name="formulas", daemon=True)
            self._thread.start()

    def _keep(self, wanted: Wanted, size: Size | None, picture: Picture | None) -> None:
        self._in_work.discard(wanted)
        self._sizes[wanted.formula] = size
        while len(self._sizes) > _KEPT_SIZES:
            self._sizes.popitem(last=False)
        if picture is not None:
            self._pictures[wanted] = picture
            self._bytes += picture.image.sizeInBytes()
            while self._bytes > _KEPT_BYTES and len(self._pictures) > 1:
                _, old = self._pictures.popitem(last=False)
                self._bytes -= old.image.sizeInBytes()
        self.arrived.emit()

    # in the thread
    def _draw_all(self) -> None:
        typesetter = self._typesetter
        assert typesetter is not None
        drawings: OrderedDict[Formula, Drawing] = OrderedDict()
        while True:
            with self._wake:
                if not self._waiting and not self._wake.wait(_REST_S):
                    typesetter.rest()
                    continue
                if not self._waiting:
                    continue
                wanted, _ = self._waiting.popitem()
            drawing = drawings.pop(wanted.formula, None) or typesetter.draw(wanted.formula)
            if drawing is not None:
                drawings[wanted.formula] = drawing
                while sum(len(kept.svg) for kept in drawings.values()) > _KEPT_CHARS:
                    drawings.popitem(last=False)
            size, picture = _painted(drawing, wanted) if drawing is not None else (None, None)
            if not shiboken6.isValid(self):
                return
            self._drawn.emit(wanted, size, picture)


_UNKNOWN = Size(0, 0, 0)


def _painted(drawing: Drawing, wanted: Wanted) -> tuple[Size | None, Picture | None]:
    size = Size(drawing.width, drawing.ascent, drawing.descent)
    picture = _placed(size, wanted)
    renderer = QSvgRenderer(QByteArray(drawing.svg.replace(COLOUR, wanted.colour).encode()))
    if picture is None or not renderer.isValid():
        return None, None
    baseline = math.ceil(size.ascent * wanted.em) * wanted.ratio
    scale = wanted.em * wanted.ratio
    painter = QPainter(picture.image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    height = (size.ascent + size.descent) * scale
    renderer.render(painter, QRectF(0, baseline - size.ascent * scale, size.width * scale, height))
    painter.end()
    return size, picture


def _placed(size: Size, wanted: Wanted) -> Picture | None:
    """An empty picture, with its baseline between two pixels."""
    foot = math.ceil(max(size.descent * wanted.em, wanted.descent))
    width, height = math.ceil(size.width * wanted.em), max(math.ceil(size.ascent * wanted.em) + foot, 1)
    pixels = (math.ceil(width * wanted.ratio), math.ceil(height * wanted.ratio))
    if pixels[0] * pixels[1] > _MOST_PIXELS:
        return None
    image = QImage(*pixels, QImage.Format.Format_ARGB32_Premultiplied)
    image.fill(0)
    return Picture(image, width, height, foot / wanted.descent)
