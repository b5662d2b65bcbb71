"""A cancel token: given to every long piece of work, asked often."""

from __future__ import annotations

import threading

from engine.errors import Cancelled


class CancelToken:
    """Set once, from any thread; never unset."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        self._event.set()

    @property
    def cancelled(self) -> bool:
        return self._event.is_set()

    def raise_if_cancelled(self) -> None:
        """Raises: Cancelled, when `cancel` was called."""
        if self._event.is_set():
            raise Cancelled

    def wait(self, seconds: float) -> bool:
        """Sleeps up to `seconds`; True as soon as the token is cancelled."""
        return self._event.wait(seconds)
