"""Ctrl+C and SIGTERM end the program as closing the window does."""

from __future__ import annotations

import signal
import socket

from PySide6.QtCore import QCoreApplication, QObject, QSocketNotifier

_CAUGHT = (signal.SIGINT, signal.SIGTERM)


class QuitOnSignal(QObject):
    """Python runs a handler only when its interpreter gets a turn, and Qt's loop gives it none
    while idle. So the signal writes a byte into a socket that the loop listens to."""

    def __init__(self, application: QCoreApplication) -> None:
        super().__init__(application)
        self._application = application
        self._read, self._write = socket.socketpair()
        self._read.setblocking(False)
        self._write.setblocking(False)
        self._old_fd = signal.set_wakeup_fd(self._write.fileno(), warn_on_full_buffer=False)
        self._old = {number: signal.signal(number, _note) for number in _CAUGHT}
        self._notifier = QSocketNotifier(self._read.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._arrived)

    def close(self) -> None:
        """Puts everything back as it was."""
        self._notifier.setEnabled(False)
        signal.set_wakeup_fd(self._old_fd)
        for number, handler in self._old.items():
            signal.signal(number, handler)
        self._read.close()
        self._write.close()

    def _arrived(self) -> None:
        numbers = self._read.recv(64)
        if any(number in numbers for number in _CAUGHT):
            self._application.quit()


def _note(number: int, frame: object) -> None:
    """Takes the place of the default, which would end the process; the wakeup byte does the work."""
