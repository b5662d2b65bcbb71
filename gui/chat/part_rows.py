"""Rows for what is not an answer's own text: where reading begins, summaries, calls of tools, details."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QPainter

from engine.chat.blocks import CodeBlock, neutral
from gui.chat.answer_rows import ThoughtRow
from gui.chat.block_rows import rows_of
from gui.chat.look import Look
from gui.chat.rows import Action, Row, Words, rounded
from gui.chat.thumbnails import THUMBNAIL
from gui.widgets.icons import pixmap

_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_LINE = 24.0  # px, one detail
_ARROW = 28.0  # px, width of a button
_IMAGE_TOP = 42.0  # px, below the name
_LONGEST_NAME = 100  # characters of a tool's name that are shown
_LONGEST_ARGUMENTS = 20_000


class MarkRow(Row):
    """A line across the transcript: from here on the model reads."""

    selectable = False

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.measured_for = math.inf
        self.height = 44.0

    def same(self, other: Row) -> bool:
        return isinstance(other, MarkRow) and other.title == self.title

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        title = look.small_metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, size.width() - 80)
        taken = look.small_metrics.horizontalAdvance(title) + 24
        line = (size.width() - taken) / 2
        painter.fillRect(QRectF(0, 26, line, 1), look.accent)
        painter.fillRect(QRectF(size.width() - line, 26, line, 1), look.accent)
        painter.setPen(look.muted)
        painter.setFont(look.small)
        painter.drawText(QRectF(0, 14, size.width(), 24), Qt.AlignmentFlag.AlignCenter, title)

    def text(self) -> str:
        return self.title


class SummaryRow(ThoughtRow):
    """The folded summary of what came before."""

    key = "summary"
    icon = "chat"


class ToolRow(Row):
    """A model asked for a tool; its arguments follow as code."""

    selectable = False
    icon = "settings"

    def __init__(self, title: str) -> None:
        super().__init__()
        self.title = title
        self.measured_for = math.inf
        self.height = 42.0

    def same(self, other: Row) -> bool:
        return type(other) is type(self) and other.text() == self.title

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        painter.drawPixmap(QPointF(0, 12), pixmap(self.icon, look.tokens.muted, 18))
        painter.setPen(look.text)
        painter.setFont(look.small)
        title = look.small_metrics.elidedText(self.title, Qt.TextElideMode.ElideRight, size.width() - 28)
        painter.drawText(QRectF(26, 6, size.width() - 28, 30), _MIDDLE, title)

    def text(self) -> str:
        return self.title

    def hint(self) -> str:
        return self.title


class FileRow(ToolRow):
    """A file that was sent with a question."""

    icon = "file"


class ImageRow(FileRow):
    """An image that was sent with a question, with its name above."""

    icon = "image"

    def __init__(self, title: str, address: str) -> None:
        super().__init__(title)
        self._address = address
        self.height = _IMAGE_TOP + THUMBNAIL.height() / 2 + 8

    def same(self, other: Row) -> bool:
        return isinstance(other, ImageRow) and other._address == self._address and super().same(other)

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        super().paint_under(painter, look, size, words)
        image = look.thumbnails.of(self._address)
        if image.isNull():
            return
        room = QSizeF(min(size.width(), THUMBNAIL.width() / 2), THUMBNAIL.height() / 2)
        shown = QSizeF(image.size()).scaled(room, Qt.AspectRatioMode.KeepAspectRatio)
        if image.width() < shown.width():
            shown = QSizeF(image.size())
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.drawImage(QRectF(QPointF(0, _IMAGE_TOP), shown), image)


@dataclass(frozen=True, slots=True)
class Detail:
    """One figure about an answer, and where it comes from."""

    name: str
    value: str
    origin: str


class DetailsRow(Row):
    """Everything that is known about how an answer came to be."""

    selectable = False

    def __init__(self, title: str, details: tuple[Detail, ...]) -> None:
        super().__init__()
        self.title = title
        self.details = details
        self.measured_for = math.inf
        self.height = 52.0 + _LINE * len(details) + 8

    def same(self, other: Row) -> bool:
        return isinstance(other, DetailsRow) and (other.title, other.details) == (self.title, self.details)

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        painter.fillPath(rounded(QRectF(0, 2, size.width(), self.height - 10), True, True, 10.0), look.field)
        painter.setFont(look.small)
        painter.setPen(look.muted)
        painter.drawText(QRectF(16, 10, size.width() - 32, 30), _MIDDLE, self.title)
        named = max(look.small_metrics.horizontalAdvance(detail.name) for detail in self.details) + 24
        for index, detail in enumerate(self.details):
            line = QRectF(16, 40 + index * _LINE, size.width() - 32, _LINE)
            painter.setPen(look.muted)
            painter.drawText(line, _MIDDLE, detail.name)
            painter.drawText(line, _MIDDLE | Qt.AlignmentFlag.AlignRight, detail.origin)
            painter.setPen(look.text)
            painter.drawText(line.adjusted(named, 0, 0, 0), _MIDDLE, detail.value)

    def text(self) -> str:
        lines = (f"{detail.name}: {detail.value} ({detail.origin})" for detail in self.details)
        return "\n".join((self.title, *lines))


@dataclass(frozen=True, slots=True)
class VersionWords:
    """`place` such as "2/3". `earlier` and `later` name the arrows; "" where there is nowhere to go."""

    place: str
    earlier: str
    later: str
    hint: str


class VersionsRow(Row):
    """Arrows through the versions of a question or an answer."""

    selectable = False

    def __init__(self, words: VersionWords) -> None:
        super().__init__()
        self.words = words
        self.measured_for = math.inf
        self.height = 32.0

    def same(self, other: Row) -> bool:
        return isinstance(other, VersionsRow) and other.words == self.words

    def estimate(self, look: Look, width: float) -> float:
        return self.height

    def _place_width(self, look: Look) -> float:
        return look.small_metrics.horizontalAdvance(self.words.place) + 8

    def paint_under(self, painter: QPainter, look: Look, size: QRectF, words: Words) -> None:
        painter.setPen(look.muted)
        painter.setFont(look.small)
        box = QRectF(_ARROW, 3, self._place_width(look), 26)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self.words.place)

    def actions(self, look: Look, width: float, words: Words) -> tuple[Action, ...]:
        after = _ARROW + self._place_width(look)
        both = (("earlier", self.words.earlier, "left", 0.0), ("later", self.words.later, "right", after))
        return tuple(
            Action(key, text, icon, QRectF(left, 3, _ARROW, 26), bare=True)
            for key, text, icon, left in both
            if text
        )

    def text(self) -> str:
        return self.words.place

    def hint(self) -> str:
        return self.words.hint


@dataclass(frozen=True, slots=True)
class AskedTool:
    """What is shown of a tool call."""

    name: str
    arguments: str


def asked_tool(body: str) -> AskedTool:
    """Reads the body of a TOOL_CALL part; what cannot be read is shown as it is."""
    try:
        call = json.loads(body)
    except (ValueError, RecursionError):
        call = None
    if not isinstance(call, dict):
        return AskedTool("?", neutral(body[:_LONGEST_ARGUMENTS]))
    name, arguments = neutral(str(call.get("name", "?"))), neutral(str(call.get("arguments", "")))
    return AskedTool(" ".join(name.split())[:_LONGEST_NAME] or "?", arguments[:_LONGEST_ARGUMENTS])


def tool_rows(tool: AskedTool, title: str) -> Iterator[Row]:
    yield ToolRow(title)
    if tool.arguments.strip():
        yield from rows_of(CodeBlock("json", tool.arguments, True), False)
