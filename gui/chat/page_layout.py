"""Where the parts of the chat page are, and in which order the keyboard visits them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from gui.chat.look import COLUMN, MARGIN

if TYPE_CHECKING:
    from gui.chat.page import ChatPage


def lay_out(page: ChatPage) -> QStackedWidget:
    """Returns the pages of which one is shown: the empty chat, and the transcript."""
    pages = QStackedWidget(page)
    pages.addWidget(page.empty)
    pages.addWidget(page.transcript)
    column = QWidget()
    below = QVBoxLayout(column)
    below.setContentsMargins(0, 4, 0, 14)
    below.setSpacing(8)
    above = (page.status, page.error, page.context, page.editing, page.composer.slashes)
    for widget in (*above, page.composer, page.meter):
        below.addWidget(widget)
    whole = QVBoxLayout()
    whole.setContentsMargins(0, 0, 0, 0)
    whole.setSpacing(0)
    whole.addLayout(_centred(page.find_bar))
    whole.addWidget(pages, 1)
    whole.addLayout(_centred(column))
    beside = QHBoxLayout(page)
    beside.setContentsMargins(0, 0, 0, 0)
    beside.setSpacing(0)
    beside.addLayout(whole, 1)
    beside.addWidget(page.options)
    page.options.hide()
    page.setAcceptDrops(True)
    _order(page)
    return pages


def _order(page: ChatPage) -> None:
    """From the page above through the field to the buttons beside it, whatever was made first."""
    composer = page.composer
    stops = (page.empty.buttons[-1], composer.draft, composer.attach, composer.options, composer.button)
    for first, second in pairwise((*stops, page.editing.cancel)):
        QWidget.setTabOrder(first, second)


def _centred(widget: QWidget) -> QHBoxLayout:
    """As wide as the column of the conversation, and where it is."""
    widget.setMaximumWidth(COLUMN)
    row = QHBoxLayout()
    row.setContentsMargins(MARGIN, 0, MARGIN, 0)
    row.addStretch(1)
    row.addWidget(widget, 1000)
    row.addStretch(1)
    return row
