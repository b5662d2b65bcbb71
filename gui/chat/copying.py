"""What is selected, as text and as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.chat.blocks import Quote
from engine.chat.markdown_writer import fenced, markdown_of
from gui.chat.code_rows import CodeRow
from gui.chat.cutting import cut
from gui.chat.documents import Document
from gui.chat.maths_rows import MathsRow
from gui.chat.reading import text_between
from gui.chat.rows import Row
from gui.chat.selection import Selection
from gui.chat.text_rows import TextRow

_WHOLE = 1 << 30  # more characters than a row has
_INDENT = "   "  # in a list

MakeDocument = Callable[[Row], Document | None]


class Copier:
    """Copies from the rows of a message. `box` is its number."""

    def __init__(self, selection: Selection, document: MakeDocument) -> None:
        self._selection = selection
        self._document = document

    def text(self, box: int, rows: Sequence[Row]) -> str:
        """As it is shown, without marks."""
        pieces: list[str] = []
        for index, row in enumerate(rows):
            part = self._part(box, index, row)
            text = self._text_of(row, part) if part is not None else ""
            if text:
                pieces += [row.joint(), text] if pieces else [text]
        return "".join(pieces)

    def markdown(self, box: int, rows: Sequence[Row]) -> str:
        """As Markdown that shows the same again."""
        pieces: list[str] = []
        code: CodeRow | None = None  # of the piece before
        for index, row in enumerate(rows):
            part = self._part(box, index, row)
            if part is None:
                continue
            if isinstance(row, CodeRow) and code is not None and row.code is code.code:
                pieces[-1] += self._text_of(row, part)
                continue
            if code is not None:
                pieces[-1] = _code(code, pieces[-1])
            code = row if isinstance(row, CodeRow) else None
            pieces.append(self._markdown_of(row, part))
        if code is not None:
            pieces[-1] = _code(code, pieces[-1])
        return "\n\n".join(piece for piece in pieces if piece)

    def is_whole(self, box: int, rows: Sequence[Row]) -> bool:
        """Everything that can be selected of a message is."""
        chosen = [(index, row) for index, row in enumerate(rows) if row.selectable]
        return all(self._part(box, index, row) == (0, _WHOLE) for index, row in chosen)

    def _part(self, box: int, index: int, row: Row) -> tuple[int, int] | None:
        """The selected characters; (0, _WHOLE) for all of them."""
        part = self._selection.part(box, index, _WHOLE) if row.selectable else None
        if part is None or part[0] == part[1]:
            return None
        document = self._document(row)
        if document is None:
            return 0, _WHOLE
        length = document.characterCount() - 1
        return (0, _WHOLE) if part[0] == 0 and part[1] >= length else (part[0], min(part[1], length))

    def _text_of(self, row: Row, part: tuple[int, int]) -> str:
        document = self._document(row)
        if document is None or part == (0, _WHOLE):
            return row.text()
        return text_between(document, *part)

    def _markdown_of(self, row: Row, part: tuple[int, int]) -> str:
        document = self._document(row)
        if isinstance(row, TextRow):
            block = row.block
            if document is not None and part != (0, _WHOLE):
                block = cut(block, iter(document.span_places), *part)
            written = markdown_of(block) if block is not None else ""
            return _placed(written, row.place.depth, row.place.quoted and not isinstance(row.block, Quote))
        if isinstance(row, MathsRow):
            return _placed(row.text(), row.place.depth, row.place.quoted)
        return self._text_of(row, part)


def _code(row: CodeRow, text: str) -> str:
    return _placed(fenced(text, row.code.language), row.place.depth, row.place.quoted)


def _placed(text: str, depth: int, quoted: bool) -> str:
    """Inside the lists and the quote where it stands."""
    before = ("> " if quoted else "") + _INDENT * depth
    return "\n".join(before + line for line in text.split("\n")) if before else text
