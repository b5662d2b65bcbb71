"""The transcript: the canvas and what one can do with it by mouse and keyboard."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import pairwise

from PySide6.QtCore import QEvent, QKeyCombination, QPoint, QPointF, QRect, QSettings, QSize, Qt, Signal
from PySide6.QtGui import (
    QAccessible,
    QAccessibleAnnouncementEvent,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QKeySequence,
    QShortcut,
    QWheelEvent,
)
from PySide6.QtWidgets import QMenu, QToolTip, QWidget

from engine.chat.conversation import ChatMessage, Role
from gui.chat.announcer import Announcer
from gui.chat.canvas import Target
from gui.chat.code_rows import CodeRow
from gui.chat.maths_rows import MathsRow
from gui.chat.part_rows import VersionsRow
from gui.chat.reading_out import install
from gui.chat.rows import Action, Row
from gui.chat.selecting import SelectableCanvas
from gui.widgets.theme import ThemeSource

_COPY_MARKDOWN = QKeyCombination(
    Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier, Qt.Key.Key_C
)
ZOOMS = (0.7, 0.8, 0.9, 1.0, 1.1, 1.25, 1.5, 1.75, 2.0)
_VERSION_STEPS: dict[int, int] = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1}
_MESSAGE_STEPS: dict[int, int] = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}


class Transcript(SelectableCanvas):
    """The canvas with hands: keyboard, and the buttons of the messages."""

    carry_on_requested = Signal(int)  # message id
    regenerate_requested = Signal(int)  # message id
    edit_requested = Signal(int)  # message id
    version_requested = Signal(int)  # id of a message beside one that is shown
    find_requested = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(theme, parent)
        self._memory: QSettings | None = None
        for keys, steps in (("Ctrl++", 1), ("Ctrl+=", 1), ("Ctrl+-", -1)):
            QShortcut(QKeySequence(keys), self, partial(self.zoom_by, steps))
        QShortcut(QKeySequence("Ctrl+0"), self, partial(self.set_zoom, 1.0))
        self._walked: tuple[int, str, int] | None = None  # message, arrow, wanted id
        self._announcer = Announcer(self)
        install()

    # for screen readers; see reading_out.py
    @property
    def messages(self) -> list[ChatMessage]:
        return [box.message for box in self._boxes]

    def words_of(self, place: int) -> list[str]:
        """The blocks of a message, as text. Unfolds nothing."""
        return self._boxes[place].words()

    def place_of(self, place: int, block: int | None) -> QRect:
        """On the screen; empty for what is out of sight."""
        rows = [one for one in self._placed if one.box == place and (block is None or one.index == block)]
        if not rows:
            return QRect()
        top, bottom = rows[0].y, rows[-1].y + rows[-1].row.height
        corner = self.viewport().mapToGlobal(QPoint(round(self._column_left()), round(top)))
        return QRect(corner, QSize(round(self._column_width()), round(bottom - top)))

    def append_text(self, text: str, reasoning: bool) -> None:
        super().append_text(text, reasoning)
        if not reasoning:
            self._announcer.feed(text)

    def end_answer(self, index: int, message: ChatMessage) -> None:
        self._announcer.finish()
        super().end_answer(index, message)

    def show_messages(self, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        self._announcer.leave()
        super().show_messages(messages, live_id)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        menu = QMenu(self)
        copy = menu.addAction(self.tr("Copy"), self.copy)
        markdown = menu.addAction(self.tr("Copy as Markdown") + "\tCtrl+Shift+C", self.copy_markdown)
        for action in (copy, markdown):
            action.setEnabled(not self._selection.empty)
        menu.addAction(self.tr("Select all"), self.select_all)
        menu.addAction(self.tr("Find") + "\tCtrl+F", self.find_requested)
        menu.exec(event.globalPos())
        menu.deleteLater()

    def viewportEvent(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            self._show_hint(event)
            return True
        return super().viewportEvent(event)

    def _show_hint(self, event: QHelpEvent) -> None:
        point = QPointF(event.pos())
        placed = self._placed_at(point.y())
        target = self._target_at(point)
        bare = next((action.text for found, action in self._targets() if action.bare and found == target), "")
        words = bare or self._link_at(point) or (placed.row.hint() if placed else "")
        QToolTip.showText(event.globalPos(), words, self.viewport())

    # actions
    def _targets(self) -> list[tuple[Target, Action]]:
        """The actions in sight, in order."""
        height, width = self.viewport().height(), self._column_width()
        return [
            ((placed.box, placed.index, action.key), action)
            for placed in self._placed
            for action in placed.row.actions(self._look, width, self._words)
            if placed.y + action.rect.top() >= 0 and placed.y + action.rect.bottom() <= height
        ]

    def _activate(self, target: Target) -> None:
        box, index, key = target
        message = self._boxes[box].message
        if key in ("thought", "summary"):
            self.toggle_thought(box)
        elif key == "details":
            self.toggle_details(box)
        elif key in ("scroll_left", "scroll_right"):
            self._scroll_formula(self.box_rows(box)[index], 0.6 if key == "scroll_right" else -0.6)
        elif key == "copy_code":
            row = self.box_rows(box)[index]
            assert isinstance(row, CodeRow)
            self._to_clipboard(row.code.text, target)
        elif key == "copy":
            self._to_clipboard(message.text(), target)
        elif key == "regenerate":
            self.regenerate_requested.emit(message.id)
        elif key == "edit":
            self.edit_requested.emit(message.id)
        elif key in ("earlier", "later"):
            self.walk_versions(box, -1 if key == "earlier" else 1)
        elif key == "carry_on":
            self.carry_on_requested.emit(message.id)

    def walk_versions(self, box: int, step: int) -> None:
        """Asks for the version of a message before or after the one that is shown."""
        versions = self._saying.versions_of(self._boxes[box].message.id)
        place = versions.index(self._boxes[box].message.id) + step
        if not self._saying.busy and 0 <= place < len(versions):
            self._walked = (box, "earlier" if step < 0 else "later", versions[place])
            self.version_requested.emit(versions[place])

    def replace_from(self, index: int, messages: Sequence[ChatMessage], live_id: int | None = None) -> None:
        """After a walk through versions the place stays, and the keyboard stays on the arrow."""
        walked, self._walked = self._walked, None
        if walked is None or walked[2] not in [message.id for message in messages[:1]]:
            super().replace_from(index, messages, live_id)
            return
        self._at_end = False
        super().replace_from(index, messages, live_id)
        self._focus_arrow(*walked[:2])

    def _focus_arrow(self, box: int, key: str) -> None:
        """The arrow that was pressed, or the other one at the last version; the place is read out."""
        for index, row in enumerate(self.box_rows(box)):
            if isinstance(row, VersionsRow):
                if not any((placed.box, placed.index) == (box, index) for placed in self._placed):
                    self._flow.show_row(box, index, -self.viewport().height() / 3)
                    self._settle()
                keys = [action.key for action in row.actions(self._look, self._column_width(), self._words)]
                self._focus((box, index, key if key in keys else keys[0]))
                if QAccessible.isActive():
                    words = row.hint()
                    QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def edit_by_key(self) -> None:
        """The question that the keyboard is at, or whose answer it is at; else the last one."""
        at = self._focused[0] if self._focused is not None and self.hasFocus() else len(self._boxes) - 1
        boxes = range(at, -1, -1)
        asked = (self._boxes[n].message for n in boxes if self._boxes[n].message.role is Role.USER)
        question = next(asked, None)
        if question is not None:
            self.edit_requested.emit(question.id)

    def _versions_by_key(self, step: int) -> None:
        """Of the message that the keyboard is at, else of the last one that has several."""
        if self._focused is not None:
            self.walk_versions(self._focused[0], step)
            return
        boxes = range(len(self._boxes) - 1, -1, -1)
        box = next((n for n in boxes if len(self._saying.versions_of(self._boxes[n].message.id)) > 1), None)
        if box is not None:
            self.walk_versions(box, step)

    def toggle_thought(self, box: int) -> None:
        """Opens or closes the reasoning or summary of a message; the line itself stays where it is."""
        self._boxes[box].opened = not self._boxes[box].opened
        self._fold_changed(box)

    def unfold(self, box: int) -> None:
        if not self._boxes[box].opened:
            self.toggle_thought(box)

    def toggle_details(self, box: int) -> None:
        """Opens or closes the figures under an answer, and reads them out."""
        found = self._boxes[box]
        found.details_opened = not found.details_opened
        was_at_end = self._at_end
        self._fold_changed(box)
        self._at_end = was_at_end
        self._settle()
        words = self.box_rows(box)[-1].text() if found.details_opened else ""
        self.setAccessibleDescription(words)
        if words and QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))

    def _fold_changed(self, box: int) -> None:
        self._at_end = False
        if self._selection.end[0] >= box:
            self._selection.clear()
        self._store.refresh(self._boxes[box])
        self._flow.height_changed(box)
        self._settle()
        self.folded.emit(box)

    def _scroll_formula(self, row: Row, rooms: float) -> bool:
        """Sideways, by that many widths of what is seen; False where there is nothing to scroll."""
        moved = isinstance(row, MathsRow) and row.scroll(rooms)
        if moved:
            self._backing.forget_row(row)
            self.viewport().update()
        return moved

    # zoom
    def zoom_by(self, steps: int) -> None:
        """One size larger or smaller."""
        nearest = min(range(len(ZOOMS)), key=lambda at: abs(ZOOMS[at] - self.zoom))
        self.set_zoom(ZOOMS[min(max(nearest + steps, 0), len(ZOOMS) - 1)])

    def keep_zoom_in(self, memory: QSettings) -> None:
        """The size outlives the program."""
        self._memory = memory
        kept = memory.value("chat/zoom", 1.0, float)
        self.set_zoom(min(max(float(str(kept)), ZOOMS[0]), ZOOMS[-1]))

    def set_zoom(self, zoom: float) -> None:
        super().set_zoom(zoom)
        if self._memory is not None:
            self._memory.setValue("chat/zoom", zoom)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """With Ctrl it zooms; sideways, or with Shift, it scrolls the wide formula under the mouse."""
        turned = event.angleDelta()
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.zoom_by(1 if turned.y() > 0 else -1)
            return
        shift = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        sideways = turned.x() or (turned.y() if shift else 0)
        placed = self._placed_at(event.position().y())
        if sideways and placed is not None and self._scroll_formula(placed.row, -sideways / 1200):
            return
        super().wheelEvent(event)

    # keyboard
    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.keyCombination() == _COPY_MARKDOWN:
            self.copy_markdown()
        elif event.matches(QKeySequence.StandardKey.SelectAll):
            self.select_all()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space) and self._focused:
            self._activate_focused(self._focused)
        elif event.modifiers() & Qt.KeyboardModifier.ControlModifier and (
            step := _MESSAGE_STEPS.get(event.key())
        ):
            self._step_message(step)
        elif event.modifiers() & Qt.KeyboardModifier.AltModifier and (
            step := _VERSION_STEPS.get(event.key())
        ):
            self._versions_by_key(step)
        elif not self._scroll_by_key(event.key()):
            event.ignore()

    def _activate_focused(self, target: Target) -> None:
        if any(target == found for found, _ in self._targets()):
            self._activate(target)

    def _scroll_by_key(self, key: int) -> bool:
        bar = self.verticalScrollBar()
        page = max(self.viewport().height() - 60, 40)
        steps = {
            Qt.Key.Key_Up: -40,
            Qt.Key.Key_Down: 40,
            Qt.Key.Key_PageUp: -page,
            Qt.Key.Key_PageDown: page,
            Qt.Key.Key_Home: -bar.maximum(),
            Qt.Key.Key_End: bar.maximum(),
        }
        if key not in steps:
            return False
        bar.setValue(bar.value() + steps[Qt.Key(key)])
        return True

    def focusNextPrevChild(self, forward: bool) -> bool:
        """Tab walks through the buttons in sight, then leaves the transcript."""
        targets = [target for target, _ in self._targets()]
        if not forward:
            targets.reverse()
        after = [None, *targets] if self._focused not in targets else targets
        following = dict(pairwise(after))
        key = self._focused if self._focused in targets else None
        if self.hasFocus() and following.get(key) is not None:
            self._focus(following[key])
            return True
        self._focus(None)
        return super().focusNextPrevChild(forward)

    def _focus(self, target: Target | None) -> None:
        self._focused = target
        action = next((action for found, action in self._targets() if found == target), None)
        self.setAccessibleDescription(action.text if action else "")
        self.paint_anew()

    def _step_message(self, step: int) -> None:
        """Ctrl+Up and Ctrl+Down walk from message to message, and read each out."""
        if not self._boxes:
            return
        current = self._focused[0] if self._focused else (self._placed[0].box if self._placed else 0)
        box = min(max(current + (step if self._focused else 0), 0), len(self._boxes) - 1)
        self._at_end = False
        self._flow.show_box(box)
        self._settle()
        self._focused = (box, 0, "")
        words = "\n".join(row.text() for row in self.box_rows(box))
        self.setAccessibleDescription(words)
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
        self.paint_anew()
