"""Pictures of formulas: drawn by a process of their own, kept by formula, size, colour and screen.

What is not there yet is asked for and told of by `arrived`; until then the source is shown, or a gap
of the right size where the size is known from before.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass

import shiboken6
from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QImage

from engine.chat.maths import Formula
from engine.typesetting.picture import Frame, Size, Style, frame_of
from engine.typesetting.typesetter import Typesetter
from gui.chat.rasterising import FORMAT

_KEPT_BYTES = 12 * 2**20  # of pictures
_KEPT_SIZES = 4_000
_MOST_WAITING = 400  # what was passed by long ago is asked for again where it is seen again
_REST_S = 60.0  # without a formula, after which the drawing process ends
_TO_LETTERS = 1.12  # its letters are smaller than those of the words' font


@dataclass(frozen=True, slots=True)
class Wanted:
    """A formula among words."""

    formula: Formula
    style: Style


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
    _drawn = Signal(object, object, object)  # Wanted, Size or None, QImage or None

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ratio = 1.0
        self._typesetter: Typesetter | None = None
        self._sizes: OrderedDict[Formula, Size | None] = OrderedDict()  # None: cannot be drawn
        self._pictures: OrderedDict[Wanted, Picture] = OrderedDict()
        self._bytes = 0
        self._waiting: OrderedDict[Wanted, None] = OrderedDict()  # the last one comes first
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
        return Wanted(formula, Style(em, QFontMetricsF(font).descent(), colour, self.ratio))

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
        return _gap(size, wanted.style) if size is not None else None

    def is_waiting(self, wanted: Wanted) -> bool:
        """Its picture is on its way."""
        return wanted in self._in_work

    @property
    def busy(self) -> bool:
        """Pictures are on their way."""
        return bool(self._in_work)

    def hurry(self, seen: Iterable[Wanted]) -> None:
        """Those come before all others that wait."""
        with self._wake:
            for wanted in seen:
                if wanted in self._waiting:
                    self._waiting.move_to_end(wanted)

    def _ask(self, wanted: Wanted) -> None:
        with self._wake:
            if wanted in self._in_work and wanted not in self._waiting:
                return  # it is being drawn
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

    def _keep(self, wanted: Wanted, size: Size | None, image: QImage | None) -> None:
        self._in_work.discard(wanted)
        frame = frame_of(size, wanted.style) if size is not None else None
        self._sizes[wanted.formula] = size if frame is not None else None
        while len(self._sizes) > _KEPT_SIZES:
            self._sizes.popitem(last=False)
        if frame is not None and image is not None:
            self._pictures[wanted] = _framed(image, frame, wanted.style)
            self._bytes += image.sizeInBytes()
            while self._bytes > _KEPT_BYTES and len(self._pictures) > 1:
                _, old = self._pictures.popitem(last=False)
                self._bytes -= old.image.sizeInBytes()
        self.arrived.emit()

    # in the thread, which only waits: whatever computes there takes Python's lock from the window
    def _draw_all(self) -> None:
        typesetter = self._typesetter
        assert typesetter is not None
        while True:
            with self._wake:
                if not self._waiting and not self._wake.wait(_REST_S):
                    typesetter.rest()
                    continue
                if not self._waiting:
                    continue
                wanted, _ = self._waiting.popitem()
            drawn = typesetter.draw(wanted.formula, wanted.style)
            size = image = None
            if drawn is not None and (frame := frame_of(drawn.size, wanted.style)) is not None:
                size = drawn.size
                width, height = frame.pixels(wanted.style.ratio)
                # A copy, since an image does not keep the bytes that it was made of.
                image = QImage(drawn.pixels, width, height, 4 * width, FORMAT).copy()
            if not shiboken6.isValid(self):
                return
            self._drawn.emit(wanted, size, image)


_UNKNOWN = Size(0, 0, 0)


def _gap(size: Size, style: Style) -> Picture | None:
    """An empty picture."""
    frame = frame_of(size, style)
    if frame is None:
        return None
    image = QImage(*frame.pixels(style.ratio), FORMAT)
    image.fill(0)
    return _framed(image, frame, style)


def _framed(image: QImage, frame: Frame, style: Style) -> Picture:
    return Picture(image, frame.width, max(frame.above + frame.below, 1), frame.below / style.descent)
