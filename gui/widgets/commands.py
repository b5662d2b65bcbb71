"""Everything that can be done by a key: one list, in which keys are changed and conflicts are seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QWidget

# Keys that fields and lists need for themselves; a command that took them would break typing.
_TYPING = frozenset(
    QKeySequence(keys).toString()
    for keys in (
        *("Ctrl+C", "Ctrl+V", "Ctrl+X", "Ctrl+Z", "Ctrl+Y", "Ctrl+A", "Ctrl+Shift+Z", "Shift+Return"),
        *("Ctrl+Left", "Ctrl+Right", "Ctrl+Home", "Ctrl+End", "Ctrl+Backspace", "Ctrl+Delete"),
        *("Alt+Left", "Alt+Right", "Shift+Tab", "Ctrl+Return", "F2", "F3", "Shift+F3"),
        *("Ctrl++", "Ctrl+=", "Ctrl+-", "Ctrl+0"),
    )
)
_FUNCTION_KEYS = range(int(Qt.Key.Key_F1), int(Qt.Key.Key_F35) + 1)


@dataclass(frozen=True, slots=True)
class Command:
    id: str
    usual_keys: str  # portable text, "Ctrl+N"; "" for none
    words: Callable[[], str]  # in the language of the window
    run: Callable[[], object]
    ready: Callable[[], bool]  # False while there is nothing that it could do


class Commands(QObject):
    """`owner` is the window in which the keys work."""

    keys_changed = Signal()

    def __init__(self, owner: QWidget) -> None:
        super().__init__(owner)
        self._owner = owner
        self._commands: dict[str, Command] = {}
        self._actions: dict[str, QAction] = {}
        self._own_keys: dict[str, str] = {}

    def add(self, command: Command) -> None:
        self._commands[command.id] = command
        action = QAction(self._owner)
        action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        action.triggered.connect(lambda: self.run(command.id))
        self._owner.addAction(action)
        self._actions[command.id] = action
        self._bind(command.id)

    def all(self) -> tuple[Command, ...]:
        return tuple(self._commands.values())

    def run(self, command_id: str) -> None:
        command = self._commands[command_id]
        if command.ready():
            command.run()

    def keys(self, command_id: str) -> str:
        """Portable text; "" for none."""
        return self._own_keys.get(command_id, self._commands[command_id].usual_keys)

    def shown_keys(self, command_id: str) -> str:
        """As they are written in this system's menus."""
        return QKeySequence(self.keys(command_id)).toString(QKeySequence.SequenceFormat.NativeText)

    def own_keys(self) -> tuple[tuple[str, str], ...]:
        """What differs from the usual: (id, keys)."""
        return tuple(sorted(self._own_keys.items()))

    def take_own_keys(self, own: Iterable[tuple[str, str]]) -> None:
        """Those of the settings. What is unknown, no key, or taken twice stays as usual."""
        self._own_keys = {}
        for command_id, keys in own:
            if command_id in self._commands and not self.objection(command_id, keys):
                self._own_keys[command_id] = _tidy(keys)
        self._bind_all()

    def set_keys(self, command_id: str, keys: str) -> None:
        """Call `objection` first. The usual keys, given again, are no own ones."""
        keys = _tidy(keys)
        if keys == self._commands[command_id].usual_keys:
            self._own_keys.pop(command_id, None)
        else:
            self._own_keys[command_id] = keys
        self._bind_all()

    def objection(self, command_id: str, keys: str) -> str:
        """Why these keys cannot be had: "bare" (they would write), "typing" (fields need them), or the id
        of the command that has them; "" for nothing."""
        keys = _tidy(keys)
        if not keys:
            return ""
        if _is_bare(keys):
            return "bare"
        if keys in _TYPING:
            return "typing"
        return next(
            (other for other in self._commands if other != command_id and self.keys(other) == keys), ""
        )

    def _bind_all(self) -> None:
        for command_id in self._commands:
            self._bind(command_id)
        self.keys_changed.emit()

    def _bind(self, command_id: str) -> None:
        self._actions[command_id].setShortcut(QKeySequence(self.keys(command_id)))


def _tidy(keys: str) -> str:
    """One combination in portable text; "" for what is none."""
    sequence = QKeySequence(keys)
    if sequence.isEmpty() or sequence[0].key() == Qt.Key.Key_unknown:
        return ""
    return QKeySequence(sequence[0]).toString()


def _is_bare(keys: str) -> bool:
    combination = QKeySequence(keys)[0]
    strong = (
        Qt.KeyboardModifier.ControlModifier
        | Qt.KeyboardModifier.AltModifier
        | Qt.KeyboardModifier.MetaModifier
    )
    return not combination.keyboardModifiers() & strong and int(combination.key()) not in _FUNCTION_KEYS
