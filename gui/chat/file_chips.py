"""The files that go with the next message: what each costs is said before it is sent."""

from __future__ import annotations

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QImage, QPixmap
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from engine.catalog.image_rule import ImageRule
from engine.chat.attachments import AttachedFile
from engine.figures import Origin
from gui.widgets.controls import IconButton
from gui.widgets.labels import ElidedLine, Line, OriginBadge
from gui.widgets.rows import in_line
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View

_WIDTH = 336  # two beside each other
_LEAST_NAME = 76
_PICTURE = 32  # px


class FileChip(View):
    """One file; `file` is None while it is read."""

    removed = Signal()

    def __init__(self, theme: ThemeSource, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.file: AttachedFile | None = None
        self._rule: ImageRule | None = None
        self._name = name
        self._picture = QLabel()
        self._picture.hide()
        self._shown_name = ElidedLine(name)
        self._cost = Line("", "muted")
        self.remove = IconButton(theme, "cross")
        frame = QFrame()
        frame.setProperty("kind", "chip")
        row = QHBoxLayout(frame)
        row.setContentsMargins(10, 2, 2, 2)
        row.setSpacing(8)
        row.addWidget(self._picture)
        row.addWidget(self._shown_name, 1)
        row.addWidget(self._cost)
        row.addWidget(self.remove)
        outer = QHBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(frame)
        self._shown_name.setMinimumWidth(_LEAST_NAME)
        self.setFixedWidth(_WIDTH)
        self.remove.clicked.connect(self.removed)
        self.retranslate()

    def show_file(self, file: AttachedFile, picture: QImage | None = None) -> None:
        """`picture` is shown in front of the name, where it is an image."""
        self.file = file
        self._name = file.name
        self._shown_name.setText(file.name)
        if picture is not None and not picture.isNull():
            ratio = self.devicePixelRatioF()
            side = round(_PICTURE * ratio)
            shown = QPixmap.fromImage(
                picture.scaled(
                    side, side, Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
                )
            )
            shown.setDevicePixelRatio(ratio)
            self._picture.setPixmap(shown)
            self._picture.show()
        self.retranslate()

    def show_rule(self, rule: ImageRule | None) -> None:
        """What the model in use makes of images; None where that is not known."""
        self._rule = rule
        self.retranslate()

    @property
    def tokens(self) -> int:
        """Estimated of a text, exact of an image; 0 where it is not known."""
        if self.file is None or not self.file.image:
            return self.file.tokens if self.file else 0
        width, height = self.file.size
        return self._rule.tokens(width, height) if self._rule and width and height else 0

    def retranslate(self) -> None:
        self._cost.setText(self._cost_words())
        self.setAccessibleName(f"{self._name}, {self._cost.text()}")
        self.setToolTip(self.accessibleName())  # a long one has no room
        self.remove.name(self.tr("Leave {name} out").format(name=self._name))
        self.remove.setAccessibleDescription(self._cost.text())

    def _cost_words(self) -> str:
        if self.file is None:
            return self.tr("reading …")
        tokens = QLocale().toString(self.tokens)
        if self.file.image:
            return self.tr("{tokens} tokens").format(tokens=tokens) if self.tokens else self.tr("image")
        if self.file.cut:
            return self.tr("about {tokens} tokens, the end is cut off").format(tokens=tokens)
        if self.file.pages:
            pages = QLocale().toString(self.file.pages)
            return self.tr("{pages} p. · about {tokens} tokens").format(pages=pages, tokens=tokens)
        return self.tr("about {tokens} tokens").format(tokens=tokens)


class FileChips(View):
    """Hidden while there are none."""

    changed = Signal()

    def __init__(self, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._rule: ImageRule | None = None
        self.chips: list[FileChip] = []
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self._sum = Line("", "muted")
        self._origin = OriginBadge()
        below = in_line(self._sum, self._origin, gap=8)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 4)
        column.setSpacing(4)
        column.addLayout(self._rows)
        column.addLayout(below)
        self.hide()

    @property
    def files(self) -> tuple[AttachedFile, ...]:
        """Those that are read, in the order in which they were given."""
        return tuple(chip.file for chip in self.chips if chip.file is not None)

    @property
    def tokens(self) -> int:
        """Of all of which it is known."""
        return sum(chip.tokens for chip in self.chips)

    @property
    def origin(self) -> Origin | None:
        """Of `tokens`: exact only where all of it is."""
        counted = [chip for chip in self.chips if chip.tokens]
        if not counted:
            return None
        planned = all(chip.file is not None and chip.file.image for chip in counted)
        return Origin.PLANNED if planned else Origin.ESTIMATED

    @property
    def reading(self) -> bool:
        return any(chip.file is None for chip in self.chips)

    def add(self, name: str) -> FileChip:
        chip = FileChip(self._theme, name)
        chip.show_rule(self._rule)
        chip.removed.connect(self._remove)
        self.chips.append(chip)
        self._lay_out()
        return chip

    def take_out(self, chip: FileChip) -> None:
        if chip in self.chips:
            self.chips.remove(chip)
            if chip.isAncestorOf(self.focusWidget()):
                self.focusNextChild()
            chip.hide()
            chip.deleteLater()
            self._lay_out()

    def show_file(self, chip: FileChip, file: AttachedFile, picture: QImage | None = None) -> None:
        if chip in self.chips:
            chip.show_file(file, picture)
            self._lay_out()

    def show_rule(self, rule: ImageRule | None) -> None:
        """What the model in use makes of images: another one may take more tokens for them."""
        if rule != self._rule:
            self._rule = rule
            for chip in self.chips:
                chip.show_rule(rule)
            self._show_sum()
            self.changed.emit()

    def clear(self) -> None:
        for chip in tuple(self.chips):
            self.take_out(chip)

    def retranslate(self) -> None:
        self._show_sum()

    def _show_sum(self) -> None:
        exact = self.origin is Origin.PLANNED
        words = self.tr("Together {tokens} tokens") if exact else self.tr("Together about {tokens} tokens")
        self._sum.setText(words.format(tokens=QLocale().toString(self.tokens)))
        self._sum.setVisible(sum(1 for chip in self.chips if chip.tokens) > 1)
        self._origin.show_origin(self.origin)

    def _remove(self) -> None:
        chip = self.sender()
        if isinstance(chip, FileChip):
            self.take_out(chip)

    def _lay_out(self) -> None:
        """Two beside each other."""
        while self._rows.count():
            line = self._rows.takeAt(0).layout()
            while line is not None and line.count():
                line.takeAt(0)
            if line is not None:
                line.deleteLater()
        for start in range(0, len(self.chips), 2):
            line = QHBoxLayout()
            line.setSpacing(6)
            for chip in self.chips[start : start + 2]:
                line.addWidget(chip)
            line.addStretch(1)
            self._rows.addLayout(line)
        self._show_sum()
        self.setVisible(bool(self.chips))
        self.changed.emit()
