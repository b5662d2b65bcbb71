"""The keyboard's way through parts that come and go."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QLayout, QScrollArea, QWidget


def tab_as_laid_out(area: QScrollArea) -> None:
    """Tab visits what is in there from top to bottom; Qt would visit what was made last at the end."""
    content = area.widget()
    layout = content.layout() if content is not None else None
    if layout is not None:
        for first, second in pairwise(_stops(layout)):
            QWidget.setTabOrder(first, second)


def holds_focus(parts: Iterable[QWidget]) -> bool:
    """Whether the keyboard is in one of them. Not QWidget.focusWidget: that one remembers the past of
    a page that is hidden."""
    focused = QApplication.focusWidget()
    return focused is not None and any(part.isAncestorOf(focused) for part in parts)


def _stops(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            inner = widget.layout()
            if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
                yield widget
        if inner is not None:
            yield from _stops(inner)
