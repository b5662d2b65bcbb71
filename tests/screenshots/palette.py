"""Saves a picture with at most 256 colours: a third of the bytes, and in a window nobody sees it."""

from __future__ import annotations

from pathlib import Path

import numpy
from PySide6.QtGui import QImage

_COLOURS = 256
_FREQUENT = 160  # of these the most frequent; the others are those that would be missed most


def save_small(image: QImage, path: Path) -> int:
    """Returns the size of the file in bytes."""
    image = image.convertToFormat(QImage.Format.Format_RGB32)
    width, height = image.width(), image.height()
    pixels = numpy.frombuffer(image.constBits(), numpy.uint32).reshape(height, width) & 0xFFFFFF
    seen, places, counts = numpy.unique(pixels, return_inverse=True, return_counts=True)
    kept = seen[_places_kept(seen, counts)]
    nearest = _nearest(seen, kept)
    indices = numpy.ascontiguousarray(nearest[places].reshape(height, width).astype(numpy.uint8))
    small = QImage(indices.tobytes(), width, height, width, QImage.Format.Format_Indexed8)
    small.setColorTable([0xFF000000 | int(colour) for colour in kept])
    path.parent.mkdir(parents=True, exist_ok=True)
    if not small.save(str(path), "PNG", 0):
        raise OSError(f"{path} could not be written")
    return path.stat().st_size


def _places_kept(seen: numpy.ndarray, counts: numpy.ndarray) -> numpy.ndarray:
    """A word in green is few pixels, but is not to become grey."""
    kept = list(numpy.argsort(-counts)[:_FREQUENT])
    channels = _channels(seen)
    far = numpy.full(len(seen), numpy.iinfo(numpy.int64).max)
    for place in kept:
        far = numpy.minimum(far, _distance(channels, channels[place]))
    while len(kept) < min(_COLOURS, len(seen)):
        place = int((far * counts).argmax())
        kept.append(place)
        far = numpy.minimum(far, _distance(channels, channels[place]))
    return numpy.sort(numpy.array(kept))


def _distance(channels: numpy.ndarray, colour: numpy.ndarray) -> numpy.ndarray:
    return ((channels - colour) ** 2).sum(axis=1).astype(numpy.int64)


def _nearest(seen: numpy.ndarray, kept: numpy.ndarray) -> numpy.ndarray:
    """For each colour the place of the kept one that is most like it."""
    few = _channels(kept)
    found = numpy.empty(len(seen), numpy.int64)
    for begin in range(0, len(seen), 4096):
        part = _channels(seen[begin : begin + 4096])
        far = ((part[:, None, :] - few[None, :, :]) ** 2).sum(axis=2)
        found[begin : begin + 4096] = far.argmin(axis=1)
    return found


def _channels(colours: numpy.ndarray) -> numpy.ndarray:
    return numpy.stack([(colours >> shift) & 0xFF for shift in (16, 8, 0)], axis=1).astype(numpy.int32)
