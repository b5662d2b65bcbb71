"""Text documents made of blocks by cursor, never from markup."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QFont,
    QFontMetricsF,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFormat,
    QTextFrameFormat,
    QTextImageFormat,
    QTextListFormat,
    QTextOption,
    QTextTableFormat,
)

from engine.chat.blocks import Block, Heading, ListBlock, Maths, Paragraph, Quote, Rule, Span, Spans, Table
from engine.chat.maths import formula_of
from gui.chat.formulas import Wanted
from gui.chat.highlight import Stretch
from gui.chat.look import CODE_LINE_PERCENT, INDENT, LINE_PERCENT, Look

_LINE_BREAK = "\u2028"
_GAP = 10.0
_IMAGE = QTextDocument.ResourceType.ImageResource.value
SOURCE = QTextFormat.Property.UserProperty.value + 1  # of a picture: the formula as it is written
_DISTANCE = QTextBlockFormat.LineHeightTypes.LineDistanceHeight.value
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class Document(QTextDocument):
    """A document that loads nothing: no image, no style sheet, neither remote nor from a file."""

    def __init__(self, font: QFont) -> None:
        super().__init__()
        self.waits: set[Wanted] = set()  # for the pictures of formulas
        self.span_places: list[list[tuple[int, int]]] = []  # of the spans of each text, in order
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.setIndentWidth(INDENT)
        self.setDefaultFont(font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setDefaultTextOption(option)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


def plain_document(text: str, look: Look) -> Document:
    """Words as they are."""
    document = Document(look.body)
    writer = _Writer(document, look)
    writer.begin()
    writer.cursor.insertText(text.replace("\n", _LINE_BREAK))
    return document


def block_document(block: Block, look: Look, small: bool = False, muted: bool = False) -> Document:
    """One block of Markdown; `small` for reasoning, `muted` for formulas in the colour of a quote."""
    document = Document(look.small if small else look.body)
    _Writer(document, look, muted).write(block)
    return document


def formula_document(block: Maths, look: Look, muted: bool) -> tuple[Document, float]:
    """A formula in the middle of its line, and its width in pixels; where it cannot be drawn, its source
    at the left, and 0."""
    document = Document(look.body)
    writer = _Writer(document, look, muted)
    writer.begin(line_percent=100.0)
    if writer.formula(Span(block.text, maths=True), look.body):
        option = document.defaultTextOption()
        option.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        option.setWrapMode(QTextOption.WrapMode.NoWrap)
        document.setDefaultTextOption(option)
        return document, document.idealWidth()
    writer.source(block.text)
    return document, 0.0


def code_document(text: str, stretches: Sequence[Stretch], offset: int, look: Look) -> Document:
    """Code from `offset` of its block on; the stretches count from the block's begin and are ordered."""
    document = Document(look.code)
    option = document.defaultTextOption()
    option.setTabStopDistance(look.small_metrics.horizontalAdvance("0") * 4)
    document.setDefaultTextOption(option)
    cursor = QTextCursor(document)
    layout = QTextBlockFormat()
    layout.setLineHeight(CODE_LINE_PERCENT, _PROPORTIONAL)
    cursor.setBlockFormat(layout)
    at = 0
    plain = QTextCharFormat()
    for start, end, kind in stretches:
        start, end = max(start - offset, at), min(end - offset, len(text))
        if start >= end:
            continue
        cursor.insertText(text[at:start], plain)
        colour = QTextCharFormat()
        colour.setForeground(look.code_colours[kind])
        cursor.insertText(text[start:end], colour)
        at = end
    cursor.insertText(text[at:], plain)
    return document


class _Writer:
    def __init__(self, document: Document, look: Look, muted: bool = False) -> None:
        self._document = document
        self.cursor = QTextCursor(document)
        self._look = look
        self._fresh = True  # the document's first block is still unused
        self._depth = 0
        self._muted = muted

    def begin(self, gap: float = _GAP, line_percent: float = LINE_PERCENT, marked: bool = False) -> None:
        """A new text block (the document's own first one to begin with)."""
        layout = QTextBlockFormat()
        layout.setLineHeight(line_percent, _PROPORTIONAL)
        # The list of a marked block brings the indent itself.
        layout.setIndent(0 if marked else self._depth)
        if not self._fresh:
            layout.setTopMargin(gap)
            self.cursor.insertBlock(layout, QTextCharFormat())
        else:
            self.cursor.setBlockFormat(layout)
        self._fresh = False

    def write(self, block: Block, gap: float = _GAP, marked: bool = False) -> None:
        if isinstance(block, Paragraph):
            self.begin(gap, marked=marked)
            self._spans(block.spans)
            self._space_out(block.spans)
        elif isinstance(block, Heading):
            self.begin(gap + 4, 120.0, marked)
            self._spans(block.spans, self._look.heading(block.level))
        elif isinstance(block, ListBlock):
            self._list(block, gap)
        elif isinstance(block, Quote):
            self._quote(block, gap)
        elif isinstance(block, Table):
            self._table(block)
        elif isinstance(block, Rule):
            self.begin(gap)
            self.cursor.insertText("―" * 12, self._base())

    def _base(self, font: QFont | None = None) -> QTextCharFormat:
        style = QTextCharFormat()
        if font is not None:
            style.setFont(font)
        if self._muted:
            style.setForeground(self._look.muted)
        return style

    def _spans(self, spans: Spans, font: QFont | None = None, bold: bool = False) -> None:
        places: list[tuple[int, int]] = []
        self._document.span_places.append(places)
        for span in spans:
            begin = self.cursor.position()
            self._span(span, font, bold)
            places.append((begin, self.cursor.position()))

    def _span(self, span: Span, font: QFont | None, bold: bool) -> None:
        own = QFont(self._look.code if span.code else font or self._document.defaultFont())
        if span.bold or bold:
            # The bundled fonts are variable: their axis gives the weight.
            own.setWeight(QFont.Weight.DemiBold)
            own.setVariableAxis(QFont.Tag("wght"), 620)
        own.setItalic(span.italic)
        own.setStrikeOut(span.strike)
        own.setUnderline(bool(span.link))
        if span.maths and self.formula(span, own):
            return
        style = self._base(own)
        if span.code or span.maths:
            style.setBackground(self._look.field)
        if span.link:
            style.setAnchor(True)
            style.setAnchorHref(span.link)
            style.setToolTip(span.link)
            style.setForeground(self._look.accent)
        self.cursor.insertText(span.text.replace("\n", _LINE_BREAK), style)

    def source(self, text: str) -> None:
        """What cannot be shown otherwise."""
        style = self._base(self._look.code)
        self.cursor.insertText(text.replace("\n", _LINE_BREAK), style)

    def _list(self, block: ListBlock, gap: float) -> None:
        self._depth += 1
        layout = QTextListFormat()
        layout.setIndent(self._depth)
        bullets = (QTextListFormat.Style.ListDisc, QTextListFormat.Style.ListCircle)
        layout.setStyle(QTextListFormat.Style.ListDecimal if block.ordered else bullets[self._depth % 2 == 0])
        layout.setStart(block.start)
        made = None
        for number, item in enumerate(block.items):
            own_gap = gap if number == 0 else (2.0 if block.tight else _GAP)
            words = bool(item) and isinstance(item[0], Paragraph | Heading)
            if words:
                self.write(item[0], own_gap, marked=True)
            else:
                self.begin(own_gap, marked=True)
            marked = QTextCursor(self.cursor)
            if made is None:
                made = marked.createList(layout)
            else:
                made.add(marked.block())
            for inner in item[1 if words else 0 :]:
                self.write(inner, 2.0 if block.tight else _GAP)
        self._depth -= 1

    def _quote(self, block: Quote, gap: float) -> None:
        outer, self._muted = self._muted, True
        self._depth += 0 if self._fresh else 1
        nested = not self._fresh
        for number, inner in enumerate(block.blocks):
            self.write(inner, gap if number == 0 else _GAP)
        self._depth -= 1 if nested else 0
        self._muted = outer

    def _space_out(self, spans: Spans) -> None:
        """Among formulas the same distance between lines, however high they are."""
        if any(span.maths for span in spans):
            layout = self.cursor.blockFormat()
            height = math.ceil(QFontMetricsF(self._document.defaultFont()).height())
            layout.setLineHeight(height * (LINE_PERCENT / 100 - 1), _DISTANCE)
            self.cursor.setBlockFormat(layout)

    def formula(self, span: Span, font: QFont) -> bool:
        """Puts the picture of a formula; False where its source has to do."""
        formulas = self._look.formulas
        colour = self._look.accent if span.link else self._look.muted if self._muted else self._look.text
        wanted = formulas.wanted(formula_of(span.text), font, colour.name())
        picture = formulas.picture(wanted)
        if formulas.is_waiting(wanted):
            self._document.waits.add(wanted)
        if picture is None:
            return False
        name = f"formula:{self.cursor.position()}"
        self._document.addResource(_IMAGE, QUrl(name), picture.image)
        style = QTextImageFormat()
        foot = QFont(font)
        foot.setPointSizeF(font.pointSizeF() * picture.grown)
        style.setFont(foot)
        style.setName(name)
        style.setWidth(picture.width)
        style.setHeight(picture.height)
        style.setVerticalAlignment(QTextCharFormat.VerticalAlignment.AlignBaseline)
        style.setProperty(SOURCE, span.text)
        self.cursor.insertImage(style)
        return True

    def _table(self, block: Table) -> None:
        rows = block.rows if block.continued else (block.header, *block.rows)
        layout = QTextTableFormat()
        layout.setBorder(1)
        layout.setBorderStyle(QTextFrameFormat.BorderStyle.BorderStyle_Solid)
        layout.setBorderBrush(QBrush(self._look.table_border))
        layout.setBorderCollapse(True)
        layout.setCellPadding(7)
        layout.setCellSpacing(0)
        layout.setTopMargin(0 if self._fresh else _GAP)
        layout.setLeftMargin(self._depth * INDENT)
        table = self.cursor.insertTable(len(rows), len(block.header), layout)
        outer, outer_muted = self.cursor, self._muted
        for row_number, row in enumerate(rows):
            head = row_number == 0 and not block.continued
            for column, spans in enumerate(row):
                self.cursor = table.cellAt(row_number, column).firstCursorPosition()
                self.cursor.setBlockFormat(_aligned(block.alignments[column]))
                self._muted = head or outer_muted
                self._spans(spans, bold=head)
        self._muted = outer_muted
        self.cursor = outer
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        # Qt ends every table with a text block, which takes what follows.
        self._fresh = True


def _aligned(name: str) -> QTextBlockFormat:
    sides = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}
    layout = QTextBlockFormat()
    layout.setAlignment(sides.get(name, Qt.AlignmentFlag.AlignLeft))
    return layout
