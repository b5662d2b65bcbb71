"""Fonts, colours and measures the transcript paints with; made anew when the theme changes."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPalette

from gui.chat.formulas import Formulas
from gui.chat.thumbnails import Thumbnails
from gui.widgets.fonts import mono_font, ui_font
from gui.widgets.theme import Tokens

COLUMN = 760  # px, widest column of text
MARGIN = 24  # px, least space beside the column
TOP = 28  # px above the first message
BOTTOM = 20  # px below the last one
INDENT = 26.0  # px, of lists
LINE_PERCENT = 150.0
CODE_LINE_PERCENT = 112.0


class Look:
    """Read-only once made. `zoom` enlarges words and formulas; 1 is the usual size."""

    def __init__(
        self,
        tokens: Tokens,
        zoom: float = 1.0,
        formulas: Formulas | None = None,
        thumbnails: Thumbnails | None = None,
    ) -> None:
        self.tokens = tokens
        self.zoom = zoom
        self.formulas = formulas if formulas is not None else Formulas()
        self.thumbnails = thumbnails if thumbnails is not None else Thumbnails()
        self.body = ui_font(1.05 * zoom)
        self.small = ui_font(0.92 * zoom)
        self.code = mono_font(0.95 * zoom)
        self.text = QColor(tokens.text)
        self.muted = QColor(tokens.muted)
        self.accent = QColor(tokens.accent)
        self.border = QColor(tokens.border)
        self.table_border = mixed(tokens.border, tokens.muted, 0.4)
        self.bubble = QColor(tokens.bubble)
        self.field = QColor(tokens.field)
        self.hover = QColor(tokens.hover)
        self.code_ground = QColor(tokens.code)
        self.selection = QColor(tokens.selection)
        self.hit = QColor(tokens.hit)
        self.current_hit = QColor(tokens.current_hit)
        self.warning = QColor(tokens.warning)
        self.palette = QPalette()
        self.palette.setColor(QPalette.ColorRole.Text, self.text)
        self.muted_palette = QPalette()
        self.muted_palette.setColor(QPalette.ColorRole.Text, self.muted)
        self.code_colours = {
            "keyword": QColor(tokens.speed),
            "name": QColor(tokens.vram),
            "number": QColor(tokens.ram),
            "string": QColor(tokens.good),
            "comment": QColor(tokens.muted),
        }
        self.line = QFontMetricsF(self.body).height() * LINE_PERCENT / 100
        self.code_line = QFontMetricsF(self.code).height() * CODE_LINE_PERCENT / 100
        self.small_metrics = QFontMetricsF(self.small)

    def heading(self, level: int) -> QFont:
        """The font of a heading of that level, 1 to 6."""
        scale = {1: 1.6, 2: 1.4, 3: 1.22}.get(level, 1.08)
        return ui_font(scale * self.zoom, 600)


def mixed(first: str, second: str, share: float) -> QColor:
    """A colour between two; `share` of the second."""
    one, two = QColor(first), QColor(second)
    ends = ((one.red(), two.red()), (one.green(), two.green()), (one.blue(), two.blue()))
    return QColor(*(round(a + (b - a) * share) for a, b in ends))
