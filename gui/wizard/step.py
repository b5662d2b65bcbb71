"""What every step of the wizard offers to its frame."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from gui.widgets.view import Column, View


class Step(View):
    """`changed` tells the frame to ask again for the words and state of its forward button."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.content = Column()
        # The step itself can hold the focus, so that Enter and Escape reach the frame
        # while there is nothing to press.
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.content)

    def enter(self) -> None:
        """The step is shown: begin its work, take the focus."""

    def forward_words(self) -> str:
        """What the forward button says."""
        return self.tr("Next")

    def can_go_forward(self) -> bool:
        return True

    def forward(self) -> bool:
        """Does what the forward button says. True when the next step is to be shown."""
        return True
