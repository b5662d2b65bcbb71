"""Keys of endpoints: in the keyring of the system; without one, in memory until the program ends.

Never in settings, logs or events. A keyring may ask its owner for a password and wait, so
every method belongs to a worker thread.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from engine.errors import RemoteError
from engine.messages import Sentence, sentence
from engine.remote.address import host_of, origin_text

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from engine.remote.ring import Ring

SERVICE: Final = "deskside"
_LONGEST: Final = 8192


@dataclass(frozen=True, slots=True)
class Kept:
    """What there is for an address. Without a key, `trouble` says why none could be read, if so."""

    key: str = ""
    trouble: str = ""


class Keys:
    """One key an origin (scheme, host and port). Thread-safe."""

    def __init__(self, backend: KeyringBackend | None = None) -> None:
        """`backend`: another keyring than the system's."""
        self._backend = backend
        self._lock = threading.Lock()
        self._memory: dict[str, str] = {}

    def get(self, url: str) -> Kept:
        """The key for that address. A keyring that is locked or absent is no failure yet: the endpoint
        may want no key."""
        origin = origin_text(url)
        with self._lock:
            if origin in self._memory:
                return Kept(self._memory[origin])
        try:
            return Kept(checked_key(self._ring().read(origin), url))
        except OSError as error:
            return Kept(trouble=str(error))
        except RemoteError:
            return Kept(trouble="it holds something that is no key")

    def keep(self, url: str) -> Sentence | None:
        """Puts a key that is held into the keyring; what to tell if only the memory keeps it."""
        origin = origin_text(url)
        with self._lock:
            key = self._memory.get(origin)
        if key is None:
            return None
        try:
            self._ring().write(origin, key)
        except OSError as error:
            return sentence("remote_key_not_kept", host=host_of(url), reason=str(error))
        with self._lock:
            if self._memory.get(origin) == key:  # another may have come while the keyring waited
                del self._memory[origin]
        return None

    def hold(self, url: str, key: str) -> None:
        """Keeps a key in memory only, before any that is in the keyring. Raises: RemoteError."""
        origin, key = origin_text(url), checked_key(key, url)
        with self._lock:
            self._memory[origin] = key

    def forget(self, url: str) -> None:
        """Of an endpoint that was removed. A keyring that is locked keeps its entry."""
        origin = origin_text(url)
        with self._lock:
            self._memory.pop(origin, None)
        self._ring().delete(origin)

    def _ring(self) -> Ring:
        # Not at the top: it takes 0.1 s to import, and most people have no endpoint.
        from engine.remote.ring import Ring

        return Ring(SERVICE, self._backend)


def checked_key(key: str, url: str) -> str:
    """The key without white space around it. Raises: RemoteError, for what no header can carry."""
    key = key.strip()
    reason = ""
    if not key.isascii() or not key.isprintable() or " " in key:
        reason = "it holds characters that no key has"
    elif len(key) > _LONGEST:
        reason = "it is too long"
    if reason:
        raise RemoteError.of("remote_key_invalid", host=host_of(url), reason=reason)
    return key
