"""Pictures that go with messages, made small beside the window's thread: decoding one may take a while.

What is sent is made small too: models look at one or two million pixels of an image, and chats are kept
for years. Cameras lay images on their side and note it; they are turned here, since no model reads that note.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

import shiboken6
from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageIOHandler, QImageReader

from engine.chat.image_parts import address_of, image_in, name_in
from engine.errors import UsageError

MOST_SIDE: Final = 2048  # px of what is sent
MOST_SENT: Final = 1024 * 1024  # bytes; larger files are written anew
THUMBNAIL: Final = QSize(480, 320)  # px, twice the size at which they are shown
_JPEG_QUALITY: Final = 90
_KEPT: Final = 100


class Thumbnails(QObject):
    """Made when they are asked for; `arrived` tells of those that were not there yet."""

    arrived = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._made: OrderedDict[int, QImage] = OrderedDict()
        self._asked: set[int] = set()
        self._work = Beside()

    def of(self, address: str) -> QImage:
        """Empty while it is being made, and for what is no image."""
        key = hash(address)
        found = self._made.get(key)
        if found is not None:
            self._made.move_to_end(key)
            return found
        if key not in self._asked:
            self._asked.add(key)
            self._work.do(lambda: self._make(key, address))
        return QImage()

    def _make(self, key: int, address: str) -> None:
        """On the other thread."""
        made = thumbnail(address)
        self._made[key] = made
        while len(self._made) > _KEPT:
            gone, _ = self._made.popitem(last=False)
            self._asked.discard(gone)
        if shiboken6.isValid(self):
            self.arrived.emit()


class Beside:
    """One thread, begun when there is something to do."""

    def __init__(self) -> None:
        self._tasks: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._begun = False

    def do(self, task: Callable[[], None]) -> None:
        self._tasks.put(task)
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._run, name="thumbnails", daemon=True).start()

    def _run(self) -> None:
        while True:
            self._tasks.get()()


def thumbnail(address: str) -> QImage:
    """Empty for what cannot be read."""
    data = image_in(address)
    if data is None:
        return QImage()
    reader, _buffer = _reader(data)  # which has to live as long
    size = reader.size()
    if size.width() > THUMBNAIL.width() or size.height() > THUMBNAIL.height():
        reader.setScaledSize(size.scaled(THUMBNAIL, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()


def small(address: str) -> str:
    """The same image, as large as it needs to be. As it was, where it cannot be read."""
    data = image_in(address)
    if data is None:
        return address
    reader, _buffer = _reader(data)  # which has to live as long
    size, kept = reader.size(), QImageIOHandler.Transformation.TransformationNone
    fits = max(size.width(), size.height()) <= MOST_SIDE
    if fits and len(data) <= MOST_SENT and reader.transformation() == kept:
        return address
    if not fits:
        bounds = QSize(MOST_SIDE, MOST_SIDE)
        reader.setScaledSize(size.scaled(bounds, Qt.AspectRatioMode.KeepAspectRatio))
    image = reader.read()
    return address if image.isNull() else written(image, name_in(address)) or address


def written(image: QImage, name: str) -> str:
    """The address of an image of the clipboard, or of one that was made small; "" where that fails."""
    if max(image.width(), image.height()) > MOST_SIDE:
        bounds = QSize(MOST_SIDE, MOST_SIDE)
        image = image.scaled(
            bounds, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        )
    data = _file(image, "PNG")
    if len(data) > MOST_SENT and not image.hasAlphaChannel():
        data = _file(image, "JPG")
    try:
        return address_of(data, name)
    except UsageError:
        return ""


def _file(image: QImage, kind: str) -> bytes:
    data = QByteArray()
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, kind, _JPEG_QUALITY if kind == "JPG" else -1)
    buffer.close()
    return bytes(data.data())


def _reader(data: bytes) -> tuple[QImageReader, QBuffer]:
    buffer = QBuffer()
    buffer.setData(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    return reader, buffer
