"""The keyring of the system: Secret Service, KWallet, Keychain or Credential Manager."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import keyring
from keyring.backend import KeyringBackend
from keyring.errors import NoKeyringError

log = logging.getLogger(__name__)

Result = TypeVar("Result")


class Ring:
    """Entries of one service. Raises: OSError with one short line, whatever goes wrong in there."""

    def __init__(self, service: str, backend: KeyringBackend | None = None) -> None:
        """`backend`: another than the one that `keyring` would choose."""
        self._service = service
        self._backend = backend

    def read(self, name: str) -> str:
        """The entry, "" where there is none."""
        return _guarded(lambda: self._open().get_password(self._service, name)) or ""

    def write(self, name: str, value: str) -> None:
        _guarded(lambda: self._open().set_password(self._service, name, value))
        # A keyring that is switched off takes everything and keeps nothing.
        if self.read(name) != value:
            raise OSError("it keeps nothing")

    def delete(self, name: str) -> None:
        """An entry that is not there, or cannot be reached, is left alone."""
        try:
            _guarded(lambda: self._open().delete_password(self._service, name))
        except OSError as error:
            log.info("a key was not deleted from the keyring: %s", error)

    def _open(self) -> KeyringBackend:
        return self._backend or keyring.get_keyring()


def _guarded(use: Callable[[], Result]) -> Result:
    try:
        return use()
    except NoKeyringError as error:
        raise OSError("none is running") from error
    except Exception as error:  # other people's code behind D-Bus: it raises whatever it likes
        lines = str(error).splitlines()
        raise OSError((lines[0] if lines else type(error).__name__)[:120]) from error
