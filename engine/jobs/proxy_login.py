"""The password of a proxy: in the keyring of the system, or in memory; never in the settings file.

A keyring may ask its owner for a password and wait, so that `password` and `keep` belong to worker threads.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from engine.download.network import Network, Proxy, parse_proxy
from engine.messages import Sentence, sentence
from engine.settings import Settings, save_settings

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

    from engine.remote.ring import Ring

_SERVICE: Final = "deskside proxy"
_VARIABLE: Final = "DESKSIDE_PROXY_PASSWORD"
_AGAIN_SECONDS: Final = 60.0  # a keyring that gave nothing is not asked again before


class ProxyLogin:
    """Of one program. Thread-safe."""

    def __init__(self, backend: KeyringBackend | None = None) -> None:
        """`backend`: another keyring than the system's."""
        self._backend = backend
        self._lock = threading.Lock()
        self._memory: dict[str, str] = {}  # by USER@HOST:PORT
        self._asking = threading.Lock()
        self._silent_until: dict[str, float] = {}

    def network(self, settings: Settings) -> Network:
        return Network(settings.proxy, settings.certificates, self.password)

    def take(self, settings: Settings) -> Settings:
        """The settings without the password of their proxy, which is held in memory from now on."""
        bare, name, password = _taken_apart(settings.proxy)
        if not password:
            return settings
        with self._lock:
            self._memory[name] = password
        return replace(settings, proxy=bare)

    def keep(self, settings: Settings) -> Sentence | None:
        """Puts the password that is held into the keyring; what to tell if only the memory has it."""
        _, name, _ = _taken_apart(settings.proxy)
        with self._lock:
            password = self._memory.get(name)
        if password is None:
            return None
        try:
            self._ring().write(name, password)
        except OSError as error:
            return sentence("proxy_password_not_kept", proxy=settings.proxy, reason=str(error))
        return None

    def moved(self, path: Path, settings: Settings) -> Settings:
        """What an older version left in the settings file goes into the keyring, if there is one. Returns
        the settings as they are then. Raises: OSError."""
        bare = self.take(settings)
        if bare == settings or self.keep(bare) is not None:
            return settings
        save_settings(path, bare)
        return bare

    def password(self, proxy: Proxy) -> str:
        """What `take` was given, the variable DESKSIDE_PROXY_PASSWORD, or what the keyring has; else ""."""
        name = f"{proxy.user}@{proxy.host}:{proxy.port}"
        with self._lock:
            known = self._memory.get(name) or os.environ.get(_VARIABLE, "")
        if known:
            return known
        with self._asking:  # its owner is asked once, not by every connection
            if self._silent_until.get(name, 0.0) > time.monotonic():
                return ""
            try:
                known = self._ring().read(name)
            except OSError:
                known = ""  # the proxy's refusal says what to do
            if known:
                with self._lock:
                    self._memory.setdefault(name, known)
            else:
                self._silent_until[name] = time.monotonic() + _AGAIN_SECONDS
        return known

    def _ring(self) -> Ring:
        from engine.remote.ring import Ring  # not at the top: it takes 0.1 s to import

        return Ring(_SERVICE, self._backend)


def _taken_apart(text: str) -> tuple[str, str, str]:
    """The address without its password, USER@HOST:PORT, and the password, "" where there is none."""
    try:
        proxy = parse_proxy(text)
        parts = urlsplit(text if "://" in text else f"http://{text}")
    except ValueError:
        return text, "", ""  # no proxy: its test says so
    if not proxy.password:
        return text, f"{proxy.user}@{proxy.host}:{proxy.port}", ""
    user = f"{quote(unquote(parts.username or ''), safe='')}@" if proxy.user else ""
    bare = SplitResult(
        parts.scheme, user + parts.netloc.rpartition("@")[2], parts.path, parts.query, ""
    ).geturl()
    return bare, f"{proxy.user}@{proxy.host}:{proxy.port}", proxy.password
