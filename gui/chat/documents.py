"""Text documents made of blocks by cursor, never from markup; and the few that are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import (
    QBrush,
    QFont,
    QTextBlockFormat,
    QTextCharFormat,
    QTextCursor,
    QTextDocument,
    QTextFrameFormat,
    QTextListFormat,
    QTextOption,
    QTextTableFormat,
)

from engine.chat.blocks import Block, CodeBlock, Heading, ListBlock, Paragraph, Quote, Rule, Spans, Table
from gui.chat.highlight import Stretch
from gui.chat.look import CODE_LINE_PERCENT, LINE_PERCENT, Look

KEPT_DOCUMENTS = 240
_LINE_BREAK = "\u2028"
_INDENT = 26.0
_GAP = 10.0
_PROPORTIONAL = QTextBlockFormat.LineHeightTypes.ProportionalHeight.value


class Document(QTextDocument):
    """A document that loads nothing: no image, no style sheet, neither remote nor from a file."""

    def __init__(self, font: QFont) -> None:
        super().__init__()
        self.setUndoRedoEnabled(False)
        self.setDocumentMargin(0)
        self.setIndentWidth(_INDENT)
        self.setDefaultFont(font)
        option = QTextOption()
        option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
        self.setDefaultTextOption(option)

    def loadResource(self, kind: int, name: QUrl | str) -> Any:
        return None


class DocumentCache:
    """The documents of the rows painted last. A row's height outlives its document."""

    def __init__(self, capacity: int = KEPT_DOCUMENTS) -> None:
        self._capacity = capacity
        self._kept: OrderedDict[object, QTextDocument] = OrderedDict()
        self.made = 0  # how many were built, ever

    def __len__(self) -> int:
        return len(self._kept)

    def get(self, key: object) -> QTextDocument | None:
        document = self._kept.get(key)
        if document is not None:
            self._kept.move_to_end(key)
        return document

    def put(self, key: object, document: QTextDocument) -> None:
        self.made += 1
        self._kept[key] = document
        self._kept.move_to_end(key)
        while len(self._kept) > self._capacity:
            self._kept.popitem(last=False)

    def take(self, key: object) -> QTextDocument | None:
        return self._kept.pop(key, None)

    def clear(self) -> None:
        self._kept.clear()


def plain_document(text: str, look: Look) -> Document:
    """Words as they are."""
    document = Document(look.body)
    writer = _Writer(document, look)
    writer.begin()
    writer.cursor.insertText(text.replace("\n", _LINE_BREAK))
    return document


def block_document(block: Block, look: Look, small: bool = False) -> Document:
    """One block of Markdown; `small` for reasoning."""
    document = Document(look.small if small else look.body)
    _Writer(document, look).write(block)
    return document


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
    def __init__(self, document: QTextDocument, look: Look) -> None:
        self.cursor = QTextCursor(document)
        self._look = look
        self._fresh = True  # the document's first block is still unused
        self._depth = 0
        self._muted = False

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
        elif isinstance(block, Heading):
            self.begin(gap + 4, 120.0, marked)
            self._spans(block.spans, self._look.heading(block.level))
        elif isinstance(block, ListBlock):
            self._list(block, gap)
        elif isinstance(block, Quote):
            self._quote(block, gap)
        elif isinstance(block, CodeBlock):
            self._code(block, gap)
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
        for span in spans:
            own = QFont(self._look.code if span.code else font or self.cursor.document().defaultFont())
            if span.bold or bold:
                # The bundled fonts are variable: their axis gives the weight.
                own.setWeight(QFont.Weight.DemiBold)
                own.setVariableAxis(QFont.Tag("wght"), 620)
            own.setItalic(span.italic)
            own.setStrikeOut(span.strike)
            own.setUnderline(bool(span.link))
            style = self._base(own)
            if span.code:
                style.setBackground(self._look.field)
            if span.link:
                style.setAnchor(True)
                style.setAnchorHref(span.link)
                style.setToolTip(span.link)
                style.setForeground(self._look.accent)
            self.cursor.insertText(span.text.replace("\n", _LINE_BREAK), style)

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

    def _code(self, block: CodeBlock, gap: float) -> None:
        self.begin(gap, CODE_LINE_PERCENT)
        layout = self.cursor.blockFormat()
        layout.setBackground(self._look.field)
        self.cursor.setBlockFormat(layout)
        style = self._base(self._look.code)
        self.cursor.insertText(block.text.replace("\n", _LINE_BREAK), style)

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
        layout.setLeftMargin(self._depth * _INDENT)
        table = self.cursor.insertTable(len(rows), len(block.header), layout)
        outer = self.cursor
        for row_number, row in enumerate(rows):
            head = row_number == 0 and not block.continued
            for column, spans in enumerate(row):
                self.cursor = table.cellAt(row_number, column).firstCursorPosition()
                self.cursor.setBlockFormat(_aligned(block.alignments[column]))
                self._muted = head
                self._spans(spans, bold=head)
        self._muted = False
        self.cursor = outer
        self.cursor.movePosition(QTextCursor.MoveOperation.End)
        # Qt ends every table with a text block, which takes what follows.
        self._fresh = True


def _aligned(name: str) -> QTextBlockFormat:
    sides = {"right": Qt.AlignmentFlag.AlignRight, "center": Qt.AlignmentFlag.AlignHCenter}
    layout = QTextBlockFormat()
    layout.setAlignment(sides.get(name, Qt.AlignmentFlag.AlignLeft))
    return layout
